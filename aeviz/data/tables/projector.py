"""Reads what the TensorBoard projector reads: vectors and their metadata. In the child process.

References:
    | TensorFlow, "Visualizing Data using the Embedding Projector in TensorBoard"
    | https://www.tensorflow.org/tensorboard/tensorboard_projector_plugin
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.data.dataset import DataError
from aeviz.data.reader import Sink
from aeviz.data.tables.gathering import MOST_NAMES, Numbers, Table, Words
from aeviz.data.tables.grid import Grid, understand
from aeviz.data.tables.joining import with_metadata
from aeviz.data.tables.layout import Field, field_of, label_of, unlike
from aeviz.data.tables.options import Wishes
from aeviz.data.tables.reading import blocks, read_head, read_table
from aeviz.data.tables.settling import settle
from aeviz.data.tables.text import Lines

CONFIG = "projector_config.pbtxt"
VECTORS, METADATA = ("vectors.tsv", "tensors.tsv"), "metadata.tsv"
_PATHS = re.compile(r'(tensor_path|metadata_path)\s*:\s*"([^"\n]*)"')
MOST_CONFIG = 2**20


@dataclass(frozen=True)
class Pair:
    """Two files, the second of which may be missing; `more` further pairs are not read."""

    vectors: Path
    metadata: Path | None
    more: int = 0


def pair_of(path: Path) -> Pair | None:
    """The files that a folder, its configuration or the vectors among them mean; None for none.

    Raises:
        DataError: If the configuration leads out of its folder, or to what is not there.
    """
    folder = path if path.is_dir() else path.parent
    if path.name == CONFIG or (path.is_dir() and (path / CONFIG).is_file()):
        return _configured(folder)
    names = VECTORS if path.is_dir() else (path.name,) if path.name in VECTORS else ()
    for name in names:
        if (folder / name).is_file() and (folder / METADATA).is_file():
            return Pair(folder / name, folder / METADATA)
    return None


def _configured(folder: Path) -> Pair:
    with (folder / CONFIG).open(encoding="utf-8", errors="replace") as file:
        found = _PATHS.findall(file.read(MOST_CONFIG))
    vectors = [name for key, name in found if key == "tensor_path"]
    if not vectors:
        raise DataError(f"{folder / CONFIG} names no tensor_path: there are no vectors to read")
    first = next(place for place, (key, _) in enumerate(found) if key == "tensor_path")
    metadata = next(
        (name for key, name in found[first + 1 : first + 2] if key == "metadata_path"), ""
    )
    return Pair(
        _inside(folder, vectors[0]),
        _inside(folder, metadata) if metadata else None,
        len(vectors) - 1,
    )


def _inside(folder: Path, name: str) -> Path:
    """A file that a configuration names, if it lies in its folder."""
    try:
        path = (folder / name).resolve()
        is_there = path.is_file()
    except (OSError, ValueError) as error:  # a zero byte, a name that is too long
        raise DataError(f"{folder / CONFIG}: {name[:80]!r} can be no file: correct it") from error
    if not path.is_relative_to(folder.resolve()):
        raise DataError(f"{folder / CONFIG}: {name!r} leads out of its folder: it was not opened")
    if not is_there:
        raise DataError(f"{folder / CONFIG}: {name!r} is not there: copy it into the folder")
    return path


def read(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Read vectors and metadata into the arrays of `settling.settle`, whose facts it returns.

    Raises:
        DataError: With file, line and column; if there are not as many rows in both.
    """
    pair = pair_of(path)
    if pair is None:
        raise DataError(f"there are no {VECTORS[0]} and {METADATA}")
    wishes = Wishes.of(options)
    vectors = _named(pair.vectors, lambda: _read_vectors(pair.vectors, wishes, sink))
    if pair.more:
        vectors.remarks.append(f"{pair.more} further embeddings of {CONFIG} are not read")
    found, metadata = vectors, pair.metadata
    if metadata is not None:
        rows, told = _named(metadata, lambda: _read_metadata(metadata, wishes))
        if rows != len(vectors.samples):
            raise DataError(
                f"{metadata.name} describes {rows:,} samples, and {pair.vectors.name} has "
                f"{len(vectors.samples):,}: both need as many rows"
            )
        found = with_metadata(vectors, told)
    return settle(found, replace(wishes, label=""), sink)


