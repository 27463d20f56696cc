"""Tables that are text: CSV, TSV and their relatives, plain or gzipped, told by their content."""

from pathlib import Path

from aeviz.data.dataset import DatasetEntry
from aeviz.data.own import register_format
from aeviz.data.tables.assembling import table_entry
from aeviz.data.tables.kinds import is_text_table
from aeviz.data.tables.options import OPTIONS


@register_format(
    "table (CSV, TSV)",
    recognises=is_text_table,
    options=OPTIONS,
    order=100,
    look="aeviz.data.tables.looking:look",
)
def delimited_entry(path: Path) -> DatasetEntry:
    """A text table as a data set that can be trained on."""
    return table_entry(path, "aeviz.data.tables.reading:read", "A table of numbers.", OPTIONS)
