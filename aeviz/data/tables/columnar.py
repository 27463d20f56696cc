"""Reads tables that are stored by column, Parquet and Feather. Runs in the child process."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.reader import Sink
from aeviz.data.tables.cells import number
from aeviz.data.tables.gathering import Table, Turned, Upright
from aeviz.data.tables.layout import Layout, study
from aeviz.data.tables.looking import Head, head_facts
from aeviz.data.tables.options import Wishes
from aeviz.data.tables.reading import BLOCK_CELLS, HEAD_LINES, MOST_COLUMNS, blurred_remarks
from aeviz.data.tables.settling import settle

HEAD_CELLS = 200_000


@dataclass(frozen=True)
class Stored:
    """A file whose header has been read.

    Attributes:
        names: Of the columns that are no lists or structures.
        rows: How many there are.
        batches: Gives those columns, so many rows at a time.
        left_out: Names of the others.
    """

    names: list[str]
    rows: int
    batches: Any
    left_out: list[str]


def read(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Read a table into the arrays of `settling.settle`, whose facts it returns.

    Raises:
        DataError: With row and column.
    """
    wishes = Wishes.of(options)
    return settle(read_table(path, wishes, sink, "raw"), wishes, sink)


def read_table(path: Path, wishes: Wishes, sink: Sink, name: str) -> Table:
    """As `reading.read_table`."""
    with _refused():
        stored = open_stored(path)
        layout = _layout(stored, wishes)
        found: Upright | Turned
        if layout.is_turned:
            found = Turned(layout, ".", sink, name, wishes)
        else:
            found = Upright(layout, ".", sink, name)
        found.numbers.word = "row"
        size = max(1, BLOCK_CELLS // len(stored.names))
        for batch in stored.batches(size):
            if isinstance(found, Turned):
                found.take(_rows(batch), range(found.rows + 1, found.rows + len(batch) + 1))
            else:
                _add(found, batch, layout)
            sink.report(found.rows / max(1, stored.rows), f"{found.rows:,} rows")
        table = found.finish()
    table.remarks += [*blurred_remarks(found.numbers.blurred), *_told(stored)]
    return table


def look(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """As `looking.look`."""
    wishes = Wishes.of(options)
    with _refused():
        stored = open_stored(path)
        rows = _head(stored)
    facts = head_facts(
        Head(
            names=stored.names,
            rows=rows,
            decimal=".",
            is_whole=len(rows) == stored.rows,
            count=stored.rows,
            lines=range(1, len(rows) + 1),
        ),
        wishes,
    )
    facts["remarks"] += _told(stored)
    return facts


@contextmanager
def _refused() -> Iterator[None]:
    """Turn what the library says of a damaged file into a sentence."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"it is damaged: {' '.join(str(error).split())[:200]}") from error


def open_stored(path: Path) -> Stored:
    """Read the header of a file.

    Raises:
        DataError: If it has no columns of numbers or words, no rows, or too many columns.
    """
    import pyarrow
    from pyarrow import ipc, parquet

    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    if is_parquet:
        whole = parquet.ParquetFile(path)
        schema, rows = whole.schema_arrow, whole.metadata.num_rows
    else:
        whole = ipc.open_file(pyarrow.memory_map(str(path)))
        schema, rows = whole.schema, -1
    if len(schema.names) > MOST_COLUMNS:
        raise DataError(f"it has {len(schema.names):,} columns, and {MOST_COLUMNS:,} can be read")
    flat = [field.name for field in schema if not pyarrow.types.is_nested(field.type)]
    names = [name for name in flat if flat.count(name) == 1]
    if not names or rows == 0:
        raise DataError("it holds no columns of numbers or words" if rows else "it holds no rows")
    if is_parquet:
        batches = _of_parquet(whole, names)
    else:
        batches = _of_feather(whole, names)
        rows = sum(whole.get_batch(place).num_rows for place in range(whole.num_record_batches))
    return Stored(names, rows, batches, [name for name in schema.names if name not in names])


def _of_parquet(whole: Any, names: list[str]) -> Any:
    def batches(size: int) -> Iterator[Any]:
        yield from whole.iter_batches(batch_size=size, columns=names, use_threads=False)

    return batches


def _of_feather(whole: Any, names: list[str]) -> Any:
    def batches(size: int) -> Iterator[Any]:
        for place in range(whole.num_record_batches):
            batch = whole.get_batch(place).select(names)
            batch.validate(full=True)  # offsets that lead out of the buffers end the process
            for first in range(0, batch.num_rows, size):
                yield batch.slice(first, size)

    return batches


# ── columns ───────────────────────────────────────────────────────────────────────────────────


def _layout(stored: Stored, wishes: Wishes) -> Layout:
    columns = [list(cells) for cells in zip(*_head(stored), strict=True)]
    return study(stored.names, columns, ".", wishes)


def _head(stored: Stored) -> list[list[str]]:
    """The first rows as words."""
    size = max(3, min(HEAD_LINES, HEAD_CELLS // len(stored.names)))
    first = next(iter(stored.batches(size)), None)
    if first is None:
        raise DataError("it holds no rows")
    return _rows(first)


def _rows(batch: Any) -> list[list[str]]:
    columns = [_words(batch.column(place)) for place in range(batch.num_columns)]
    return [list(row) for row in zip(*columns, strict=True)]


def _add(found: Upright, batch: Any, layout: Layout) -> None:
    """Add a batch of rows without making words of its numbers."""
    begun = found.rows
    rows = range(begun + 1, begun + len(batch) + 1)
    numbers = [_numbers(batch.column(place), layout.fields[place].name, begun)
               for place in found.numbers.places]  # fmt: skip
    values = np.stack(numbers, axis=1) if numbers else np.empty((len(batch), 0))
    words = {place: _words(batch.column(place)) for place in found.spoken}
    place = layout.place("name")
    names = [] if place is None else _words(batch.column(place))
    found.add(found.numbers.check(values, rows), words, names)


def _numbers(column: Any, name: str, begun: int) -> NDArray[np.float64]:
    """A column as numbers, NaN where it has none."""
    from pyarrow import compute, float64, types

    kind = column.type
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        cast = compute.cast(column, float64(), safe=False)
        found: NDArray[np.float64] = cast.to_numpy(zero_copy_only=False)
        return found
    cells = _words(column)
    values = np.empty(len(cells))
    for place, cell in enumerate(cells):
        try:
            values[place] = number(cell, ".")
        except ValueError:
            raise DataError(
                f"row {begun + place + 1}, column {name!r}: {cell[:40]!r} is no number: correct "
                "it, or choose other columns with --set data.features=NAMES"
            ) from None
    return values


def _words(column: Any) -> list[str]:
    """A column as words, "" where it has no value."""
    return ["" if value is None else _word(value) for value in column.to_pylist()]


def _word(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value)


def _told(stored: Stored) -> Sequence[str]:
    if not stored.left_out:
        return ()
    names = ", ".join(repr(name) for name in stored.left_out[:5])
    return (f"columns of lists, or of a name that stands twice, are left out: {names}",)