def _named(path: Path, work: Any) -> Any:
    try:
        return work()
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from error


def _read_vectors(path: Path, wishes: Wishes, sink: Sink) -> Table:
    """Vectors are numbers without names, all of them features."""
    with Lines(path) as lines:
        head, is_whole = read_head(iter(lines))
    plain = Wishes(header="no", orientation="rows", label="none", colours="none")
    width = understand(head, plain, is_whole=is_whole).width
    return read_table(path, replace(plain, features=f"1..{width}"), sink, "raw")


def _read_metadata(path: Path, wishes: Wishes) -> tuple[int, Table]:
    """How many samples are described, and a table of everything but samples."""
    with Lines(path) as lines:
        every = iter(lines)
        head, is_whole = read_head(every)
        grid = _metadata_grid(head, is_whole=is_whole)
        told = _Told(grid, wishes)
        for block in blocks(itertools.chain(head, every), grid):
            told.take([row for _, row in block], [line for line, _ in block])
    return told.rows, told.table()


def _metadata_grid(head: list[str], *, is_whole: bool) -> Grid:
    """A single column has no name, several have: the rule of the projector."""
    is_single = not any("\t" in line for line in head)
    if is_single:
        rows = tuple((n, [line]) for n, line in enumerate(head, 1) if line.strip())
        return Grid("", ".", 0, False, ("label",), rows)
    return understand(head, Wishes(delimiter="tab", header="yes"), is_whole=is_whole)


class _Told:
    """Gathers what metadata say of samples."""

    def __init__(self, grid: Grid, wishes: Wishes) -> None:
        self.rows = 0
        self._remarks: list[str] = []
        columns = zip(*(row for _, row in grid.body), strict=True)
        named = zip(unlike(grid.names)[0], columns, strict=True)
        self._fields = [field_of(name, cells, grid.decimal) for name, cells in named]
        self._label = self._label_of(wishes)
        places = range(len(self._fields))
        self._name = next((p for p in places if self._is_name(self._fields[p])), None)
        rest = [place for place in places if place not in (self._label, self._name)]
        self._words = {p: Words(self._fields[p].name) for p in rest if self._is_text(p)}
        if self._label is not None:
            self._words[self._label] = Words(self._fields[self._label].name)
        self._places = [
            p for p in rest if self._fields[p].kind == "number" and not self._fields[p].is_count
        ]
        names = [self._fields[place].name for place in self._places]
        self._numbers = Numbers(grid.decimal, self._places, names)
        self._measures: list[Any] = []
        self._names: list[str] = []

    def _label_of(self, wishes: Wishes) -> int | None:
        if len(self._fields) == 1 and not wishes.label:
            return None if self._is_name(self._fields[0]) else 0
        return label_of(self._fields, wishes, {}, self._remarks)

    def _is_name(self, field: Field) -> bool:
        return field.kind == "text" and field.is_unique

    def _is_text(self, place: int) -> bool:
        return self._fields[place].kind == "text"

    def take(self, rows: list[list[str]], lines: list[int]) -> None:
        """Add rows of cells with the numbers of their lines."""
        for place, words in self._words.items():
            words.add([row[place] for row in rows])
        if self._places:
            self._measures.append(self._numbers.of(rows, lines))
        if self._name is not None and len(self._names) <= MOST_NAMES:
            self._names += [row[self._name].strip() for row in rows]
        self.rows += len(rows)

    def table(self) -> Table:
        """All of it."""
        measures = np.concatenate(self._measures) if self._measures else np.empty((0, 0))
        return Table(
            samples=np.empty((0, 0), np.float32),
            features=[],
            label=None if self._label is None else self._words[self._label],
            words=[words for place, words in self._words.items() if place != self._label],
            numbers={
                self._fields[place].name: np.ascontiguousarray(measures[:, column], np.float32)
                for column, place in enumerate(self._places)
            },
            names=self._names if len(self._names) == self.rows else [],
            remarks=self._remarks,
        )
