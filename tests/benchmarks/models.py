"""How fast every model trains, beside a bare loop over the same module, batch and optimiser.

The bare loop is what one writes in a script: scaled samples in memory, a shuffled order, the loss
of the module, Adam, fused or not, whichever is faster. Both do a few steps in turn, which of them
first changes, and the ratio is the median over the turns: what else the computer does meets both.
Time is that inside epochs. The floor of a row is the rate that forward, backward and optimiser
kernel alone would give, on one resident batch, measured in the same turns: nobody assembles a
batch, shuffles or counts there.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from aeviz.compute.device import choose
from aeviz.compute.engine import thread_count
from aeviz.compute.loading import load_dataset
from aeviz.compute.preparing import prepare
from aeviz.compute.settings import complete
from aeviz.compute.stepping import Stepper, backward
from aeviz.compute.training import Training, fit
from aeviz.data.dataset import Dataset
from aeviz.models import MODELS
from aeviz.models.base import Batch, Classifying, Staged
from aeviz.paths import data_dir
from aeviz.runs.schema import Settings
from tests.benchmarks.frame import Row, benchmark, judge, row

BATCHES = (32, 64, 128, 512, 4096)
SMALL = 64
"""Up to this batch the goal is lower: a step is mostly Python."""

EVERYWHERE = (32, 128)
"""Batches at which every model is measured, also without `--full`."""

CHOSEN = ("linear", "sparse", "vae", "conv", "maf")
"""Models that are measured at every batch, also without `--full`."""

SAMPLES = 16_384
"""Training samples at least, so that an epoch has steps at every batch; fewer are repeated."""

CHUNK = 0.02
"""Seconds of a turn on each side, or a single step."""

TURNS, SECONDS, LEAST_TURNS = 15, 2.0, 3
"""Turns at most, seconds after which no other is begun, and turns at least."""


def title_of(name: str, batch: int) -> str:
    """The row of a model at a batch."""
    return f"training, {name}, batch {batch}"


def goal_of(batch: int) -> str:
    """What a model has to reach at a batch."""
    return "ratio >= 0.85" if batch <= SMALL else "ratio >= 0.9"


def cells(full: bool) -> list[tuple[str, int]]:
    """Models and batches to be measured."""
    return [
        (name, batch)
        for name in sorted(MODELS)
        for batch in BATCHES
        if full or batch in EVERYWHERE or name in CHOSEN
    ]


@benchmark("models", goals={title_of(*cell): goal_of(cell[1]) for cell in cells(full=False)})
def measure_models(full: bool) -> Iterator[Row]:
    """Every model on the data set that suits it, with its defaults."""
    take_threads()
    datasets: dict[str, Dataset] = {}
    for name, batch in cells(full):
        if name not in datasets:
            datasets = {name: dataset_of(complete({"model": {"name": name}}))}
        measured = measure_cell(name, batch, datasets[name], 4 if full else 1)
        yield judge(measured, goal_of(batch))


def take_threads() -> None:
    """Take as many threads as a training beside a window, which leaves one core for painting.

    With every core taken, anything else on the computer makes a step of two threads wait.
    """
    torch.set_num_threads(thread_count(torch.get_num_threads(), window=True))


def measure_cell(name: str, batch: int, dataset: Dataset, times: int) -> Row:
    """One model at one batch."""
    ours = our_steps(training_of(name, batch, dataset))
    bare = [bare_steps(training_of(name, batch, dataset), fused=fused) for fused in (True, False)]
    theirs = min(bare, key=pilot)
    floor = floor_steps(training_of(name, batch, dataset))
    turns = take_turns([ours, theirs, floor], times)
    mine, other, least = (statistics.median(rates) for rates in zip(*turns, strict=True))
    ratio = statistics.median(turn[0] / turn[1] for turn in turns)
    found = row(title_of(name, batch), mine, "samples/s", reference=other, floor=least)
    return replace(found, ratio=ratio)


# ── taking turns ──────────────────────────────────────────────────────────────────────────────

Side = Callable[[int], tuple[int, float]]
"""Does so many steps; returns how many samples they took and the seconds inside epochs."""


def take_turns(sides: Sequence[Side], times: int = 1, chunk: float = CHUNK) -> list[list[float]]:
    """Samples per second of all sides, in turns; every other turn goes backwards."""
    counts = [max(1, round(chunk / step_seconds(side))) for side in sides]
    turns: list[list[float]] = []
    began = time.perf_counter()
    while len(turns) < LEAST_TURNS or (
        len(turns) < TURNS * times and time.perf_counter() - began < SECONDS * times
    ):
        order = range(len(sides)) if len(turns) % 2 else range(len(sides) - 1, -1, -1)
        rates = {number: rate(sides[number], counts[number]) for number in order}
        turns.append([rates[number] for number in range(len(sides))])
    return turns


def rate(side: Side, steps: int) -> float:
    """Samples per second."""
    samples, seconds = side(steps)
    return samples / seconds


def pilot(side: Side) -> float:
    """Seconds of a sample, found quickly."""
    steps = max(1, round(CHUNK / step_seconds(side)))
    return statistics.median(1 / rate(side, steps) for _ in range(3))


def step_seconds(side: Side) -> float:
    """Seconds of a step, roughly; the first steps make what later ones use."""
    side(2)
    return side(1)[1]


# ── the sides ─────────────────────────────────────────────────────────────────────────────────


def training_of(name: str, batch: int, dataset: Dataset) -> Training:
    """A training of a model at its start, that nearly never ends."""
    train = {"batch_size": batch, "shown": 1, "validation": 0.0}
    settings = complete({"model": {"name": name}, "train": train})
    settings["train"]["epochs"] = 1_000_000
    found = prepare(settings, dataset, choose("cpu")).training
    rows = np.resize(found.split.train, max(SAMPLES, len(found.split.train)))
    parts = replace(found.split, train=rows)
    return Training(
        found.model, found.store, parts, found.config, seed=0, weights=dict(found.weights)
    )


def dataset_of(settings: Settings) -> Dataset:
    """Read the data set that complete settings name."""
    loading = load_dataset(settings["data"], data_dir(), 1)
    while True:
        try:
            next(loading)
        except StopIteration as done:
            found: Dataset = done.value
            return found


def our_steps(training: Training) -> Side:
    """Steps of `fit`, with all that it does between them; what is measured between epochs not."""
    job = fit(training)
    while training.epoch == 0:
        next(job)

    def advance(count: int) -> tuple[int, float]:
        until, samples, seconds = training.step + count, 0, 0.0
        while training.step < until:
            step, taken = training.step, training.taken
            began = time.perf_counter()
            next(job)
            spent = time.perf_counter() - began
            if training.step > step:
                samples += training.taken - (taken if training.within > 1 else 0)
                seconds += spent
        return samples, seconds

    return advance


def bare_steps(training: Training, *, fused: bool) -> Side:
    """The loop that everybody writes, with the loss of the same module."""
    model, where = training.model.train(), training.where(training.noise)
    optimiser = torch.optim.Adam(trained_by(training), training.lr, fused=fused)
    x, labels, condition = in_memory(training)
    batches = epochs_of(len(x), training.batch_size, x.device)

    def advance(count: int) -> tuple[int, float]:
        samples, began = 0, time.perf_counter()
        for _ in range(count):
            rows = next(batches)
            batch = Batch(x[rows], taken(labels, rows), rows, taken(condition, rows))
            loss = model.loss(batch, where).total
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            samples += len(rows)
        return samples, time.perf_counter() - began

    return advance


def floor_steps(training: Training) -> Side:
    """Forward, backward and the kernel of the optimiser on one batch."""
    model, where = training.model.train(), training.where(training.noise)
    parameters = trained_by(training)
    optimiser = Stepper(torch.optim.Adam(parameters, training.lr, fused=True))
    x, labels, condition = in_memory(training)
    rows = torch.randperm(len(x))[: training.batch_size]
    batch = Batch(x[rows], taken(labels, rows), rows, taken(condition, rows))

    def advance(count: int) -> tuple[int, float]:
        began = time.perf_counter()
        for _ in range(count):
            loss = model.loss(batch, where).total
            for parameter in parameters:
                parameter.grad = None
            backward(loss)
            optimiser.step()
        return count * len(rows), time.perf_counter() - began

    return advance


def trained_by(training: Training) -> list[torch.nn.Parameter]:
    """The parameters of the first stage."""
    model = training.model
    return list(model.stage_parameters(0) if isinstance(model, Staged) else model.parameters())


def in_memory(training: Training) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Scaled samples, the labels where the loss asks for them, and conditions."""
    rows = torch.from_numpy(training.split.train.copy()).to(training.store.device)
    whole = training.store.batch(rows)
    labels = whole.labels if isinstance(training.model, Classifying) else None
    return whole.x, labels, whole.condition


def epochs_of(count: int, size: int, device: torch.device) -> Iterator[Tensor]:
    """Rows of one batch after the other, shuffled anew for every epoch."""
    while True:
        yield from torch.split(torch.randperm(count, device=device), size)


def taken(values: Tensor | None, rows: Tensor) -> Tensor | None:
    """These rows of what may be missing."""
    return None if values is None else values[rows]
