"""Reads fields of a session file one by one: each has its kind and its range, or is refused."""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.runs.arrays import parse_array
from aeviz.runs.reading import RunError
from aeviz.sessions.archive import SessionError

LONGEST = 200
"""Letters of a name."""
MOST = 10_000
"""Entries of a list."""
WIDEST = 2**53
"""Whole numbers and measures lie within this."""


class Fields:
    """A mapping of a session file and where it stands; keys that are not asked for do not matter.

    Args:
        row: What was read.
        where: The file, for messages.
        arrays: The arrays of the file by their names, as bytes.
        place: The path of the mapping within the file, with a dot at its end.
    """

    def __init__(self, row: Any, where: str, arrays: Mapping[str, bytes], place: str = "") -> None:
        self._where, self._place, self._arrays = where, place, arrays
        if not isinstance(row, dict):
            raise self.wrong("", "must be a mapping")
        self._row = row

    def wrong(self, name: str, reason: str) -> SessionError:
        """The error that names the file and a field."""
        place = f"{self._place}{name}".rstrip(".")
        return SessionError(f"{self._where}: the field {place!r} {reason}")

    def get(self, name: str) -> Any:
        """The value of a field, which must be there."""
        if name not in self._row:
            raise self.wrong(name, "is missing")
        return self._row[name]

    def has(self, name: str) -> bool:
        """Whether a field holds more than null."""
        return self.get(name) is not None

    def inside(self, name: str) -> "Fields":
        """The mapping in a field."""
        return Fields(self.get(name), self._where, self._arrays, f"{self._place}{name}.")

    def each(self, name: str, most: int = MOST) -> "Iterator[Fields]":
        """The mappings in a list."""
        for number, row in enumerate(self.list(name, most)):
            yield Fields(row, self._where, self._arrays, f"{self._place}{name}.{number}.")

    @property
    def names(self) -> list[str]:
        """The names of all fields."""
        if len(self._row) > MOST or any(len(name) > LONGEST for name in self._row):
            raise self.wrong("", f"must have at most {MOST} names of at most {LONGEST} letters")
        return list(self._row)

    # ── kinds ─────────────────────────────────────────────────────────────────────────────────

    def list(self, name: str, most: int = MOST) -> list[Any]:
        """A list of at most so many entries."""
        value = self.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(name, f"must be a list of at most {most} entries")
        return value

    def text(self, name: str, longest: int = LONGEST) -> str:
        """A text."""
        value = self.get(name)
        if not isinstance(value, str) or len(value) > longest or "\0" in value:
            raise self.wrong(name, f"must be a text of at most {longest} letters")
        return value

    def one_of(self, name: str, words: Collection[str]) -> Any:
        """One of some words."""
        value = self.text(name)
        if value not in words:
            raise self.wrong(name, f"must be one of {', '.join(words)}")
        return value

    def texts(self, name: str, most: int = MOST) -> tuple[str, ...]:
        """A list of texts."""
        found = self.list(name, most)
        if not all(isinstance(each, str) and len(each) <= LONGEST for each in found):
            raise self.wrong(name, f"must be a list of texts of at most {LONGEST} letters")
        return tuple(found)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.get(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "must be true or false")
        return value

    def whole(self, name: str, low: int = 0, high: int = WIDEST) -> int:
        """A whole number from one to another."""
        return self._whole(name, self.get(name), low, high)

    def wholes(self, name: str, low: int = 0, high: int = WIDEST) -> tuple[int, ...]:
        """A list of whole numbers."""
        return tuple(self._whole(name, each, low, high) for each in self.list(name))

    def number(self, name: str, low: float = -WIDEST, high: float = WIDEST) -> float:
        """A finite number from one to another."""
        return self._number(name, self.get(name), low, high)

    def numbers(self, name: str, most: int = MOST) -> tuple[float, ...]:
        """A list of finite numbers."""
        return tuple(self._number(name, each) for each in self.list(name, most))

    def _whole(self, name: str, value: Any, low: int, high: int) -> int:
        if type(value) is not int or not low <= value <= high:
            raise self.wrong(name, f"must be a whole number from {low} to {high}")
        return value

    def _number(self, name: str, value: Any, low: float = -WIDEST, high: float = WIDEST) -> float:
        if type(value) not in (int, float) or not low <= value <= high or not math.isfinite(value):
            raise self.wrong(name, f"must be a number from {low:g} to {high:g}")
        return float(value)

    # ── arrays ────────────────────────────────────────────────────────────────────────────────

    def array(
        self, name: str, dtype: type[np.generic], shape: tuple[int | None, ...]
    ) -> NDArray[Any] | None:
        """An array that the file may have: finite, of a type and a shape; None for any length.

        Args:
            name: Of the array, not within this mapping.
            dtype: What its elements are.
            shape: Its length along every axis.
        """
        if name not in self._arrays:
            return None
        try:
            found = parse_array(self._arrays[name], f"{self._where}: {name}", dtype, len(shape))
        except RunError as error:
            raise SessionError(str(error)) from error
        if any(want not in (None, got) for want, got in zip(shape, found.shape, strict=True)):
            wanted = " × ".join("any" if want is None else str(want) for want in shape)
            raise SessionError(
                f"{self._where}: the array {name!r} is {found.shape}, it must be {wanted}"
            )
        if not np.isfinite(found).all():
            raise SessionError(f"{self._where}: the array {name!r} holds numbers that are not")
        return found

    def rows(self, name: str, count: int, *, ascending: bool = True) -> NDArray[np.int64] | None:
        """An array of rows of samples, each from 0 below `count`; -1 too where not ascending."""
        found = self.array(name, np.int64, (None,))
        if found is None or not len(found):
            return found
        low = 0 if ascending else -1
        in_order = not ascending or bool((np.diff(found) > 0).all())
        if not in_order or found.min() < low or found.max() >= count:
            raise SessionError(
                f"{self._where}: the array {name!r} must hold rows below {count}, in order"
            )
        return found
