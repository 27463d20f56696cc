"""Rows of the table of what was tried against the program, kept as lines of JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.robustness.fuzzing import Result

HEAD = ("What", "Tried", "Refused", "Accepted", "Wrong", "Executed", "Ended", "Memory", "Seconds")


@dataclass(frozen=True)
class Row:
    """What became of everything that was tried of one kind.

    Attributes:
        part: "own", "foreign", "list" or "kills".
        item: What was tried: the kind of file, or the number of the item and what it says.
        tried: How many inputs, or kills.
        refused: With one sentence that names the file; of kills, how often the old file stood.
        accepted: As sound; of kills, how often the new file stood.
        wrong: Neither: believed though damaged, a refusal without a name, another error, a file
            that is neither old nor new.
        executed: Programs, connections, imports and writes that an input caused.
        ended: Processes that an input ended, which are not the window's.
        memory: Bytes at most beside what there was before.
        seconds: How long it took.
        note: Why something was not tried here, or what is to be known of it.
    """

    part: str
    item: str
    tried: int
    refused: int = 0
    accepted: int = 0
    wrong: int = 0
    executed: int = 0
    ended: int = 0
    memory: int = 0
    seconds: float = 0.0
    note: str = ""


def of_result(part: str, item: str, result: Result) -> Row:
    """The row of damaged files."""
    return Row(
        part,
        item,
        result.tried,
        result.refused,
        result.accepted,
        len(result.defects),
        len(result.executed),
        len(result.ended),
        result.peak,
        result.seconds,
        "; ".join([*result.defects[:1], *result.executed[:1]])[:200],
    )


def keep(file: Path, row: Row) -> None:
    """Add a row to a file of rows."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(row)) + "\n")


def kept(file: Path) -> list[Row]:
    """The rows of a file; of the same thing the one with the most inputs."""
    found: dict[tuple[str, str], Row] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        row = Row(**json.loads(line))
        before = found.get((row.part, row.item))
        if before is None or row.tried >= before.tried:
            found[row.part, row.item] = row
    return list(found.values())


def cells(row: Row) -> list[str]:
    """A row as words."""
    numbers = (row.tried, row.refused, row.accepted, row.wrong, row.executed, row.ended)
    memory = f"{row.memory / 2**20:,.0f} MB"
    return [row.item, *(f"{number:,}" for number in numbers), memory, f"{row.seconds:,.1f}"]


def as_text(rows: Iterable[Row]) -> str:
    """The table in columns of letters."""
    lines = [list(HEAD), *map(cells, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    return "\n".join(_aligned(line, widths) for line in lines)


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(line, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])
