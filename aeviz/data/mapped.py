"""Arrays that need not fit into memory: mapped where they lie, or written to a scratch file once.

A mapped array is read block by block, and the pages of what was read are given back: otherwise a
walk over a large file would fill the memory with it all the same.
"""

import contextlib
import errno
import math
import mmap
import os
import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from aeviz import paths
from aeviz.data.dataset import DataError, Scaling

IN_MEMORY = 2**28
"""Bytes up to which an array is read into memory as a whole."""

BLOCK = 2**25
"""Bytes of a block."""

LOOKED_AT = 2**32
"""Bytes of a larger array that are looked at before it is used; the rest is met in training."""

DEFLATE = 1032
"""Bytes that a packed byte can become, at most."""

Convert = Callable[[NDArray[Any]], NDArray[Any]]
Tell = Callable[[float], None]
"""Told the share that is done, in [0, 1]; may raise to cancel."""


def blocks(values: NDArray[Any], size: int = 0) -> Iterator[slice]:
    """Rows of an array (N, …) in blocks of about so many bytes; pages are given back between."""
    step = max(1, (size or BLOCK) // max(1, values[:1].nbytes))
    for first in range(0, len(values), step):
        yield slice(first, min(first + step, len(values)))
        release(values)


def spread_blocks(values: NDArray[Any], most: int = LOOKED_AT) -> Iterator[slice]:
    """As `blocks`, evenly chosen where all of them are more than `most` bytes."""
    every = max(1, -(-values.nbytes // most))
    for number, rows in enumerate(blocks(values)):
        if number % every == 0:
            yield rows


def release(values: NDArray[Any]) -> None:
    """Give back the memory of what was read of a mapped array; its file keeps everything."""
    _advise(values, "MADV_DONTNEED")


def remember(values: NDArray[Any], file: Path) -> None:
    """Keep the file of a newly mapped array open, so that `Rows` can read from it.

    To be called before the name of the file may be gone.
    """
    base = _map_of(values)
    if base is not None and hasattr(os, "preadv"):
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        _files[base] = descriptor
        weakref.finalize(base, os.close, descriptor)


class Rows:
    """Reads rows of a mapped array here and there from its file, past the mapping.

    A row that is looked at through the mapping brings up to two megabytes around it into the memory
    of the process, so that a shuffled walk would fill it with the whole file.

    Args:
        values: (N, …), contiguous, of a file that was remembered.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        base = _map_of(values)
        assert base is not None
        self._descriptor = _files[base]
        self._values = values
        self._size = values[:1].nbytes
        begins = np.frombuffer(base, np.uint8).ctypes.data
        # a mapping begins at a whole page, at or before what was asked for
        first = getattr(values, "offset", 0) // mmap.ALLOCATIONGRANULARITY
        self._start = first * mmap.ALLOCATIONGRANULARITY + values.ctypes.data - begins

    @staticmethod
    def can_read(values: NDArray[Any]) -> bool:
        """Whether an array is mapped from a file that was remembered."""
        return _map_of(values) in _files and values.flags.c_contiguous

    def take(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """Rows by their numbers, (B, …), in memory.

        Raises:
            OSError: If the file cannot be read any more.
        """
        found = np.empty((len(numbers), *self._values.shape[1:]), self._values.dtype)
        room, size, descriptor = (
            found.reshape(-1).view(np.uint8).data,
            self._size,
            self._descriptor,
        )
        at = 0
        for number in numbers.tolist():
            if os.preadv(descriptor, [room[at : at + size]], self._start + number * size) != size:
                raise OSError(errno.EIO, "the file of the samples has become shorter")
            at += size
        return found


def rows_of(values: NDArray[Any], numbers: NDArray[np.int64]) -> NDArray[Any]:
    """Some rows of an array that may be mapped; what is too much for memory stays on the disk."""
    if not Rows.can_read(values):
        return np.asarray(values[numbers])
    reader, size = Rows(values), values[:1].nbytes
    if len(numbers) * size <= IN_MEMORY:
        return reader.take(numbers)
    found = scratch((len(numbers), *values.shape[1:]), values.dtype, "a part of the samples")
    for rows in blocks(found):
        found[rows] = reader.take(numbers[rows])
    return found


_files: "weakref.WeakKeyDictionary[mmap.mmap, int]" = weakref.WeakKeyDictionary()


def _map_of(values: NDArray[Any]) -> mmap.mmap | None:
    """What an array is mapped by; None for one in memory."""
    base: Any = values
    while base is not None and not isinstance(base, mmap.mmap):
        base = getattr(base, "base", None)
    return base


def _advise(values: NDArray[Any], advice: str) -> None:
    """Tell the system how a mapped array is used, where it wants to know."""
    base = _map_of(values)
    if base is not None and hasattr(mmap, advice):
        with contextlib.suppress(OSError, ValueError):
            base.madvise(getattr(mmap, advice))


def scratch(shape: tuple[int, ...], dtype: DTypeLike, name: str) -> NDArray[Any]:
    """A new array on the disk, mapped; its file goes with it.

    Args:
        shape: Its shape.
        dtype: Its type.
        name: What it is for, where there is no room.

    Raises:
        DataError: If the disk has no room for it.
    """
    folder = paths.cache() / "reading"
    folder.mkdir(parents=True, exist_ok=True)
    size = int(np.prod(shape, dtype=np.float64)) * np.dtype(dtype).itemsize
    free = shutil.disk_usage(folder).free
    if size > free:
        raise DataError(
            f"{name}: its samples take {size / 2**30:.1f} GB, and {folder} has room for "
            f"{free / 2**30:.1f} GB"
        )
    place = Path(tempfile.mkdtemp(prefix="array-", dir=folder))
    try:
        found: NDArray[Any] = npy.open_memmap(place / "samples.npy", "w+", np.dtype(dtype), shape)
        remember(found, place / "samples.npy")
        if hasattr(os, "posix_fallocate"):  # a disk that is full is found now, not in a page
            with (place / "samples.npy").open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, file.seek(0, os.SEEK_END))
        return found
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        # A mapped file outlives its name; Windows keeps it until the next start sweeps.
        shutil.rmtree(place, ignore_errors=True)


def converted(
    values: NDArray[Any], shape: tuple[int, ...], dtype: DTypeLike, convert: Convert, tell: Tell
) -> NDArray[Any]:
    """An array in a scratch file, made of another one block by block.

    Args:
        values: (N, …).
        shape: Of the result.
        dtype: Of the result.
        convert: Makes a block of the result from a block.
        tell: Told how far it is.
    """
    name = "samples" if not isinstance(values, np.memmap) else str(values.filename)
    found = scratch(shape, dtype, name)
    for rows in blocks(values):
        tell(rows.start / len(values))
        found[rows] = convert(np.asarray(values[rows]).reshape(-1, *shape[1:]))
        release(found)
    return found


def standardised(values: NDArray[np.float32], tell: Tell) -> Scaling:
    """As `dataset.standardise`, block by block; of a very large array by evenly chosen blocks."""
    count, mean = 0, np.zeros(values.shape[1:], np.float64)
    squares = np.zeros_like(mean)
    for rows in spread_blocks(values):
        tell(rows.start / len(values))
        block = np.asarray(values[rows], np.float64)
        own = block.mean(axis=0)
        total = count + len(block)
        # Chan, Golub and LeVeque (1983): sums of squares of two parts
        squares += ((block - own) ** 2).sum(axis=0)
        squares += (own - mean) ** 2 * (count * len(block) / total)
        mean += (own - mean) * (len(block) / total)
        count = total
    spread = np.sqrt(squares / max(1, count))
    scale = np.where(spread > 1e-12 * np.maximum(1.0, np.abs(mean)), spread, 1.0)
    return Scaling(mean.astype(np.float32), scale.astype(np.float32), "standardise")


def map_member(path: Path, member: str, tell: Tell) -> NDArray[Any]:
    """An array of an NPZ archive, mapped where it lies, or unpacked into a scratch file.

    Args:
        path: The archive.
        member: Its name with ".npy".
        tell: Told how far unpacking is.

    Raises:
        DataError: If it is damaged or declares more than it can hold.
    """
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(member)
        with archive.open(entry) as stream:
            shape, is_fortran, dtype = _header(stream)
            start = stream.tell()
            size = int(np.prod(shape, dtype=np.float64)) * dtype.itemsize
            if entry.file_size != start + size:
                raise DataError(
                    f"{path} is damaged: {member} declares {start + size:,} bytes and has "
                    f"{entry.file_size:,}"
                )
            if entry.file_size > DEFLATE * max(1, entry.compress_size):
                raise DataError(
                    f"{path} is damaged: {entry.compress_size:,} packed bytes of {member} cannot "
                    f"hold {entry.file_size:,}"
                )
            if entry.compress_type != zipfile.ZIP_STORED:
                return _unpacked(path, stream, shape, is_fortran, dtype, tell)
    order: Any = "F" if is_fortran else "C"
    offset = _offset(path, entry) + start
    found: NDArray[Any] = np.memmap(path, dtype, "r", offset, shape, order)
    remember(found, path)
    return found


def map_array(path: Path) -> NDArray[Any]:
    """An NPY file, mapped, nothing of it read yet.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is damaged, or holds objects.
    """
    with path.open("rb") as file:
        shape, _, dtype = _header(file)
        declared = file.tell() + math.prod(shape) * dtype.itemsize
        there = file.seek(0, os.SEEK_END)
    if there < declared:
        raise ValueError(f"it is truncated: it declares {declared:,} bytes and has {there:,}")
    found: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    remember(found, path)
    return found


def _header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("it holds objects, which only a pickle could bring back")
    return tuple(shape), bool(is_fortran), dtype


def _offset(path: Path, entry: zipfile.ZipInfo) -> int:
    """Where the bytes of a stored member begin."""
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        local = file.read(30)
    return (
        entry.header_offset
        + 30
        + int.from_bytes(local[26:28], "little")
        + int.from_bytes(local[28:30], "little")
    )


def _unpacked(
    path: Path,
    stream: Any,
    shape: tuple[int, ...],
    is_fortran: bool,
    dtype: np.dtype[Any],
    tell: Tell,
) -> NDArray[Any]:
    """The bytes of a packed member in a scratch file; reading to its end checks its sum."""
    whole = shape[::-1] if is_fortran else shape
    found = scratch(whole, dtype, str(path))
    flat = found.reshape(-1).view(np.uint8)
    done = 0
    while part := stream.read(BLOCK):
        if done + len(part) > len(flat):
            raise DataError(f"{path} is damaged: an array is longer than it says")
        flat[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
        tell(done / len(flat))
        release(found)
    if done != len(flat):
        raise DataError(f"{path} is truncated: an array is shorter than it says")
    return found.T if is_fortran else found
