"""Instruments: what judges the latents of an epoch and takes seconds; a registry of functions.

One is one file: a function of a `Study` with `@register_instrument("name", …)` and the options it
takes. It runs in a child process, so it may take its time; it says how far it is and may be ended
at any moment. Its findings are kept with the run.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass as configuration
from torch import Tensor, from_numpy

import aeviz.analysis
from aeviz.analysis.measures import Case, NotApplicable
from aeviz.analysis.questions import Findings
from aeviz.data.dataset import Column
from aeviz.messages import ByteArray, FloatArray, IntArray
from aeviz.models.base import LatentModel
from aeviz.models.options import FORBID_EXTRA, configure, unknown

Report = Callable[[float | None, str], None]
"""Told the share that is done, None where nobody knows, and what is done now."""

TRAIN, VALIDATION = 0, 1
"""The values of `Study.parts`."""


def unheard(share: float | None, phrase: str) -> None:
    """A report that nobody reads."""


@dataclass(frozen=True, eq=False)
class Study:
    """A run at an epoch, as instruments look at it. All arrays have a row for every shown sample.

    Attributes:
        latents: Of the shown samples, float32 (N, D).
        positions: What the map shows of them at first, float32 (N, 2).
        parts: 0 where the model was trained on the sample, 1 where it was held out, uint8 (N,).
        labels: int64 (N,), -1 where missing; None without labels.
        index: Number of each sample in its data set, int64 (N,).
        class_names: Name of each label, or ().
        feature_names: Of a table, or ().
        is_image: Whether samples are images.
        read_columns: Returns what else is known of the shown samples, with the factors that they
            were generated from where the data set is still there.
        epoch: Whose latents they are.
        seed: Every random number of an instrument comes from it.
        make_model: Returns the model with the weights of the epoch, in `eval()`, on the CPU;
            raises NotApplicable where the run has none.
        read: Returns shown samples as the model sees them by rows, float32 (K, C, H, W) or (K, F);
            raises NotApplicable where they are gone.
        tell: Returns the own conditions of shown samples by rows, None of a model without.
        own_units: Samples as a model sees them, channels last, as a person reads them.
        metrics: Of every epoch by name, float64 (E,).
        settings: What the run was trained with, group → name → value.
        report: Told how far it is.
    """

    latents: FloatArray
    positions: FloatArray
    parts: ByteArray
    labels: IntArray | None
    index: IntArray
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    is_image: bool
    read_columns: Callable[[], tuple[Column, ...]]
    epoch: int
    seed: int
    make_model: Callable[[], LatentModel]
    read: Callable[[IntArray], FloatArray]
    tell: Callable[[IntArray], Tensor | None]
    own_units: Callable[[FloatArray], FloatArray]
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    report: Report = unheard

    def __len__(self) -> int:
        return len(self.latents)

    def generator(self) -> np.random.Generator:
        """A generator that starts anew from the seed."""
        return np.random.default_rng(self.seed)

    def rows(self, part: str) -> IntArray:
        """The rows of a part: "train", "validation" or "all".

        Raises:
            NotApplicable: If it has none.
        """
        wanted = {"train": (TRAIN,), "validation": (VALIDATION,)}.get(part, (TRAIN, VALIDATION))
        rows = np.flatnonzero(np.isin(self.parts, wanted)).astype(np.int64)
        if not len(rows):
            raise NotApplicable(f"this run has no {part} samples")
        return rows

    def some(self, rows: IntArray, most: int) -> IntArray:
        """At most so many of some rows, chosen at random with the study's seed, in order."""
        if len(rows) <= most:
            return rows
        return np.sort(self.generator().choice(rows, most, replace=False))

    def labelled(self, rows: IntArray) -> IntArray:
        """Those of some rows that have a label.

        Raises:
            NotApplicable: If the run has no labels, or these rows have one class alone.
        """
        if self.labels is None:
            raise NotApplicable("these samples have no labels")
        found = rows[self.labels[rows] >= 0]
        if len(np.unique(self.labels[found])) < 2:
            raise NotApplicable("two classes are needed, and these samples have one at most")
        return found

    def case(self, rows: IntArray, part: str = "validation") -> Case:
        """Some samples with the model, as measures take them."""
        columns = tuple(replace(own, values=own.values[rows]) for own in self.read_columns())
        return Case(
            model=self.make_model(),
            x=from_numpy(np.ascontiguousarray(self.read(rows))),
            latents=self.latents[rows],
            labels=None if self.labels is None else self.labels[rows],
            columns=columns,
            seed=self.seed,
            part=part,
            condition=self.tell(rows),
        )


@configuration(config=FORBID_EXTRA, frozen=True)
class NoOptions:
    """Of an instrument that takes none."""


Instrument = Callable[[Study, Any], Findings]
"""`instrument(study, options)`; raises NotApplicable with a sentence where it cannot answer.

The `values` of its findings are what JSON can say, its `arrays` NumPy arrays of numbers.
"""


class InstrumentEntry(NamedTuple):
    """A registered instrument.

    Attributes:
        name: Stable over versions.
        title: What a person reads.
        summary: One plain sentence.
        source: Paper or book.
        config: A pydantic dataclass of its options, with titles and descriptions as models have.
        version: Raised when it finds something else than before: what is kept is then not used.
        look: The function.
    """

    name: str
    title: str
    summary: str
    source: str
    config: type[Any]
    version: int
    look: Instrument


INSTRUMENTS: dict[str, InstrumentEntry] = {}
"""Every registered instrument by name, those of this package after `all_instruments()`."""

InstrumentFunction = TypeVar("InstrumentFunction", bound=Instrument)


def register_instrument(
    name: str,
    *,
    title: str,
    summary: str,
    source: str = "",
    config: type[Any] = NoOptions,
    version: int = 1,
) -> Callable[[InstrumentFunction], InstrumentFunction]:
    """Enter an instrument into the registry under a name that nobody else has.

    Raises:
        ValueError: If the name is taken.
    """

    def enter(look: InstrumentFunction) -> InstrumentFunction:
        if name in INSTRUMENTS:
            raise ValueError(f"an instrument named {name!r} is registered already")
        INSTRUMENTS[name] = InstrumentEntry(name, title, summary, source, config, version, look)
        return look

    return enter


def all_instruments() -> dict[str, InstrumentEntry]:
    """Every instrument by name."""
    _import_files()
    return INSTRUMENTS


def instrument(name: str, options: Mapping[str, Any]) -> tuple[InstrumentEntry, Any]:
    """An instrument and its options, checked.

    Raises:
        ValueError: If there is none of that name, or an option is wrong, with a sentence.
    """
    found = all_instruments()
    if name not in found:
        raise ValueError(unknown(name, list(found), "instrument"))
    return found[name], configure(found[name].config, options, name)


@cache
def _import_files() -> None:
    """Import every file of the package once: each registers its instruments."""
    for module in pkgutil.iter_modules(aeviz.analysis.__path__):
        importlib.import_module(f"aeviz.analysis.{module.name}")
