"""The lines of a text file, whatever its packing, encoding and line ends, piece by piece."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from aeviz.data.dataset import DataError

LONGEST_LINE = 2**24
"""Letters of a line at most; 100,000 numbers take about a million."""

PIECE = 2**18
"""Letters that are read at a time."""

GZIP = b"\x1f\x8b"
PACKING = (EOFError, zlib.error, gzip.BadGzipFile)
"""What is raised where a gzip file is damaged or ends early."""

BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_PRINTED = re.compile(r"[^\t\r\n\x20-\x7e\x85\xa0-\U0010ffff\0]")

Bytes = gzip.GzipFile | io.BufferedReader


class Lines:
    """The lines of a file, without their ends; a context manager that closes it.

    Attributes:
        number: How many lines have been read; some of them may not have been given yet.
        encoding: What the letters were read as, for a person.
    """

    def __init__(self, path: Path) -> None:
        self.number = 0
        self._file = path.open("rb")
        self._size = max(1, path.stat().st_size)
        is_packed = self._file.peek(2).startswith(GZIP)
        content: Bytes = gzip.GzipFile(fileobj=self._file) if is_packed else self._file
        head = self._head(content)
        self._coding = encoding_of(head)
        self._fallback = _Fallback()
        self._text = io.TextIOWrapper(
            content, self._coding, errors=self._fallback.name, newline=None
        )

    @property
    def encoding(self) -> str:
        """Known for sure only once all of it has been read."""
        if self._fallback.is_used:
            return "Windows-1252"
        return "UTF-16" if self._coding.startswith("utf-16") else "UTF-8"

    @property
    def share(self) -> float:
        """How much of the file has been read, in [0, 1]."""
        return min(1.0, self._file.tell() / self._size)

    def __enter__(self) -> "Lines":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[str]:
        """Line after line.

        Raises:
            DataError: With the number of a line that is too long, holds a NUL, or is damaged.
        """
        begun = ""
        while piece := self._next():
            lines = (begun + piece).split("\n")
            if "\0" in piece:
                self._refuse_nul(lines)
            begun = lines.pop()
            self.number += len(lines)
            yield from lines
            if len(begun) > LONGEST_LINE:
                raise DataError(
                    f"line {self.number + 1} is longer than {LONGEST_LINE:,} letters: it is no "
                    "table, or its line ends are lost"
                )
        if begun:
            self.number += 1
            yield begun

    def _refuse_nul(self, lines: list[str]) -> None:
        wrong = next(place for place, line in enumerate(lines, 1) if "\0" in line)
        raise DataError(
            f"line {self.number + wrong} holds a NUL byte, which no text does: it is damaged; save "
            "the table again"
        )

    def _head(self, content: Bytes) -> bytes:
        try:
            head = content.read(4096)
            content.seek(0)
            return head
        except PACKING as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DataError:
        return DataError(
            f"its packing is damaged after line {self.number} ({error}): pack or copy it again"
        )

    def _next(self) -> str:
        try:
            return self._text.read(PIECE)
        except PACKING as error:
            raise self._damaged(error) from error
        except UnicodeError as error:
            raise DataError(
                f"after line {self.number} its text is no UTF-16: save the table as UTF-8"
            ) from error


class _Fallback:
    """Reads bytes that are no UTF-8 as Windows-1252, Latin-1 where that has none, and remembers."""

    def __init__(self) -> None:
        self.is_used = False
        self.name = f"aeviz-{id(self)}"
        codecs.register_error(self.name, self)

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        """The letters of the wrong bytes, and where to go on."""
        if not isinstance(error, UnicodeDecodeError) or error.encoding.startswith("utf-16"):
            raise error
        self.is_used = True
        wrong = error.object[error.start : error.end]
        try:
            return wrong.decode("cp1252"), error.end
        except UnicodeDecodeError:
            return wrong.decode("latin-1"), error.end


def unpacked_head(head: bytes) -> bytes:
    """The first bytes of a file, those of its content where it is gzipped; b"" where damaged."""
    if not head.startswith(GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 4096)
    except zlib.error:
        return b""


def encoding_of(head: bytes) -> str:
    """The codec of a text by its first bytes: by its mark, or by where NULs stand."""
    for mark, codec in BOMS:
        if head.startswith(mark):
            return codec
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > 0.3 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.1 * half:
        return "utf-16-be"
    return "utf-8"


def as_text(head: bytes) -> str | None:
    """The first bytes of a file as text; None where they are no text."""
    codec = encoding_of(head)
    if codec.startswith("utf-16"):
        found = head[: len(head) // 2 * 2].decode(codec, errors="replace").removeprefix("\ufeff")
        return None if _PRINTED.search(found) or "\0" in found else found
    try:
        found = codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        found = head.decode("cp1252", errors="replace")
    is_damaged_text = 0 < found.count("\0") <= len(found) // 100
    if _PRINTED.search(found) or ("\0" in found and not is_damaged_text):
        return None
    return found
