"""Read IDX files, the format of MNIST, plain or gzipped, without trusting what they say.

The header is read first; sizes are compared before memory is taken; a file that is too short, too
long, damaged or something else altogether is refused with a sentence that names it.

References:
    | The MNIST database of handwritten digits (LeCun, Cortes, Burges), "The IDX file format"
    | RFC 1951, RFC 1952 (deflate, gzip)
"""

import gzip
import io
import math
import stat
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from aeviz.data.dataset import DataError
from aeviz.data.mapped import IN_MEMORY, release, remember, scratch

BUDGET = 2**30
"""Bytes of data at most that a file may declare, unless the caller says otherwise."""

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"
DEFLATE_RATIO = 1032
"""Deflate cannot pack more than 258 bytes into 2 bits: no honest file declares more."""

DIMENSIONS = 8
"""No data set has more; a header that declares more is noise."""

CHUNK = 2**20
LOOKS = (
    (b"<!", "a web page"),
    (b"<html", "a web page"),
    (b"<HTML", "a web page"),
    (b"version https://git-lfs", "a Git LFS pointer"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"\x89PNG", "a PNG picture"),
)


@dataclass(frozen=True)
class _Header:
    """What an IDX file declares: its element type, big-endian, and the length of each dimension."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def data_bytes(self) -> int:
        """Bytes after the header, as a Python integer: it cannot overflow."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def file_bytes(self) -> int:
        """Bytes of the whole file, unpacked."""
        return 4 + 4 * len(self.shape) + self.data_bytes


def read_idx(
    path: Path,
    shape: Sequence[int | None],
    dtype: DTypeLike = np.uint8,
    *,
    budget: int = BUDGET,
    report: Callable[[float], None] | None = None,
) -> NDArray[Any]:
    """Read an IDX file. Whether it is gzipped is seen from its content, not from its name.

    Args:
        path: The file. It is only read; nothing is unpacked beside it.
        shape: Length of each dimension that is expected, None where any will do.
        dtype: The element type that is expected.
        budget: Bytes of data at most.
        report: Told the share that has been read, in [0, 1]; may raise to cancel.

    Returns:
        An array of the file's shape, in the byte order of this computer; a large one is mapped.

    Raises:
        DataError: If it cannot be read or is not such a file; the message names it.
    """
    try:
        return _read(path, shape, np.dtype(dtype), budget, report)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path} is damaged ({_phrase(error)}); replace it") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {_phrase(error)}") from error
    except MemoryError as error:
        raise DataError(f"{path} needs more memory than there is; close other programs") from error


def _read(
    path: Path,
    shape: Sequence[int | None],
    dtype: np.dtype[Any],
    budget: int,
    report: Callable[[float], None] | None,
) -> NDArray[Any]:
    size = _file_size(path)
    with path.open("rb") as file:
        packed = file.peek(2)[:2] == GZIP
        stream: BinaryIO = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
        header = _read_header(path, stream)
        _check_shape(path, header, shape, dtype)
        _check_size(path, header, size, packed, budget)
        if header.data_bytes > IN_MEMORY and not packed and header.dtype.itemsize == 1:
            start = header.file_bytes - header.data_bytes
            found: NDArray[Any] = np.memmap(path, header.dtype, "r", start, header.shape)
            remember(found, path)
            return found
        return _read_data(path, stream, header, report)


def _file_size(path: Path) -> int:
    """Bytes of a regular file; a pipe or device would be waited for endlessly."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{path} is not a file")
    if status.st_size == 0:
        raise DataError(f"{path} is empty (0 bytes); replace it")
    return status.st_size


def _read_header(path: Path, stream: BinaryIO) -> _Header:
    start = _read_up_to(stream, 4)
    known = len(start) == 4 and start[:2] == b"\0\0" and start[2] in TYPES
    if not known or start[3] > DIMENSIONS:
        found = _looks_like(start + _read_up_to(stream, 32))
        raise DataError(f"{path} is not an IDX file{found}; replace it")
    lengths = _read_up_to(stream, 4 * start[3])
    if len(lengths) < 4 * start[3]:
        raise DataError(f"{path} is truncated: it ends within its header; replace it")
    shape = tuple(int(length) for length in np.frombuffer(lengths, ">u4"))
    return _Header(np.dtype(TYPES[start[2]]), shape)


def _looks_like(start: bytes) -> str:
    kinds = [kind for first, kind in LOOKS if start.lstrip().startswith(first)]
    return f" but looks like {kinds[0]}" if kinds else ""


def _check_shape(
    path: Path, header: _Header, shape: Sequence[int | None], dtype: np.dtype[Any]
) -> None:
    wanted = " × ".join("N" if length is None else str(length) for length in shape)
    found = " × ".join(str(length) for length in header.shape)
    fits = len(header.shape) == len(shape) and all(
        length is None or length == got for length, got in zip(shape, header.shape, strict=True)
    )
    if not fits:
        raise DataError(f"{path} holds an array of shape {found or '()'}, expected {wanted}")
    if header.dtype.newbyteorder("=") != dtype:
        raise DataError(f"{path} holds values of type {header.dtype.name}, expected {dtype.name}")
    if not header.data_bytes:
        raise DataError(f"{path} holds no values: its shape is {found}")


def _check_size(path: Path, header: _Header, size: int, packed: bool, budget: int) -> None:
    """Compare what is declared with what can be there, before memory is taken."""
    declared = header.file_bytes
    if header.data_bytes > budget:
        raise DataError(f"{path} declares {declared:,} bytes; at most {budget:,} are read")
    if packed and declared > size * DEFLATE_RATIO:
        raise DataError(
            f"{path} is damaged: it declares {declared:,} bytes, which {size:,} packed bytes "
            f"cannot hold; replace it"
        )
    if not packed and size < declared:
        raise _truncated(path, declared, size)
    if not packed and size > declared:
        raise DataError(f"{path} is too long: {declared:,} bytes expected, {size:,} found")


def _read_data(
    path: Path, stream: BinaryIO, header: _Header, report: Callable[[float], None] | None
) -> NDArray[Any]:
    is_large = header.data_bytes > IN_MEMORY
    data: NDArray[Any] = np.empty(0 if is_large else header.data_bytes, np.uint8)
    if is_large:
        data = scratch((header.data_bytes,), np.uint8, str(path))
    done = 0
    while done < len(data):
        chunk = stream.read(min(CHUNK, len(data) - done))
        if not chunk:
            raise _truncated(path, header.file_bytes, header.file_bytes - len(data) + done)
        data[done : done + len(chunk)] = np.frombuffer(chunk, np.uint8)
        done += len(chunk)
        release(data)
        if report is not None:
            report(done / len(data))
    if stream.read(1):  # reading to the end also makes gzip compare its checksum
        raise DataError(f"{path} is too long: {header.file_bytes:,} bytes expected, more found")
    native = header.dtype.newbyteorder("=")
    return data.view(header.dtype).reshape(header.shape).astype(native, copy=False)


def _truncated(path: Path, expected: int, found: int) -> DataError:
    return DataError(
        f"{path} is truncated: {expected:,} bytes expected, {found:,} found; replace it"
    )


def _read_up_to(stream: BinaryIO, count: int) -> bytes:
    """Read `count` bytes, fewer only at the end."""
    parts = io.BytesIO()
    while parts.tell() < count and (part := stream.read(count - parts.tell())):
        parts.write(part)
    return parts.getvalue()


def _phrase(error: BaseException) -> str:
    """What the operating system or zlib says, without path and number."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.strip().rstrip(".").lower() or type(error).__name__
