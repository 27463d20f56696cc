"""A person's own files: which format reads one, told by its content; how formats are registered."""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aeviz.catalogue import Option
from aeviz.data.dataset import DataError, DatasetEntry

HEAD_BYTES = 4096
"""How much of a file is looked at to tell its format."""


@dataclass(frozen=True)
class Format:
    """A kind of file that can be a data set.

    Attributes:
        name: What a person calls it, such as "CSV table".
        recognises: Whether a path is of this format, by its first `HEAD_BYTES` bytes (none for a
            folder). Cheap: called for every path.
        entry: The data set in a file, its headers read and its samples not yet; raises DataError.
        options: Every option that an entry of it may have, reached as `--set data.NAME=VALUE`.
        order: Formats are asked in this order: the surest first, a plain text file last.
        look: "module:function" that `read_apart` calls to show the beginning of such a file, as
            `aeviz.data.tables.looking.look`; "" where there are no columns to choose.
    """

    name: str
    recognises: Callable[[Path, bytes], bool]
    entry: Callable[[Path], DatasetEntry]
    options: tuple[Option, ...] = ()
    order: int = 0
    look: str = ""


FORMATS: list[Format] = []
"""Every registered format, in the order in which they are asked."""


def register_format(
    name: str,
    *,
    recognises: Callable[[Path, bytes], bool],
    options: tuple[Option, ...] = (),
    order: int = 0,
    look: str = "",
) -> Callable[[Callable[[Path], DatasetEntry]], Callable[[Path], DatasetEntry]]:
    """Enter a reader of own files into the registry."""

    def enter(entry: Callable[[Path], DatasetEntry]) -> Callable[[Path], DatasetEntry]:
        FORMATS.append(Format(name, recognises, entry, options, order, look))
        FORMATS.sort(key=lambda each: each.order)
        return entry

    return enter


def is_path(name: str) -> bool:
    """Whether the name of a data set means a file or folder: it exists, or is written like one."""
    has_folder = os.sep in name or bool(os.altsep and os.altsep in name)
    return has_folder or bool(Path(name).suffix) or os.path.lexists(name)


def own_entry(name: str) -> DatasetEntry:
    """The data set in a file or folder of a person's own.

    Raises:
        DataError: If it is not there, may not be read, or no format knows it; the sentence says
            what it looks like and what to do.
    """
    path = Path(os.path.abspath(os.path.expanduser(name)))
    return format_of(path).entry(path)


def format_of(path: Path) -> Format:
    """The format of a file or folder, told by its content.

    Raises:
        DataError: As `own_entry`.
    """
    head = read_head(path)
    for each in FORMATS:
        if each.recognises(path, head):
            return each
    raise DataError(f"{path} {_refusal(path, head)}")


def read_head(path: Path) -> bytes:
    """The first bytes of a file, none of a folder.

    Raises:
        DataError: If there is nothing, nothing readable, or neither file nor folder: a pipe would
            be waited for for ever.
    """
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            os.scandir(path).close()  # says now whether it may be read
            return b""
        if not stat.S_ISREG(kind):
            raise DataError(f"{path} is neither a file nor a folder: copy its content into a file")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file or data set") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read: {reason}") from error
    if not head:
        raise DataError(f"{path} is an empty file: save the data again")
    return head


# ── what is no data ───────────────────────────────────────────────────────────────────────────

CONVERT = (
    "open it in the program that wrote it and save its numbers as NPZ (numpy.savez) or its weights "
    "as safetensors"
)
LOOKS: Sequence[tuple[bytes, str]] = (
    (b"version https://git-lfs", "is a pointer of Git LFS, not the file: run `git lfs pull`"),
    (b"<!doctype html", "is a web page: download the file itself"),
    (b"<html", "is a web page: download the file itself"),
    (b"%PDF", "is a PDF document: save its table as CSV"),
    (b"\x7fELF", "is a program, not data"),
    (b"MZ", "is a program, not data"),
    (b"BZh", "is packed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "is packed with xz: unpack it first"),
    (b"(\xb5/\xfd", "is packed with zstd: unpack it first"),
    (b"7z\xbc\xaf", "is a 7-Zip archive: unpack it first"),
    (b"Rar!", "is a RAR archive: unpack it first"),
    (b"\x89PNG", "is one picture: put pictures into a folder, one sub-folder per class"),
    (b"\xff\xd8\xff", "is one picture: put pictures into a folder, one sub-folder per class"),
    (b"GIF8", "is one picture: put pictures into a folder, one sub-folder per class"),
    (b"SQLite format 3", "is an SQLite database: save one of its tables as CSV"),
    (b"PK\x03\x04", "is a zip archive without arrays: unpack it, and open what is in it"),
)
"""How a file that is no data begins, in lower or own letters, and what to do."""


TAR_AT = 257
"""Where a tar archive says what it is."""


def _refusal(path: Path, head: bytes) -> str:
    """What a file that no format knows looks like, and what to do."""
    if path.is_dir():
        return (
            "is a folder without a run, tables or pictures: choose a run folder, a folder with one "
            "sub-folder of pictures per class, or a file"
        )
    if is_pickle(head):
        return f"is a pickle, which could run any program when opened; {CONVERT}"
    if head.startswith(b"PK") and any(mark in head for mark in (b"/data.pkl", b".data/", b"code/")):
        return f"is a file of torch.save, which holds a pickle or code; {CONVERT}"
    if head[TAR_AT:].startswith(b"ustar"):
        return "is a tar archive, which may hold anything: unpack it, and open what is in it"
    start = head.lower().lstrip()
    for magic, sentence in LOOKS:
        if head.startswith(magic) or start.startswith(magic):
            return sentence
    names = ", ".join(each.name for each in FORMATS)
    return f"is of no kind that can be read as data; known are: {names}"


def is_pickle(head: bytes) -> bool:
    """Whether bytes begin as Python's pickles do: protocol 2 to 5, or torch's old container."""
    return len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5
