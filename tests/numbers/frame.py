"""What a set of figures is: a function that yields them, entered by `@figures(name, title=…)`.

    @figures("pca", title="Linear autoencoder and PCA")
    def measure(quick: bool) -> Iterator[Figure]:
        yield Figure("MNIST, k = 2", ours, "0.055953", holds=…, unit="mse", source="…")

Every set is trained and measured when the command runs, and stored under `build/numbers` with the
day and the versions; the page is written from what is stored.
"""

import json
import math
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import torch

from aeviz import __version__


@dataclass(frozen=True)
class Figure:
    """One figure beside what it is compared with.

    Attributes:
        name: What was measured, unique within its set.
        ours: This program's figure.
        reference: The figure or range of the source, as a person reads it; "" where there is none.
        holds: Whether ours is what it must be; None where the row only informs.
        unit: Of both.
        source: Where the reference comes from.
        error: Standard error of ours, None where it has none.
        note: One sentence more, or "".
    """

    name: str
    ours: float
    reference: str = ""
    holds: bool | None = None
    unit: str = ""
    source: str = ""
    error: float | None = None
    note: str = ""


Measure = Callable[[bool], Iterable[Figure]]


@dataclass(frozen=True)
class Figures:
    """A registered set of figures."""

    name: str
    title: str
    measure: Measure


@dataclass(frozen=True)
class Record:
    """A set of figures as measured on a day; `quick` ones are no evidence, only a trial."""

    name: str
    title: str
    day: str
    seconds: float
    quick: bool
    versions: dict[str, str]
    figures: list[Figure] = field(default_factory=list)


FIGURES: dict[str, Figures] = {}


def figures(name: str, *, title: str) -> Callable[[Measure], Measure]:
    """Enter a function `measure(quick: bool)` that yields figures.

    Raises:
        ValueError: If the name is taken.
    """
    if name in FIGURES:
        raise ValueError(f"a set of figures named {name!r} is registered already")

    def enter(measure: Measure) -> Measure:
        FIGURES[name] = Figures(name, title, measure)
        return measure

    return enter


def measured(chosen: Figures, quick: bool, tell: Callable[[str], None]) -> Record:
    """Measure a set now, telling every figure as it comes."""
    began = time.monotonic()
    found = []
    for figure in chosen.measure(quick):
        found.append(figure)
        tell(line(figure))
    versions = {
        "aeviz": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    seconds = time.monotonic() - began
    return Record(
        chosen.name, chosen.title, date.today().isoformat(), seconds, quick, versions, found
    )


def to_json(record: Record) -> str:
    """The record as its file keeps it."""
    return json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> Record:
    """What `to_json` wrote."""
    row: dict[str, Any] = json.loads(text)
    return Record(**{**row, "figures": [Figure(**figure) for figure in row["figures"]]})


def line(figure: Figure) -> str:
    """A figure as one line of text."""
    word = {True: "holds", False: "DOES NOT HOLD", None: ""}[figure.holds]
    parts = [f"{figure.name}: {value(figure)} {figure.unit}".rstrip()]
    parts += [f"reference {figure.reference}"] if figure.reference else []
    return " · ".join([*parts, word] if word else parts)


def value(figure: Figure) -> str:
    """Ours with its standard error, to digits that mean something."""
    if figure.error is None:
        return f"{figure.ours:.5g}"
    digits = max(0, 1 - math.floor(math.log10(figure.error))) if figure.error > 0 else 5
    return f"{figure.ours:.{digits}f} ± {figure.error:.{digits}f}"


def page(records: Iterable[Record]) -> str:
    """The help page with all records, as Markdown."""
    return "\n".join([HEAD, *(text for record in records for text in _section(record))]) + "\n"


HEAD = """# Checked against published and exact figures

What a correct implementation reproduces, beside what this program computed. The whole page is made
by one command, `python -m tests.numbers`, which trains them anew, set by set; the day and the
versions stand under each table. Lines marked ✓ must hold, and did; ✗ did not.
"""


def _section(record: Record) -> Iterator[str]:
    yield f"## {record.title}\n"
    yield "| What | Ours | Reference | Unit | | Source |"
    yield "|---|---|---|---|---|---|"
    notes = []
    for figure in record.figures:
        mark = {True: "✓", False: "✗", None: ""}[figure.holds]
        cells = (figure.name, value(figure), figure.reference, figure.unit, mark, figure.source)
        yield "| " + " | ".join(cells) + " |"
        notes += [f"{figure.name}: {figure.note}"] if figure.note else []
    yield ""
    for note in notes:
        yield f"- {note}"
    versions = ", ".join(f"{name} {number}" for name, number in record.versions.items())
    trial = " **A quick trial, no evidence.**" if record.quick else ""
    yield f"\n*Measured {record.day} in {record.seconds:.0f} s, on the CPU ({versions}).*{trial}\n"
