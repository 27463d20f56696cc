"""What a table looks like, for a person who decides how it is read. Runs in the child process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.reader import Sink
from aeviz.data.tables.cells import is_missing
from aeviz.data.tables.gathering import Numbers
from aeviz.data.tables.grid import Grid, understand
from aeviz.data.tables.layout import Field, Layout, field_of, study, unlike
from aeviz.data.tables.options import DELIMITERS, Wishes
from aeviz.data.tables.reading import read_head
from aeviz.data.tables.scaling import choose_scaling
from aeviz.data.tables.settling import several
from aeviz.data.tables.text import Lines

SHOWN_ROWS, SHOWN_COLUMNS = 20, 100
LONGEST_CELL = 60


def look(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """What the beginning of a text table says of all of it.

    Returns:
        The facts of `previewing.Preview`; where something is undecided or wrong, its sentence with
        as much of the table as could be understood.
    """
    wishes = Wishes.of(options)
    with Lines(path) as lines:
        head, is_whole = read_head(iter(lines))
        whole = len(head) if is_whole else lines.number / lines.share
        encoding = lines.encoding
    try:
        grid = understand(head, wishes, is_whole=is_whole)
    except DataError as error:
        return {"sentence": str(error), "rows": [[line[:200]] for line in head[:SHOWN_ROWS]]}
    count = round(whole * len(grid.body) / len(head))
    found = {
        "delimiter": next((w for w, letter in DELIMITERS.items() if letter == grid.delimiter), ""),
        "decimal": "comma" if grid.decimal == "," else "point",
        "header": "yes" if grid.has_header else "no",
        "encoding": encoding,
    }
    facts = head_facts(_as_head(grid, count, is_whole=is_whole), wishes)
    facts["found"] = {**found, **facts["found"]}
    return facts


def _as_head(grid: Grid, count: int, *, is_whole: bool) -> "Head":
    lines, rows = [line for line, _ in grid.body], [row for _, row in grid.body]
    return Head(grid.names, rows, grid.decimal, is_whole, count, lines)


@dataclass(frozen=True)
class Head:
    """The beginning of a table, however it is stored.

    Attributes:
        names: Of its columns.
        rows: Cells as words.
        decimal: "." or ",".
        is_whole: Whether there are no more rows.
        count: Rows of the whole, estimated where there are more.
        lines: Where the rows stand in the file.
    """

    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    decimal: str
    is_whole: bool
    count: int
    lines: Sequence[int]


def head_facts(head: Head, wishes: Wishes) -> dict[str, Any]:
    """Columns with their roles, first rows, and what is odd about them."""
    columns = [list(cells) for cells in zip(*head.rows, strict=True)]
    sentence, remarks = "", list[str]()
    try:
        layout = study(head.names, columns, head.decimal, wishes)
        told, sentence = _oddities(head, layout, wishes)
        remarks += [*layout.remarks, *told]
        fields, is_turned = layout.fields, layout.is_turned
    except DataError as error:
        sentence, is_turned = str(error), False
        fields = _by_kind(head, columns)
    features = sum(field.role == "feature" for field in fields)
    upright = {"samples": head.count, "features": features}
    turned = {"samples": features, "features": head.count}
    return {
        "sentence": sentence,
        "found": {"orientation": "columns" if is_turned else "rows"},
        "columns": [
            _column(field, cells)
            for field, cells in zip(fields[:SHOWN_COLUMNS], columns, strict=False)
        ],
        "all_columns": [field.name for field in fields],
        "roles": [field.role for field in fields],
        "rows": [[_short(cell) for cell in row[:SHOWN_COLUMNS]] for row in head.rows[:SHOWN_ROWS]],
        "is_estimate": not head.is_whole,
        "remarks": remarks,
        **(turned if is_turned else upright),
    }


def _by_kind(head: Head, columns: Sequence[Sequence[str]]) -> tuple[Field, ...]:
    """Columns of which a person has to say more: numbers as features, words as colours."""
    roles = {"number": "feature", "text": "colour", "empty": "ignored"}
    named = zip(unlike(head.names)[0], columns, strict=True)
    seen = [field_of(name, cells, head.decimal) for name, cells in named]
    return tuple(replace(field, role=roles[field.kind]) for field in seen)


def _column(field: Field, cells: Sequence[str]) -> dict[str, Any]:
    missing = sum(is_missing(cell) for cell in cells)
    return {"name": field.name, "kind": field.kind, "role": field.role, "missing": missing}


def _short(cell: str) -> str:
    cell = " ".join(cell.split())
    return cell if len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL - 1] + "…"


def _oddities(head: Head, layout: Layout, wishes: Wishes) -> tuple[list[str], str]:
    """Missing values, constant features, duplicates and the scaling, by the rows that were seen.

    Returns:
        Remarks, and a sentence where a person has to decide about missing values.

    Raises:
        DataError: Where a cell of a feature is neither a number nor missing.
    """
    values, names = _values(head, layout)
    there = np.isfinite(values)
    told, undecided = list[str](), ""
    seen = "" if head.is_whole else f"in the first {len(head.rows):,} rows: "
    if not there.all():
        rows = several(int(np.count_nonzero(~there.all(axis=1))), "sample", "samples")
        count = several(int(np.count_nonzero(~there)), "value is", "values are")
        told.append(f"{seen}{count} missing or not finite, in {rows} of {len(values):,}")
    if told and wishes.missing == "stop":
        undecided = f"{told.pop()}: choose what is done about missing values"
    whole = values[there.all(axis=1)]
    if len(whole) > 1:
        if same := int((whole == whole[0]).all(axis=0).sum()):
            told.append(f"{seen}{several(same, 'feature does', 'features do')} not change")
        if again := len(whole) - len(np.unique(whole, axis=0)):
            told.append(f"{seen}{several(again, 'sample equals', 'samples equal')} an earlier one")
        choose_scaling(whole, names, wishes.scaling, told)
    return told, undecided


def _values(head: Head, layout: Layout) -> tuple[NDArray[np.float32], list[str]]:
    """The features of the rows that were seen, samples in rows, and their names."""
    places = layout.places("feature")
    names = [layout.fields[place].name for place in places]
    values = Numbers(head.decimal, places, names).of(head.rows, head.lines)
    if not layout.is_turned:
        return values, names
    return np.ascontiguousarray(values.T), [row[0] for row in head.rows]
