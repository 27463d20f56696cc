"""Which files are tables, told by their content."""

from pathlib import Path

from aeviz.data.dataset import DataError
from aeviz.data.own import HEAD_BYTES, LOOKS
from aeviz.data.tables.grid import delimiter_score
from aeviz.data.tables.options import DELIMITERS
from aeviz.data.tables.text import as_text, unpacked_head

ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".dat", ".asc", ".gct")
COLUMNAR = (b"PAR1", b"ARROW1")
MOST_FILES = 1000


def is_text_table(path: Path, head: bytes) -> bool:
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


def is_columnar(path: Path) -> bool:
    """Whether a file is Parquet or Feather."""
    return head_of(path).startswith(COLUMNAR)


def head_of(path: Path) -> bytes:
    """The first bytes of a file; none where it is no plain file or may not be read."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


def tables_in(folder: Path) -> list[Path]:
    """The tables in a folder, by name; not those in its folders.

    Raises:
        DataError: If there are too many to be meant.
    """
    found = []
    for path in sorted(folder.iterdir()):
        head = b"" if path.name.startswith(".") else head_of(path)
        if head and (head.startswith(COLUMNAR) or is_text_table(path, head)):
            found.append(path)
        if len(found) > MOST_FILES:
            raise DataError(
                f"{folder} holds more than {MOST_FILES:,} tables: join some of them, or choose one"
            )
    return found
