"""How fast every model trains, beside a bare loop over the same module, batch and optimiser.

The bare loop is what one writes in a script: scaled samples in memory, a shuffled order, the loss
of the module, the same fused Adam. Both do their steps in turn, and medians are compared.
"""

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor

from aeviz.compute.device import choose
from aeviz.compute.loading import load_dataset
from aeviz.compute.preparing import prepare
from aeviz.compute.settings import complete
from aeviz.compute.training import Training, fit
from aeviz.data.dataset import Dataset
from aeviz.models import MODELS
from aeviz.models.base import Batch, Staged
from aeviz.paths import data_dir
from tests.benchmarks.frame import Row, benchmark, row
from tests.benchmarks.training import Steps, time_of

BATCH = 128
ROUNDS = 15
SECONDS = 0.08
"""Of a round on each side."""

NAMES = {name: f"training, {name}" for name in sorted(MODELS)}


@benchmark("models", goals=dict.fromkeys(NAMES.values(), "ratio >= 0.8"))
def measure_models(full: bool) -> Iterator[Row]:
    """Every model on the data set that suits it, with its defaults."""
    for name, title in NAMES.items():
        ours, theirs = training_of(name), training_of(name)
        pairs = compare(our_steps(ours), bare_steps(theirs), 4 * ROUNDS if full else ROUNDS)
        mine, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
        yield row(title, BATCH / mine, "samples/s", reference=BATCH / bare)


def training_of(name: str) -> Training:
    """A training of a model at its start."""
    settings = complete(
        {"model": {"name": name}, "train": {"batch_size": BATCH, "shown": 1, "validation": 0.0}}
    )
    settings["train"]["epochs"] = 1_000_000
    return prepare(settings, dataset_of(settings), choose("cpu")).training


def dataset_of(settings: dict[str, object]) -> Dataset:
    """Read the data set that the settings name."""
    loading = load_dataset(settings["data"], data_dir(), 1)  # type: ignore[arg-type]
    while True:
        try:
            next(loading)
        except StopIteration as done:
            found: Dataset = done.value
            return found


def our_steps(training: Training) -> Steps:
    """Steps of `fit`, with all that it does between them; epochs between are not counted."""
    job = fit(training)
    while training.epoch == 0:
        next(job)

    def advance(count: int) -> None:
        done = 0
        while done < count:
            before = training.step
            next(job)
            done += training.step - before

    return advance


def bare_steps(training: Training) -> Steps:
    """The loop that everybody writes, with the loss of the same module."""
    model, where = training.model.train(), training.where(training.noise)
    trained = model.stage_parameters(0) if isinstance(model, Staged) else model.parameters()
    optimiser = torch.optim.Adam(list(trained), training.lr, fused=True)
    device = training.store.device
    rows = torch.from_numpy(training.split.train.copy()).to(device)
    whole = training.store.batch(rows)
    size = min(BATCH, len(rows))
    order, done = torch.randperm(len(rows), device=device), 0

    def advance(count: int) -> None:
        nonlocal done
        for _ in range(count):
            chosen = order[done : done + size]
            batch = Batch(
                whole.x[chosen],
                taken(whole.labels, chosen),
                whole.index[chosen],
                taken(whole.condition, chosen),
            )
            loss = model.loss(batch, where).total
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            done = (done + size) % max(1, len(rows) - size)

    return advance


def taken(values: Tensor | None, rows: Tensor) -> Tensor | None:
    """These rows of what may be missing."""
    return None if values is None else values[rows]


def compare(ours: Steps, theirs: Steps, rounds: int) -> list[tuple[float, float]]:
    """Seconds per step of both, in turns."""
    steps = max(3, round(SECONDS / time_of(theirs, 5)))
    ours(steps)
    theirs(steps)
    return [(time_of(ours, steps), time_of(theirs, steps)) for _ in range(rounds)]
