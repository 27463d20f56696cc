"""Tables stored by column: Parquet and Feather, read with pyarrow where it is installed."""

import importlib.util
from pathlib import Path

from aeviz.data.dataset import DataError, DatasetEntry
from aeviz.data.own import register_format
from aeviz.data.tables.assembling import table_entry
from aeviz.data.tables.kinds import COLUMNAR
from aeviz.data.tables.options import AFTER_READING

FEATHER_1 = b"FEA1"


def is_columnar(path: Path, head: bytes) -> bool:
    """Whether a file begins as Parquet or Feather."""
    return head.startswith((*COLUMNAR, FEATHER_1))


@register_format(
    "table (Parquet, Feather)",
    recognises=is_columnar,
    options=AFTER_READING,
    look="aeviz.data.tables.columnar:look",
)
def columnar_entry(path: Path) -> DatasetEntry:
    """A Parquet or Feather file as a data set that can be trained on.

    Raises:
        DataError: If pyarrow is not installed, or the file is of the first version of Feather.
    """
    with path.open("rb") as file:
        if file.read(4) == FEATHER_1:
            raise DataError(
                f"{path} is Feather of version 1, which no program writes any more: save it as "
                "Parquet"
            )
    if importlib.util.find_spec("pyarrow") is None:
        raise DataError(
            f"{path} is read with pyarrow, which is not installed: pip install 'aeviz[table]', or "
            "save the table as CSV"
        )
    reader = "aeviz.data.tables.columnar:read"
    return table_entry(path, reader, "A table of numbers.", AFTER_READING)
