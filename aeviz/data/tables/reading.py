"""Reads a table that is text: in the child process, line by line, with bounded memory."""

import gc
import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aeviz.data.dataset import DataError
from aeviz.data.reader import Sink
from aeviz.data.tables.gathering import Table, Turned, Upright
from aeviz.data.tables.grid import Grid, Record, check_width, records, understand
from aeviz.data.tables.layout import Layout, study
from aeviz.data.tables.options import Wishes
from aeviz.data.tables.settling import settle
from aeviz.data.tables.text import Lines

HEAD_LINES, HEAD_LETTERS = 1000, 2**20
"""Of a file, what its columns are judged by."""

BLOCK_CELLS = 100_000
"""Cells that are turned into numbers at a time."""

MOST_COLUMNS = 200_000


def read(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Read a table into the arrays of `settling.settle`, whose facts it returns.

    Raises:
        DataError: With line and column.
    """
    gc.disable()  # a million cells without a cycle: looking for some took a quarter of the time
    wishes = Wishes.of(options)
    return settle(read_table(path, wishes, sink, "raw"), wishes, sink)


def read_table(path: Path, wishes: Wishes, sink: Sink, name: str) -> Table:
    """Read a table as it stands.

    Args:
        path: The file.
        wishes: What a person has decided.
        sink: Where its numbers go.
        name: Of their array.

    Raises:
        DataError: With line and column.
    """
    with Lines(path) as lines:
        every = iter(lines)
        head, is_whole = read_head(every)
        grid, layout = look(head, wishes, is_whole=is_whole)
        found: Upright | Turned
        if layout.is_turned:
            found = Turned(layout, grid.decimal, sink, name, wishes)
        else:
            found = Upright(layout, grid.decimal, sink, name)
        for block in blocks(itertools.chain(head, every), grid):
            found.take([row for _, row in block], [line for line, _ in block])
            sink.report(lines.share, f"{found.rows:,} rows")
        table = found.finish()
        table.remarks += _remarks(lines.encoding, found.numbers.blurred)
        return table


def read_head(lines: Iterator[str]) -> tuple[list[str], bool]:
    """The first lines, and whether there are no more."""
    head: list[str] = []
    letters = 0
    for line in lines:
        head.append(line)
        letters += len(line)
        if len(head) >= HEAD_LINES or (letters > HEAD_LETTERS and len(head) > 3):
            return head, False
    return head, True


def look(head: list[str], wishes: Wishes, *, is_whole: bool) -> tuple[Grid, Layout]:
    """How the first lines are a table, and what its columns are."""
    grid = understand(head, wishes, is_whole=is_whole)
    if grid.width > MOST_COLUMNS:
        raise DataError(f"it has {grid.width:,} columns, and {MOST_COLUMNS:,} can be read")
    columns = [list(cells) for cells in zip(*(row for _, row in grid.body), strict=True)]
    return grid, study(grid.names, columns, grid.decimal, wishes)


def blocks(lines: Iterable[str], grid: Grid) -> Iterator[list[Record]]:
    """The rows below the names, so many at a time that they take bounded memory.

    Raises:
        DataError: With its line, where a row has more or fewer cells than there are names.
    """
    width, first = grid.width, 0
    size = max(1, BLOCK_CELLS // width)
    rows = records(itertools.islice(lines, grid.skipped, None), grid.delimiter, grid.skipped)
    if grid.has_header:
        first = next(rows)[0]
    while block := list(itertools.islice(rows, size)):
        first = first or block[0][0]
        for line, row in block:
            if len(row) != width:
                check_width(line, row, width, first)
        yield block


def _remarks(encoding: str, blurred: list[str]) -> list[str]:
    remarks = [] if encoding == "UTF-8" else [f"its text was read as {encoding}"]
    return remarks + blurred_remarks(blurred)


def blurred_remarks(blurred: list[str]) -> list[str]:
    """A sentence about features that lose their digits, where there are some."""
    if not blurred:
        return []
    more = f" (and {len(blurred) - 1:,} more)" if len(blurred) > 1 else ""
    return [
        f"{blurred[0]!r} differs so little beside its size that single precision keeps hardly a "
        f"digit of it: subtract a constant from it in the file{more}"
    ]
