"""A data frame as anndata stores it: an index, and columns of words, numbers or truth values.

References:
    | https://anndata.readthedocs.io/en/latest/fileformat-prose.html ("Dataframes", "Categorical
      arrays", "Nullable integers and booleans")
"""

from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.hdf.tree import Tree, is_numbers, shown, text

MISSING = ("", "nan", "NaN", "None", "<NA>")


@dataclass(frozen=True, eq=False)
class FrameColumn:
    """One column of a frame.

    Attributes:
        name: As it is called.
        values: int64 numbers of words, -1 where missing; or float32 numbers.
        words: What the numbers stand for; empty for numbers.
        is_category: Whether it was stored as choices rather than as words.
    """

    name: str
    values: NDArray[Any]
    words: tuple[str, ...] = ()
    is_category: bool = False


class Frame:
    """A frame in a file, read column by column.

    Raises:
        DataError: If there is no frame under a path.
    """

    def __init__(self, tree: Tree, path: str) -> None:
        self._tree = tree
        self._path = path
        if not isinstance(tree.at(path), h5py.Group):
            raise DataError(
                f"its {shown(path)} is stored as anndata did before 0.7: open and save it with a "
                "newer one"
            )
        group = tree.group(path)
        self._index = text(group.attrs.get("_index", "_index"))
        order = group.attrs.get("column-order", ())
        self.names = [text(name) for name in np.ravel(np.asarray(order, object))]
        if not self.names:
            self.names = [name for name in group if name not in (self._index, "__categories")]

    def index(self) -> list[str]:
        """The names of the rows."""
        array = self._tree.array(f"{self._path}/{self._index}")
        if len(array.shape) != 1:
            raise DataError(f"the index of its {shown(self._path)} is {array.shape}")
        return [text(word) for word in array[...]]

    def column(self, name: str, count: int) -> FrameColumn:
        """A column.

        Raises:
            DataError: If it is not there, or has no value for each of the `count` rows.
        """
        path = f"{self._path}/{name}"
        found = self._tree.at(path)
        if isinstance(found, h5py.Group):
            read = self._category(path, name) if "codes" in _names(found) else self._masked(path)
        else:
            read = self._plain(path, name)
        column = FrameColumn(name, read.values, read.words, read.is_category)
        if column.values.shape != (count,):
            raise DataError(f"its {shown(path)} has {column.values.shape} values for {count:,}")
        return column

    def _category(self, path: str, name: str) -> FrameColumn:
        codes, words = self._tree.array(f"{path}/codes"), self._tree.array(f"{path}/categories")
        return _choices(name, codes[...], words[...])

    def _masked(self, path: str) -> FrameColumn:
        """A column whose missing values are marked."""
        values, mask = self._tree.array(f"{path}/values"), self._tree.array(f"{path}/mask")
        found = _of(path, values, values[...])
        absent = mask[...].astype(bool)
        if absent.shape != found.values.shape:
            raise DataError(f"its {shown(path)} is damaged: {absent.shape} marks")
        missing = -1 if found.words else np.float32(np.nan)
        return FrameColumn(path, np.where(absent, missing, found.values), found.words)

    def _plain(self, path: str, name: str) -> FrameColumn:
        array = self._tree.array(path)
        words = f"{self._path}/__categories/{name}"
        if self._tree.has(words) and array.dtype.kind in "ui":  # as anndata 0.7 had it
            return _choices(name, array[...], self._tree.array(words)[...])
        return _of(path, array, array[...])


def _names(group: h5py.Group) -> list[str]:
    return list(group)


def _choices(name: str, codes: NDArray[Any], words: NDArray[Any]) -> FrameColumn:
    """A column of choices; only those that occur keep a number, in their order."""
    codes = codes.astype(np.int64)
    if codes.size and (codes.max() >= len(words) or codes.ndim != 1):
        raise DataError(f"the column {name!r} is damaged: a code has no word")
    codes = np.maximum(codes, -1)
    there = np.unique(codes[codes >= 0])
    new = np.full(len(words) + 1, -1, np.int64)
    new[there] = np.arange(len(there))
    kept = tuple(text(words[place]) for place in there)
    return FrameColumn(name, new[codes], kept, is_category=True)


def _of(path: str, array: h5py.Dataset, values: NDArray[Any]) -> FrameColumn:
    """A column of numbers, truth values or words."""
    if array.dtype.kind == "b":
        return FrameColumn(path, values.astype(np.int64), ("False", "True"), is_category=True)
    if is_numbers(array):
        with np.errstate(over="ignore"):
            return FrameColumn(path, values.astype(np.float32))
    if array.dtype.kind not in "OS" or h5py.check_string_dtype(array.dtype) is None:
        raise DataError(
            f"its {shown(path)} holds {array.dtype}, which is neither words nor numbers"
        )
    found = np.array([text(word) for word in values.reshape(-1)])
    words, numbers = np.unique(found, return_inverse=True)
    codes = numbers.astype(np.int64)
    absent = np.isin(words, MISSING)
    if absent.any():
        new = np.where(absent, -1, np.cumsum(~absent) - 1)
        codes, words = new[codes], words[~absent]
    return FrameColumn(path, codes.reshape(values.shape), tuple(str(word) for word in words))
