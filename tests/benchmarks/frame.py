"""What a benchmark is: a function that yields rows, entered by `@benchmark(name, goals=…)`.

    @benchmark("map", goals={"repaint, 70,000 points": "ratio <= 0.5"})
    def measure_map(full: bool) -> Iterator[Row]:
        yield row("repaint, 70,000 points", ours, "ms", reference=theirs)

Goals are named beforehand, so that one that could not be measured is a row too: it does not hold.
A goal speaks of the row's `ratio` (value / reference) or of its `value`.
"""

import json
import math
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

GOAL = re.compile(r"(?P<what>ratio|value) (?P<sign><=|>=) (?P<limit>-?[0-9.]+(e-?[0-9]+)?)")


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        name: What was measured, unique within its benchmark.
        value: The figure, None where it could not be measured.
        unit: Its unit.
        reference: The figure of what it is compared with, in the same unit; None without.
        ratio: value / reference, None without a reference.
        floor: What the figure could not go below on this machine (bytes moved, operations, calls),
            measured or computed in the same run and in the same unit; None where nobody knows.
        goal: Such as "ratio <= 0.5"; None where the row only informs.
        holds: Whether the goal is reached; None without a goal.
    """

    name: str
    value: float | None
    unit: str = ""
    reference: float | None = None
    ratio: float | None = None
    floor: float | None = None
    goal: str | None = None
    holds: bool | None = None


def row(
    name: str,
    value: float | None,
    unit: str,
    *,
    reference: float | None = None,
    floor: float | None = None,
) -> Row:
    """A row without its goal, which the frame adds."""
    value, reference = _finite(value), _finite(reference)
    ratio = None if value is None or not reference else value / reference
    return Row(name, value, unit, reference, ratio, _finite(floor))


def _finite(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else float(number)


Measure = Callable[[bool], Iterable[Row]]


@dataclass(frozen=True)
class Benchmark:
    """A registered benchmark: its name, its function, its goals by row name."""

    name: str
    measure: Measure
    goals: Mapping[str, str] = field(default_factory=dict)


BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(name: str, *, goals: Mapping[str, str] | None = None) -> Callable[[Measure], Measure]:
    """Enter a function `measure(full: bool)` that yields rows.

    Raises:
        ValueError: If the name is taken or a goal cannot be read.
    """
    if name in BENCHMARKS:
        raise ValueError(f"a benchmark named {name!r} is registered already")
    for goal in (goals or {}).values():
        if not GOAL.fullmatch(goal):
            raise ValueError(f"a goal reads like 'ratio <= 0.5', not {goal!r}")

    def enter(measure: Measure) -> Measure:
        BENCHMARKS[name] = Benchmark(name, measure, dict(goals or {}))
        return measure

    return enter


def judge(measured: Row, goal: str | None) -> Row:
    """The row with its goal and whether it holds; what was not measured does not hold."""
    if goal is None:
        return measured
    matched = GOAL.fullmatch(goal)
    if matched is None:
        raise ValueError(f"a goal reads like 'ratio <= 0.5', not {goal!r}")
    figure = measured.ratio if matched["what"] == "ratio" else measured.value
    limit = float(matched["limit"])
    holds = figure is not None and (figure <= limit if matched["sign"] == "<=" else figure >= limit)
    return Row(**{**asdict(measured), "goal": goal, "holds": holds})


def run(chosen: Benchmark, full: bool, complain: Callable[[str], None]) -> Iterator[Row]:
    """Measure; a goal that was not reached because something went wrong gets its row too."""
    missing = dict(chosen.goals)
    try:
        for measured in chosen.measure(full):
            yield judge(measured, missing.pop(measured.name, None))
    except Exception:  # noqa: BLE001  whatever went wrong, the other rows count
        complain(traceback.format_exc())
    for name, goal in missing.items():
        yield judge(Row(name, None), goal)


def to_json(rows: Iterable[Row]) -> str:
    """A list of objects with the fields of `Row`."""
    return json.dumps([asdict(each) for each in rows], indent=1) + "\n"


def from_json(text: str) -> list[Row]:
    """What `to_json` wrote."""
    return [Row(**each) for each in json.loads(text)]


def table(rows: Iterable[Row]) -> str:
    """The rows as aligned text."""
    lines = [("name", "value", "unit", "reference", "ratio", "floor", "goal", "holds")]
    lines += [tuple(_cell(value) for value in asdict(each).values()) for each in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
