"""Read arrays of numbers from MATLAB files of version 5, without trusting what they say.

Only full real arrays are read; everything else that such a file can hold is refused. Sizes are
compared before memory is taken.

References:
    | MAT-File Format (The MathWorks), version 5
"""

import math
import stat
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError

BUDGET = 2**30
"""Bytes of data at most that an array may declare."""

DEFLATE_RATIO = 1032
"""Deflate cannot pack more than 258 bytes into 2 bits: no honest file declares more."""

TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"}
INT8, INT32, UINT32, MATRIX, COMPRESSED = 1, 5, 6, 14, 15
DOUBLE_CLASS, UINT64_CLASS = 6, 15
"""Between them lie the classes of arrays of numbers."""

COMPLEX = 0x0800
HEADER = 128
DIMENSIONS = 8
NAME = 63
"""Characters of a variable's name at most."""

CHUNK = 2**20

Report = Callable[[float], None]


class _Bytes(Protocol):
    """What elements are read from: a file, or what is unpacked from one."""

    def read(self, count: int) -> bytes: ...


class _Unpacked:
    """The bytes of a zlib stream that lies in a file, unpacked as they are asked for."""

    def __init__(self, file: BinaryIO, packed: int) -> None:
        self._file, self._left = file, packed
        self._zlib = zlib.decompressobj()
        self._waiting = b""

    def read(self, count: int) -> bytes:
        """At most `count` bytes, none at the end."""
        while True:
            if not self._waiting and self._left:
                self._waiting = self._file.read(min(CHUNK, self._left))
                self._left = self._left - len(self._waiting) if self._waiting else 0
            part = self._zlib.decompress(self._waiting, count)
            self._waiting = self._zlib.unconsumed_tail
            if part or not (self._waiting or self._left):
                return part


def read_mat(
    path: Path,
    shapes: Mapping[str, Sequence[int | None]],
    *,
    report: Report | None = None,
) -> dict[str, NDArray[Any]]:
    """Read the named arrays of a file.

    Args:
        path: The file, of version 5 and little-endian as all of today are.
        shapes: What is wanted: the length of each dimension, None where any will do.
        report: Told the share of an array that has been read; may raise to cancel.

    Returns:
        The arrays by name, in their stored types, with MATLAB's order of dimensions.

    Raises:
        DataError: If it cannot be read, or is not such a file; the message names it.
    """
    try:
        found = _read(path, shapes, report)
    except (struct.error, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged ({error}); replace it") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except MemoryError as error:
        raise DataError(f"{path} needs more memory than there is; close other programs") from error
    missing = [name for name in shapes if name not in found]
    if missing:
        raise DataError(f"{path} holds no array {missing[0]!r}; replace it")
    return found


def _read(
    path: Path, shapes: Mapping[str, Sequence[int | None]], report: Report | None
) -> dict[str, NDArray[Any]]:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{path} is not a file")
    found: dict[str, NDArray[Any]] = {}
    with path.open("rb") as file:
        head = file.read(HEADER)
        if len(head) < HEADER or head[124:128] != b"\x00\x01IM":
            raise DataError(f"{path} is not a MATLAB file of version 5; replace it")
        while (tag := file.read(8)) and not found.keys() >= shapes.keys():
            kind, size = struct.unpack("<II", tag)
            after = file.tell() + size
            if after > status.st_size:
                raise DataError(f"{path} is truncated; replace it")
            if kind == COMPRESSED:
                stream: _Bytes = _Unpacked(file, size)
                kind, _ = struct.unpack("<II", _exactly(path, stream, 8))
                size *= DEFLATE_RATIO
            else:
                stream = file
            if kind == MATRIX:
                found |= _read_array(path, stream, size, shapes, report)
            file.seek(after)
    return found


def _read_array(
    path: Path,
    stream: _Bytes,
    most: int,
    shapes: Mapping[str, Sequence[int | None]],
    report: Report | None,
) -> dict[str, NDArray[Any]]:
    """The array of an element if it is wanted; at most `most` bytes can be in it."""
    (flags, _) = struct.unpack("<II", _small(path, stream, UINT32, 8))
    lengths = _small(path, stream, INT32, 4 * DIMENSIONS)
    shape = struct.unpack(f"<{len(lengths) // 4}i", lengths)
    name = _small(path, stream, INT8, NAME).decode("ascii")
    if name not in shapes:
        return {}
    if not DOUBLE_CLASS <= flags & 0xFF <= UINT64_CLASS or flags & COMPLEX:
        raise DataError(f"{path}: {name} is no array of real numbers")
    _check_shape(path, name, shape, shapes[name])
    kind, size, rest = _tag(path, stream)
    dtype = np.dtype(TYPES.get(kind, "V1")).newbyteorder("<")
    if kind not in TYPES or size != math.prod(shape) * dtype.itemsize:
        raise DataError(f"{path}: {name} has other values than its shape says; replace the file")
    if size > min(BUDGET, most):
        raise DataError(f"{path}: {name} declares {size:,} bytes, more than there can be")
    data = np.empty(size, np.uint8)
    data[: len(rest)] = np.frombuffer(rest, np.uint8)
    _fill(path, stream, data, len(rest), report)
    native = dtype.newbyteorder("=")
    return {name: data.view(dtype).astype(native, copy=False).reshape(shape, order="F")}


def _check_shape(
    path: Path, name: str, shape: tuple[int, ...], wanted: Sequence[int | None]
) -> None:
    fits = len(shape) == len(wanted) and all(
        length > 0 and expected in (None, length)
        for length, expected in zip(shape, wanted, strict=True)
    )
    if not fits:
        said = " × ".join("N" if length is None else str(length) for length in wanted)
        found = " × ".join(str(length) for length in shape)
        raise DataError(f"{path}: {name} has the shape {found or '()'}, expected {said}")


def _fill(
    path: Path, stream: _Bytes, data: NDArray[np.uint8], done: int, report: Report | None
) -> None:
    while done < len(data):
        part = stream.read(min(CHUNK, len(data) - done))
        if not part:
            raise DataError(f"{path} is truncated; replace it")
        data[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
        if report is not None:
            report(done / len(data))


def _tag(path: Path, stream: _Bytes) -> tuple[int, int, bytes]:
    """Type and size of an element, and its data where they lie within the tag."""
    head = _exactly(path, stream, 8)
    kind, size = struct.unpack("<II", head)
    if kind >> 16:  # a small element: type and size share four bytes, four of data follow
        kind, size = kind & 0xFFFF, kind >> 16
        return kind, size, head[4 : 4 + min(size, 4)]
    return kind, size, b""


def _small(path: Path, stream: _Bytes, kind: int, most: int) -> bytes:
    """The data of an element of a known type that is at most so long."""
    found, size, rest = _tag(path, stream)
    if found != kind or size > most:
        raise DataError(f"{path} is damaged or holds more than arrays; replace it")
    if rest or not size:
        return rest
    return _exactly(path, stream, size + -size % 8)[:size]


def _exactly(path: Path, stream: _Bytes, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        part = stream.read(count - len(parts))
        if not part:
            raise DataError(f"{path} is truncated; replace it")
        parts += part
    return parts
