"""Rows of a table on their way to arrays, block by block. Runs in the child process."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.reader import Growing, Sink
from aeviz.data.tables.cells import is_missing, is_number, number
from aeviz.data.tables.layout import LABEL_NAMES, Layout
from aeviz.data.tables.options import Wishes

Values = NDArray[np.float64]
MOST_WORDS = 65_535
"""Different words of a label or colour at most."""

MOST_NAMES = 200_000
"""Samples at most whose names are kept."""

TURNED_AT_ONCE = 2**24
"""Bytes of samples that are turned from columns into rows at a time."""


@dataclass
class Words:
    """A column of words as numbers, in the order in which they come.

    Attributes:
        name: Of the column.
        known: Word → number.
        blocks: Numbers of the samples so far, -1 where missing.
    """

    name: str
    known: dict[str, int] = field(default_factory=dict)
    blocks: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, cells: Sequence[str]) -> None:
        """Add the words of more samples."""
        known = self.known
        for cell in set(cells) - known.keys():
            word = cell.strip()
            known[cell] = -1 if is_missing(word) else known.setdefault(word, len(known))
        self.blocks.append(np.array([known[cell] for cell in cells], np.int64))

    def sorted(self) -> tuple[NDArray[np.int64], list[str]]:
        """Numbers of the samples, and the words in their order: by number where all are numbers."""
        places = {place: word for word, place in self.known.items() if place >= 0}
        words = {place: word.strip() for place, word in places.items()}
        order = sorted(words, key=_by_number(words.values(), words))
        new = np.full(max(words, default=-1) + 2, -1, np.int64)
        new[order] = np.arange(len(order))
        codes = np.concatenate(self.blocks) if self.blocks else np.empty(0, np.int64)
        return new[codes], [words[place] for place in order]


def _by_number(words: Iterable[str], names: dict[int, str]) -> Callable[[int], Any]:
    if all(is_number(word, ".") for word in words):
        return lambda place: (number(names[place], "."), names[place])
    return lambda place: names[place]


@dataclass
class Table:
    """A table that has been read as it stands, before missing values and scaling.

    Attributes:
        samples: float32 (N, F), NaN where missing, infinite where a value was too large.
        features: Names, F.
        label: The column with the labels, None without.
        words: Further columns of words.
        numbers: Further columns of numbers, name → float32 (N,).
        names: Of the samples, N, or none.
        remarks: What a person should know.
        first: Where the first missing and the first infinite value stand, as words.
        selects: The features that a person chose among its rows, as written; "" for all.
    """

    samples: NDArray[np.float32]
    features: list[str]
    label: Words | None = None
    words: list[Words] = field(default_factory=list)
    numbers: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)
    selects: str = ""


def loses_digits(low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether single precision keeps less than three digits of what differs, column by column.

    Args:
        low: The least value of each column, (F,), in the type that the file has.
        high: The largest.
    """
    differs = high > low  # whole numbers may differ where double precision does not tell them apart
    low, high = low.astype(np.float64), high.astype(np.float64)
    with np.errstate(invalid="ignore"):
        span, size = high - low, np.maximum(np.abs(low), np.abs(high))
        found: NDArray[np.bool_] = (
            differs & np.isfinite(size) & (span < 1000 * np.finfo(np.float32).eps * size)
        )
    return found


