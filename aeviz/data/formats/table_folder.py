"""A folder of tables as one data set: joined by the names of their features, labelled by file."""

import itertools
from pathlib import Path

from aeviz.data.dataset import DatasetEntry
from aeviz.data.own import register_format
from aeviz.data.tables.assembling import table_entry
from aeviz.data.tables.kinds import COLUMNAR, head_of, is_text_table
from aeviz.data.tables.options import OPTIONS

LOOKED_AT = 40
"""Files of a folder by which it is told."""


def is_table_folder(path: Path, head: bytes) -> bool:
    """Whether most files of a folder are tables, and it is no run."""
    if head or not path.is_dir() or (path / "run.json").exists():
        return False
    shown = (each for each in path.iterdir() if not each.name.startswith("."))
    heads = {each: head_of(each) for each in itertools.islice(shown, LOOKED_AT)}
    files = {each: content for each, content in heads.items() if content}
    tables = sum(
        content.startswith(COLUMNAR) or is_text_table(each, content)
        for each, content in files.items()
    )
    return tables > 0 and 2 * tables > len(files)


@register_format(
    "folder of tables",
    recognises=is_table_folder,
    options=OPTIONS,
    order=100,
    look="aeviz.data.tables.joining:look",
)
def folder_entry(path: Path) -> DatasetEntry:
    """A folder of tables as a data set that can be trained on."""
    summary = "Tables joined by the names of their features; the name of the file is the label."
    return table_entry(path, "aeviz.data.tables.joining:read", summary, OPTIONS)
