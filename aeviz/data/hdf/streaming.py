"""Numbers out of an HDF5 data set, a piece at a time, every chunk unpacked once."""

import math
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.hdf.tree import shown
from aeviz.data.reader import Sink

AT_ONCE = 2**23
"""Numbers that are given at a time; a chunk of more is read as a whole and given in parts."""

Place = tuple[slice, ...]


def pieces(array: h5py.Dataset) -> Iterator[tuple[Place, NDArray[Any]]]:
    """All of a data set in parts: where each is, and its values."""
    row = math.prod(array.shape[1:])
    chunk = array.chunks[0] if array.chunks else 1
    if array.chunks and chunk * row > AT_ONCE:
        for place in array.iter_chunks():
            yield from _parts(place, array[place])
        return
    rows = max(1, AT_ONCE // max(1, chunk * row)) * chunk
    for first in range(0, len(array), rows):
        place = (slice(first, min(first + rows, len(array))),)
        yield place, array[place]


def _parts(place: Place, values: NDArray[Any]) -> Iterator[tuple[Place, NDArray[Any]]]:
    """A chunk in parts of some of its rows."""
    rows = max(1, AT_ONCE // max(1, math.prod(values.shape[1:])))
    for first in range(0, len(values), rows):
        part = values[first : first + rows]
        start = place[0].start + first
        yield (slice(start, start + len(part)), *place[1:]), part


def copy_table(array: h5py.Dataset, name: str, out: NDArray[np.float32], sink: Sink) -> None:
    """Copy a data set (N, F) in single precision.

    Raises:
        DataError: Where values are not finite, or too large for single precision.
    """
    odd = np.zeros(len(array), np.bool_)
    for place, values in pieces(array):
        with np.errstate(over="ignore"):
            out[place] = values
        odd[place[0]] |= ~np.isfinite(out[place]).all(axis=1)
        sink.report(place[0].stop / len(array), f"{place[0].stop:,} samples")
    check_finite(odd, name)


def check_finite(odd: NDArray[np.bool_], name: str) -> None:
    """Raise DataError where a sample is marked as odd."""
    if odd.any():
        raise DataError(
            f"{int(odd.sum()):,} of the {len(odd):,} samples in {shown(name)} have values that are "
            f"not finite, the first is sample {int(odd.argmax()):,}: mend or remove them"
        )


def copy_images(array: h5py.Dataset, name: str, out: NDArray[np.uint8], sink: Sink) -> None:
    """Copy images as bytes; `out` has the axes of the data set.

    Raises:
        DataError: Where whole numbers do not lie in 0 to 255, or others not in [0, 1].
    """
    for place, values in pieces(array):
        out[place] = _as_bytes(values, name)
        sink.report(place[0].stop / len(array), f"{place[0].stop:,} samples")


def _as_bytes(values: NDArray[Any], name: str) -> NDArray[Any]:
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    low, high = values.min(), values.max()
    if values.dtype.kind != "f":
        if low < 0 or high > 255:
            raise DataError(
                f"images of whole numbers must lie in 0 to 255, and {shown(name)} has {low:,} to "
                f"{high:,}: divide it in the file"
            )
        return values
    # A decode of a model may leave [0, 1] a little; what is not a number fails too.
    if not (low >= -0.5 and high <= 1.5):
        raise DataError(
            f"images of floats must lie in [0, 1], and {shown(name)} goes from {low:g} to {high:g}"
        )
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255))