class Numbers:
    """Turns cells into numbers, and remembers where the first odd one stood.

    Args:
        decimal: "." or ",".
        places: Columns of the cells, from 0.
        names: Of those columns.

    Attributes:
        places: As given.
        word: What a row is called in a sentence.
    """

    def __init__(self, decimal: str, places: Sequence[int], names: Sequence[str]) -> None:
        self.first: dict[str, str] = {}
        self.places = list(places)
        self.word = "line"
        self._decimal = decimal
        self._names = list(names)
        self._low = np.full(len(self.places), np.inf)
        self._high = np.full(len(self.places), -np.inf)

    def of(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> NDArray[np.float32]:
        """The numbers of rows, float32 (n, columns).

        Raises:
            DataError: With line and column, where a cell is neither a number nor missing.
        """
        cells = list(chain.from_iterable(map(_picker(self.places), rows)))
        shape = (len(rows), len(self.places))
        values = self._quick(cells)
        if values is None:
            values = self._careful(cells, lines)
        return self.check(values.reshape(shape), lines)

    def check(self, values: Values, lines: Sequence[int]) -> NDArray[np.float32]:
        """Numbers in single precision, after a look at what is lost."""
        with np.errstate(over="ignore"):
            single = values.astype(np.float32)
        if not np.isfinite(single).all():
            self._note("missing", np.isnan(single), lines)
            self._note("infinite", np.isinf(single), lines)
        if len(values):
            self._low = np.fmin(self._low, np.fmin.reduce(values, axis=0))
            self._high = np.fmax(self._high, np.fmax.reduce(values, axis=0))
        return single

    @property
    def blurred(self) -> list[str]:
        """Columns of which single precision keeps less than three digits of what differs."""
        lost = loses_digits(self._low, self._high)
        return [self._names[place] for place in np.flatnonzero(lost)]

    def _quick(self, cells: Sequence[str]) -> Values | None:
        """All of them at once, where every one is a plain number."""
        whole = "\x1f".join(cells)
        if "_" in whole or (self._decimal == "," and "." in whole):
            return None
        if self._decimal == ",":
            cells = whole.replace(",", ".").split("\x1f")
        try:
            return np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            return None

    def _careful(self, cells: Sequence[str], lines: Sequence[int]) -> Values:
        values = np.empty(len(cells), np.float64)
        decimal, place = self._decimal, 0
        try:
            for place, cell in enumerate(cells):
                values[place] = number(cell, decimal)
        except ValueError:
            row, column = divmod(place, len(self.places))
            where = f"{self.word} {lines[row]}, column {self._names[column]!r}"
            raise DataError(
                f"{where}: {cells[place][:40]!r} is no number: correct it, or choose other columns "
                "with --set data.features=NAMES"
            ) from None
        return values

    def _note(self, what: str, where: NDArray[np.bool_], lines: Sequence[int]) -> None:
        if what not in self.first and where.any():
            row, column = np.argwhere(where)[0]
            self.first[what] = f"{self.word} {lines[row]}, column {self._names[column]!r}"


def _picker(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    if len(places) == 1:
        only = places[0]
        return lambda row: (row[only],)
    return itemgetter(*places) if places else lambda row: ()


class Upright:
    """Gathers a table whose rows are samples.

    Attributes:
        numbers: Reads the cells of features and measurements.
        spoken: Columns of words, the label among them.
        rows: How many there are so far.
    """

    def __init__(self, layout: Layout, decimal: str, sink: Sink, name: str) -> None:
        fields = layout.fields
        self._layout = layout
        self._features = layout.places("feature")
        colours = layout.places("colour")
        self._measured = [place for place in colours if fields[place].kind == "number"]
        self._spoken = [place for place in colours if fields[place].kind != "number"]
        self._label = layout.place("label")
        self._name = layout.place("name")
        places = [*self._features, *self._measured]
        self.numbers = Numbers(decimal, places, [fields[place].name for place in places])
        self.spoken = [*self._spoken, *([] if self._label is None else [self._label])]
        self._words = {place: Words(fields[place].name) for place in self.spoken}
        self._measures: list[NDArray[np.float32]] = []
        self._names: list[str] = []
        self._growing = sink.grow(name, len(self._features), np.float32)
        self.rows = 0

    def take(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        """Add rows of cells with the numbers of their lines."""
        words = {place: [row[place] for row in rows] for place in self._words}
        names = [] if self._name is None else [row[self._name] for row in rows]
        self.add(self.numbers.of(rows, lines), words, names)

    def add(
        self,
        numbers: NDArray[np.float32],
        words: dict[int, list[str]],
        names: Sequence[str],
    ) -> None:
        """Add rows as numbers (features, then measurements), words by column, and names."""
        count = len(self._features)
        self._growing.add(numbers[:, :count])
        if self._measured:
            self._measures.append(numbers[:, count:])
        for place, cells in words.items():
            self._words[place].add(cells)
        if len(self._names) <= MOST_NAMES:
            self._names.extend(name.strip() for name in names)
        self.rows += len(numbers)

    def finish(self) -> Table:
        """All of it."""
        fields = self._layout.fields
        measures = np.concatenate(self._measures) if self._measures else np.empty((0, 0))
        return Table(
            samples=self._growing.finish(),
            features=[fields[place].name for place in self._features],
            label=None if self._label is None else self._words[self._label],
            words=[self._words[place] for place in self._spoken],
            numbers={
                fields[place].name: np.ascontiguousarray(measures[:, column], np.float32)
                for column, place in enumerate(self._measured)
            },
            names=self._names if len(self._names) == self.rows else [],
            remarks=list(self._layout.remarks),
            first=self.numbers.first,
        )


class Turned:
    """Gathers a table whose columns are samples and whose rows are features."""

    def __init__(self, layout: Layout, decimal: str, sink: Sink, name: str, wishes: Wishes) -> None:
        self._layout = layout
        self._sink = sink
        self._place = name
        self._samples = layout.places("feature")
        self._name = layout.place("name")
        self._titles = [layout.fields[place].name for place in self._samples]
        self.numbers = Numbers(decimal, self._samples, self._titles)
        self._wanted = {wishes.label.lower()} if wishes.label else set(LABEL_NAMES)
        self._selects = wishes.features
        self._label: Words | None = None
        self._features: list[str] = []
        self._growing = sink.grow(f"{name}-turned", len(self._samples), np.float32)
        self.rows = 0

    def take(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        """Add rows of cells with the numbers of their lines."""
        rows, lines = self._without_label(rows, lines)
        self._growing.add(self.numbers.of(rows, lines))
        for row in rows:
            number_ = len(self._features) + 1
            named = "" if self._name is None else row[self._name].strip()
            self._features.append(named or f"x{number_}")
        self.rows += len(rows)

    def _without_label(
        self, rows: Sequence[Sequence[str]], lines: Sequence[int]
    ) -> tuple[Sequence[Sequence[str]], Sequence[int]]:
        """Take out the row that holds the labels of the samples."""
        if self._name is None or self._label is not None:
            return rows, lines
        for place, row in enumerate(rows):
            if row[self._name].strip().lower() in self._wanted:
                self._label = Words(row[self._name].strip())
                self._label.add([row[column] for column in self._samples])
                kept = [number_ for number_ in range(len(rows)) if number_ != place]
                return [rows[number_] for number_ in kept], [lines[number_] for number_ in kept]
        return rows, lines

    def finish(self) -> Table:
        """All of it, samples in rows."""
        return Table(
            samples=_turn(self._growing, self._sink, self._place),
            features=self._features,
            label=self._label,
            names=self._titles if len(self._titles) <= MOST_NAMES else [],
            remarks=list(self._layout.remarks),
            first=self.numbers.first,
            selects=self._selects,
        )


def _turn(growing: Growing, sink: Sink, name: str) -> NDArray[np.float32]:
    """Columns as rows, a piece at a time."""
    found = growing.finish()
    turned = sink.array(name, (found.shape[1], found.shape[0]), np.float32)
    step = max(1, TURNED_AT_ONCE // max(1, 4 * len(found)))
    for first in range(0, found.shape[1], step):
        turned[first : first + step] = found[:, first : first + step].T
    growing.remove()
    return turned
