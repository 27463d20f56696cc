"""Tables that are text: CSV, TSV and their relatives, plain or gzipped, told by their content."""

from pathlib import Path

from aeviz.data.dataset import DatasetEntry
from aeviz.data.own import LOOKS, register_format
from aeviz.data.tables.assembling import table_entry
from aeviz.data.tables.grid import delimiter_score
from aeviz.data.tables.options import DELIMITERS, OPTIONS
from aeviz.data.tables.text import as_text, unpacked_head

ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".dat", ".asc", ".gct")


def is_table(path: Path, head: bytes) -> bool:
    """Whether a file is text in which lines have equally many values.

    A file that is called like a table is one: its reader says better what is wrong with it.
    """
    text = as_text(unpacked_head(head))
    if not text or not text.strip():
        return False
    start = text[:200].lower().encode()
    if any(start.lstrip().startswith(magic.lower()) for magic, _ in LOOKS):
        return False
    is_called_so = any(ending in ENDINGS for ending in path.suffixes[-2:])
    return is_called_so or looks_like_table(text)


def looks_like_table(text: str) -> bool:
    """Whether the beginning of a text is cut into equally many values, some of them numbers."""
    lines = text.splitlines()
    if len(lines) > 1:  # the last one may be cut off
        return max(delimiter_score(lines[:-1], letter) for letter in DELIMITERS.values()) > 1.4
    return max(text.count(letter) for letter in DELIMITERS.values()) >= 20


@register_format(
    "table (CSV, TSV)",
    recognises=is_table,
    options=OPTIONS,
    order=100,
    look="aeviz.data.tables.looking:look",
)
def delimited_entry(path: Path) -> DatasetEntry:
    """A text table as a data set that can be trained on."""
    return table_entry(path, "aeviz.data.tables.reading:read", "A table of numbers.", OPTIONS)
