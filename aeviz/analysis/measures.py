"""Measures of a model on samples by name: a registry of functions of a `Case`.

A measure of one's own is one function with `@register_measure("name", …)` in a file of this
package; `aeviz measure` and `Run.measure` find it.
"""

import importlib
import math
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

import aeviz.analysis
from aeviz.data.dataset import Column
from aeviz.messages import FloatArray, IntArray
from aeviz.models.base import LatentModel
from aeviz.models.options import unknown

SLICE_VALUES = 2**22
"""Values of samples that go through a model at once."""

SLICE_ROWS = 2**15
"""Samples at most that go through a model at once: those of few features have wide layers too."""


class NotApplicable(ValueError):
    """A measure means nothing for this model or these samples; the message says why."""


@dataclass(frozen=True, eq=False)
class Case:
    """A model and the samples that it is measured on.

    Attributes:
        model: In `eval()`, on the CPU.
        x: Scaled samples, float32 (N, *shape).
        latents: What the model encodes them to, (N, D).
        labels: (N,), -1 where missing; None without labels.
        columns: What else is known of every sample, (N,) each.
        seed: Of the run: every random number of a measure comes from it.
        part: Which samples they are: "train", "validation", or a data set's name.
        condition: What a conditional model is told, (N, …); None for the others.
    """

    model: LatentModel
    x: Tensor
    latents: FloatArray
    labels: IntArray | None = None
    columns: tuple[Column, ...] = ()
    seed: int = 0
    part: str = "validation"
    condition: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def generator(self) -> torch.Generator:
        """A generator that starts anew from the seed: the order of measures changes nothing."""
        return torch.Generator().manual_seed(self.seed)

    def told(self, rows: slice | Tensor) -> Tensor | None:
        """The condition of some samples."""
        return None if self.condition is None else self.condition[rows]

    def slices(self, times: int = 1) -> Iterator[slice]:
        """Cut the samples into slices that fit into the memory, each sample repeated `times`."""
        values = max(1, math.prod(self.x.shape[1:])) * times
        size = max(1, min(SLICE_VALUES // values, SLICE_ROWS // times))
        for first in range(0, len(self.x), size):
            yield slice(first, first + size)


class Measured(NamedTuple):
    """What a measure found.

    Attributes:
        value: In the measure's unit.
        stderr: Standard error of the value as a mean over samples; None where it has none.
    """

    value: float
    stderr: float | None = None


Measure = Callable[[Case], Measured]
"""`measure(case)`; runs without a gradient; raises NotApplicable where it means nothing."""


@dataclass(frozen=True)
class MeasureEntry:
    """A registered measure: its name, what a person reads of it, and the function."""

    name: str
    title: str
    unit: str
    definition: str
    measure: Measure


@dataclass(frozen=True)
class Row:
    """One measure of one case, as `aeviz measure` tells it.

    Attributes:
        name: Registered name.
        title: What a person reads.
        value: None where the measure does not apply or is not finite.
        unit: Of the value; an empty string for a plain number.
        part: Which samples it is of.
        definition: One sentence.
        stderr: Standard error, or None.
        reason: Why there is no value, or an empty string.
    """

    name: str
    title: str
    value: float | None
    unit: str
    part: str
    definition: str
    stderr: float | None = None
    reason: str = ""


MEASURES: dict[str, MeasureEntry] = {}
"""Every registered measure by name, those of this package after `all_measures()`."""

MeasureFunction = TypeVar("MeasureFunction", bound=Measure)


def register_measure(
    name: str, *, title: str, unit: str = "", definition: str
) -> Callable[[MeasureFunction], MeasureFunction]:
    """Enter a measure into the registry under a name that nobody else has.

    Raises:
        ValueError: If the name is taken.
    """

    def enter(function: MeasureFunction) -> MeasureFunction:
        if name in MEASURES:
            raise ValueError(f"a measure named {name!r} is registered already")
        MEASURES[name] = MeasureEntry(name, title, unit, definition, function)
        return function

    return enter


def all_measures(only: Sequence[str] = ()) -> list[MeasureEntry]:
    """The registered measures in the order of registration, or those asked for.

    Raises:
        ValueError: If there is no measure of a name.
    """
    _import_files()
    for name in only:
        if name not in MEASURES:
            raise ValueError(unknown(name, list(MEASURES), "measure"))
    return [entry for entry in MEASURES.values() if not only or entry.name in only]


@torch.no_grad()
def measured(entry: MeasureEntry, case: Case) -> Row:
    """Apply one measure; what does not apply has a reason instead of a value."""
    value, stderr, reason = None, None, ""
    try:
        value, stderr = entry.measure(case)
    except NotApplicable as error:
        reason = str(error)
    if value is not None and not math.isfinite(value):
        value, stderr, reason = None, None, "it is not finite with these weights"
    return Row(
        name=entry.name,
        title=entry.title,
        value=value,
        unit=entry.unit,
        part=case.part,
        definition=entry.definition,
        stderr=stderr if stderr is not None and math.isfinite(stderr) else None,
        reason=reason,
    )


@cache
def _import_files() -> None:
    """Import every file of the package once: each registers its measures."""
    for module in pkgutil.iter_modules(aeviz.analysis.__path__):
        importlib.import_module(f"aeviz.analysis.{module.name}")


def as_mapping(row: Row, epoch: int) -> dict[str, Any]:
    """A measure as a plain dict; what it has not is left out."""
    plain = {**asdict(row), "epoch": epoch}
    lacking = {"stderr": plain["stderr"] is None, "reason": not plain["reason"]}
    return {name: value for name, value in plain.items() if not lacking.get(name, False)}
