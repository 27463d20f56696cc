"""A matrix of cells and features as anndata stores it: dense, or sparse by rows or by columns.

References:
    | https://anndata.readthedocs.io/en/latest/fileformat-prose.html ("Dense arrays", "Sparse
      arrays"), versions 0.1.0 of encoding
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.hdf.streaming import pieces
from aeviz.data.hdf.tree import Tree, is_numbers, shown
from aeviz.data.reader import Sink

NUMBERS_AT_ONCE = 2**23
"""Stored numbers of a sparse matrix that are read at a time."""

DENSE_AT_ONCE = 2**27
"""Bytes of a part of a sparse matrix that is made dense."""

MOST_SAMPLES, MOST_FEATURES = 2**27, 2**24
Columns = NDArray[np.int64]


@dataclass(eq=False)
class Moments:
    """Sums over the samples, of every feature.

    Attributes:
        count: Samples.
        sums: Of the values and of their squares, (2, F).
        logs: The same of log(1 + value), of negative values as of 0.
        low: The smallest value of all.
        high: The largest.
        is_whole: Whether all are whole numbers.
        odd: How many are not finite.
    """

    count: int
    sums: NDArray[np.float64]
    logs: NDArray[np.float64]
    low: float = np.inf
    high: float = -np.inf
    is_whole: bool = True
    odd: int = 0

    @property
    def is_counts(self) -> bool:
        """Whether all values are whole, none negative, and some more than one."""
        return self.is_whole and self.low >= 0 and self.high > 1

    def variances(self) -> NDArray[np.float64]:
        """Of every feature: of the logarithms where the values are counts."""
        sums, squares = (self.logs if self.is_counts else self.sums) / self.count
        return np.asarray(squares - sums**2)

    def add(self, values: NDArray[Any], features: NDArray[np.integer] | None) -> None:
        """Take values: (n, F), or (n,) ones of the features that are given for each."""
        finite = np.isfinite(values)
        if not finite.all():
            self.odd += int(values.size - np.count_nonzero(finite))
            values = np.where(finite, values, 0)
        if not values.size:
            return
        self.low, self.high = min(self.low, values.min()), max(self.high, values.max())
        self.is_whole = self.is_whole and bool((values == np.rint(values)).all())
        own = values.astype(np.float64)
        for into, each in ((self.sums, own), (self.logs, np.log1p(np.maximum(own, 0)))):
            for row, power in zip(into, (each, each * each), strict=True):
                if features is None:
                    row += power.sum(axis=0)
                else:
                    row += np.bincount(features, power, minlength=len(row))


class Matrix(Protocol):
    """Samples × features in a file."""

    name: str
    shape: tuple[int, int]

    def moments(self, sink: Sink) -> Moments:
        """Look at every value once."""

    def copy(self, columns: Columns, out: NDArray[np.float32], sink: Sink) -> None:
        """Copy some features, in ascending order, into (N, len(columns))."""


def matrix(tree: Tree, path: str) -> Matrix:
    """The matrix under a path.

    Raises:
        DataError: If there is none, or it is inconsistent.
    """
    found = tree.at(path)
    if isinstance(found, h5py.Dataset):
        array = tree.array(path)
        if not is_numbers(array) or len(array.shape) != 2:
            raise DataError(
                f"its {shown(path)} must be a matrix of numbers, and it is {array.dtype} of shape "
                f"{array.shape}"
            )
        return Dense(path, (int(array.shape[0]), int(array.shape[1])), array)
    return _sparse(tree, path, found)


# ── dense ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class Dense:
    """A data set (N, F)."""

    name: str
    shape: tuple[int, int]
    array: h5py.Dataset

    def moments(self, sink: Sink) -> Moments:
        """Look at every value once."""
        found = _none_yet(self.shape)
        for place, values in pieces(self.array):
            if len(place) == 1:
                found.add(values, None)
            else:  # a chunk of some columns
                features = np.arange(place[1].start, place[1].stop)
                found.add(values.reshape(-1), np.tile(features, len(values)))
            sink.report(0.5 * place[0].stop / self.shape[0], f"Looked at {place[0].stop:,} samples")
        return found

    def copy(self, columns: Columns, out: NDArray[np.float32], sink: Sink) -> None:
        """Copy some features."""
        target = np.full(self.shape[1], -1, np.int64)
        target[columns] = np.arange(len(columns))
        for place, values in pieces(self.array):
            into = target[place[1] if len(place) > 1 else slice(None)]
            first, count = int(into.max(initial=-1)), int(np.count_nonzero(into >= 0))
            if count:
                with np.errstate(over="ignore"):
                    out[place[0], first + 1 - count : first + 1] = values[:, into >= 0]
            sink.report(0.5 + 0.5 * place[0].stop / self.shape[0], f"{place[0].stop:,} samples")


# ── sparse ────────────────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class Sparse:
    """Only what is not 0: row by row (CSR), or column by column where `is_turned` (CSC).

    Attributes:
        starts: int64, where each row (or column) begins in the numbers, and where the last ends.
    """

    name: str
    shape: tuple[int, int]
    data: h5py.Dataset
    indices: h5py.Dataset
    starts: NDArray[np.int64]
    is_turned: bool

    def moments(self, sink: Sink) -> Moments:
        """Look at every value once; what is not stored is 0."""
        found = _none_yet(self.shape)
        for lines, values, indices in self._parts(np.arange(len(self.starts) - 1), 1, sink, 0.0):
            features = lines if self.is_turned else indices
            found.add(values, features)
        if self.starts[-1] < self.shape[0] * self.shape[1]:
            found.low, found.high = min(found.low, 0.0), max(found.high, 0.0)
        return found

    def copy(self, columns: Columns, out: NDArray[np.float32], sink: Sink) -> None:
        """Copy some features, a part at a time that is made dense in memory."""
        if self.is_turned:
            place = np.zeros(self.shape[1], np.int64)
            place[columns] = np.arange(len(columns))
            for lines, values, indices in self._parts(columns, self.shape[0], sink, 0.5):
                if lines.size:
                    first, last = int(place[lines[0]]), int(place[lines[-1]]) + 1
                    part = np.zeros((self.shape[0], last - first), np.float32)
                    np.add.at(part, (indices, place[lines] - first), values.astype(np.float32))
                    out[:, first:last] = part
            return
        place = np.full(self.shape[1], -1, np.int64)
        place[columns] = np.arange(len(columns))
        every = np.arange(self.shape[0])
        for lines, values, indices in self._parts(every, len(columns), sink, 0.5):
            if lines.size:
                first, last = int(lines[0]), int(lines[-1]) + 1
                part = np.zeros((last - first, len(columns)), np.float32)
                kept = place[indices] >= 0
                where = (lines[kept] - first, place[indices[kept]])
                np.add.at(part, where, values[kept].astype(np.float32))
                out[first:last] = part

    def _parts(
        self, wanted: Columns, width: int, sink: Sink, done: float
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64]]]:
        """The numbers of some rows (or columns), of many at a time.

        Yields:
            Of every number its row (or column), its value, and its column (or row).
        """
        most = max(1, DENSE_AT_ONCE // max(1, 4 * width))
        first = 0
        while first < len(wanted):
            last = first + 1
            start = self.starts[wanted[first]]
            while (
                last < len(wanted)
                and last - first < most
                and self.starts[wanted[last] + 1] - start <= NUMBERS_AT_ONCE
            ):
                last += 1
            lines = wanted[first:last]
            yield self._part(lines)
            first = last
            what = "features" if self.is_turned else "samples"
            sink.report(done + 0.5 * last / len(wanted), f"{last:,} of {len(wanted):,} {what}")

    def _part(self, lines: Columns) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64]]:
        start, stop = int(self.starts[lines[0]]), int(self.starts[lines[-1] + 1])
        values = self.data[start:stop]
        indices = self.indices[start:stop].astype(np.int64)
        other = self.shape[0 if self.is_turned else 1]
        if indices.size and (indices.min() < 0 or indices.max() >= other):
            raise DataError(
                f"its {shown(self.name + '/indices')} holds {indices.max():,} where there are "
                f"{other:,}: the file is damaged"
            )
        spans = np.arange(lines[0], lines[-1] + 1)
        of = np.repeat(spans, np.diff(self.starts[lines[0] : lines[-1] + 2]))
        if len(spans) > len(lines):  # columns between them that nobody wants
            kept = np.isin(of, lines)
            return of[kept], values[kept], indices[kept]
        return of, values, indices


def _sparse(tree: Tree, path: str, group: h5py.Group) -> Sparse:
    kind, shape = _sparse_kind(group)
    if kind not in ("csr", "csc") or shape is None:
        raise DataError(f"its {shown(path)} is neither a matrix nor a sparse one (CSR, CSC)")
    data, indices = tree.array(f"{path}/data"), tree.array(f"{path}/indices")
    starts = tree.array(f"{path}/indptr")
    lines = shape[1 if kind == "csc" else 0]
    if not is_numbers(data) or indices.dtype.kind not in "ui" or starts.dtype.kind not in "ui":
        raise DataError(f"its {shown(path)} must hold numbers, and places as whole numbers")
    if min(shape) < 1 or shape[0] > MOST_SAMPLES or shape[1] > MOST_FEATURES:
        raise DataError(f"its {shown(path)} is {shape}, and such a matrix is not read")
    if starts.shape != (lines + 1,):
        raise DataError(f"its {shown(path + '/indptr')} does not fit its shape {shape}")
    values = starts[...].astype(np.int64)
    most = np.diff(values).max()
    whole = len(data) == len(indices) == values[-1] and len(data.shape) == len(indices.shape) == 1
    if (
        values[0]
        or np.diff(values).min() < 0
        or most > shape[0 if kind == "csc" else 1]
        or not whole
    ):
        raise DataError(f"its {shown(path + '/indptr')} does not fit its numbers: it is damaged")
    return Sparse(path, shape, data, indices, values, kind == "csc")


def _sparse_kind(group: h5py.Group) -> tuple[str, tuple[int, int] | None]:
    """The kind "csr" or "csc", and the shape; as anndata writes them, and as it did before 0.7."""
    kind = group.attrs.get("encoding-type", group.attrs.get("h5sparse_format", b""))
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    shape = np.ravel(group.attrs.get("shape", group.attrs.get("h5sparse_shape", ())))
    if shape.dtype.kind not in "ui" or len(shape) != 2:
        return kind[:3], None
    return kind[:3], (int(shape[0]), int(shape[1]))


def _none_yet(shape: tuple[int, int]) -> Moments:
    return Moments(shape[0], np.zeros((2, shape[1])), np.zeros((2, shape[1])))
