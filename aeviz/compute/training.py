"""The one training loop: a generator that does a step, or a slice of measuring, and yields.

Whoever pulls it decides when it goes on: not pulling is pausing, `close()` is stopping, and both
act within one step. Most yields are None, which costs nothing; at most every 50 ms one is a
`Progress`, and once per epoch an `EpochResult`.
"""

import math
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from aeviz.compute import seeds
from aeviz.compute.history import copied
from aeviz.compute.measuring import evaluate, measure_shown
from aeviz.compute.optimisers import make_optimiser, schedule_factor, set_learning_rate
from aeviz.compute.pace import Pace
from aeviz.compute.samples import SampleStore, Split
from aeviz.compute.tally import Tally, TrainingDiverged
from aeviz.messages import FloatArray, Progress
from aeviz.models.base import LatentModel, Step
from aeviz.runs.schema import TrainConfig

__all__ = ["EpochResult", "Training", "TrainingDiverged", "fit"]

READ_SECONDS = 0.05
"""Losses are read at most so often: on an accelerator a read waits for everything before it."""


@dataclass(frozen=True, eq=False)
class EpochResult:
    """What a whole epoch leaves.

    Attributes:
        epoch: 0 is before training.
        step: Optimiser steps so far.
        seconds: Time that the epoch took, measuring included, pauses left out.
        lr: Learning rate of the epoch.
        metrics: Finite numbers by name: terms of the training, "validation_…" and
            "reconstruction_mse".
        latents: Of the shown samples, float32 (N, D).
        weights: Copies on the CPU.
        events: Sentences such as "β: 1 → 4".
        measuring: Seconds that "validating" and "encoding" took.
    """

    epoch: int
    step: int
    seconds: float
    lr: float
    metrics: dict[str, float]
    latents: FloatArray
    weights: dict[str, Tensor]
    events: tuple[str, ...] = ()
    measuring: Mapping[str, float] = field(default_factory=dict)


class Training:
    """Everything a training consists of; `fit` moves it on, `checkpoint` saves and restores it.

    At every yield of `fit` it stands between two optimiser steps, so it can be saved there.

    Args:
        model: On the device of the store.
        store: The samples.
        split: Who is trained on, held out, shown.
        config: How.
        seed: Of the run.
        weights: The model's options marked live, by name.

    Attributes:
        epoch: The epoch in progress; 0 before the first.
        within: Steps done in that epoch.
        step: Steps done over all epochs.
        reported: The last epoch whose result was yielded; -1 before the first.
    """

    def __init__(
        self,
        model: LatentModel,
        store: SampleStore,
        split: Split,
        config: TrainConfig,
        *,
        seed: int,
        weights: Mapping[str, float],
    ) -> None:
        self.model = model
        self.store = store
        self.split = split
        self.config = config
        self.seed = seed
        self.weights = dict(weights)
        self.lr = config.lr
        self.epochs = config.epochs
        self.epoch = self.within = self.step = 0
        self.reported = -1
        self.events: list[str] = []
        self._parameters = list(model.parameters())
        self.optimiser = make_optimiser(self._parameters, config, store.device)
        self.shuffle = seeds.generator(seed, "shuffle")
        self.shuffle_start = self.shuffle.get_state()
        self.noise = seeds.generator(seed, "noise", store.device)
        self.is_running = False
        self.saved_global: Tensor | None = None
        self.tally = Tally([term.name for term in model.terms])
        self.pace = Pace()
        self._train = torch.from_numpy(split.train.copy())
        self._order = torch.empty(0, dtype=torch.int64)

    @property
    def steps(self) -> int:
        """Optimiser steps of one epoch; the last batch may be smaller."""
        return math.ceil(len(self._train) / self.config.batch_size)

    @property
    def epoch_lr(self) -> float:
        """The learning rate of the epoch in progress, by schedule."""
        return self.lr * schedule_factor(self.config.schedule, self.epoch, self.epochs)

    def turn(self, name: str, value: float) -> None:
        """Set a live option from the next step on, and mark it as an event of the epoch."""
        before = self.lr if name == "lr" else self.weights[name]
        if value == before:
            return
        if name == "lr":
            self.lr = value
            set_learning_rate(self.optimiser, self.epoch_lr)
        else:
            self.weights[name] = value
        self.events.append(f"{EVENT_NAMES.get(name, name)}: {before:g} → {value:g}")

    def begin(self, epoch: int) -> None:
        """Stand at the start of an epoch: shuffle, and take its learning rate."""
        self.shuffle_start = self.shuffle.get_state()
        self.epoch, self.within = epoch, 0
        self.tally.clear()
        self.pace.begin()
        self.prepare()

    def prepare(self) -> None:
        """Draw the order of the epoch in progress from `shuffle_start`; epoch 0 needs none."""
        self.shuffle.set_state(self.shuffle_start)
        if self.epoch == 0:
            return
        order = torch.randperm(len(self._train), generator=self.shuffle)
        self._order = self._train[order].to(self.store.device)
        set_learning_rate(self.optimiser, self.epoch_lr)

    def advance(self) -> int:
        """Do one optimiser step; returns how many samples it took."""
        size = self.config.batch_size
        rows = self._order[self.within * size : (self.within + 1) * size]
        batch = self.store.batch(rows, self.noise)
        losses = self.model.loss(batch, self.where(self.noise))
        for parameter in self._parameters:
            parameter.grad = None  # what zero_grad() does, without its 20 µs of bookkeeping
        losses.total.backward()  # type: ignore[no-untyped-call]
        if self.config.clip > 0:
            torch.nn.utils.clip_grad_norm_(self._parameters, self.config.clip)
        self.optimiser.step()
        self.within += 1
        self.step += 1
        count = len(rows)
        self.tally.add(losses, count, self.step)
        return count

    @property
    def global_state(self) -> Tensor | None:
        """State of the generator of dropout, uint8; None before the training has begun."""
        return seeds.global_state(self.store.device) if self.is_running else self.saved_global

    def where(self, generator: torch.Generator) -> Step:
        """Where in the training a loss is asked for."""
        return Step(
            epoch=self.epoch,
            step=self.step,
            steps=max(1, self.steps * self.epochs),
            samples=len(self._train),
            generator=generator,
            weights=self.weights,
        )


EVENT_NAMES = {"lr": "learning rate", "beta": "β"}
"""How a turned option is written."""

Yielded = Progress | EpochResult | None


def fit(training: Training) -> Generator[Yielded, None, None]:
    """Train up to `training.epochs`, from wherever the training stands.

    Yields:
        None after every step and slice, `Progress` instead at most every 50 ms, and an
        `EpochResult` per epoch, beginning with epoch 0 unless it was reported already.

    Raises:
        TrainingDiverged: If a loss or a latent is not finite.
    """
    with _global_generator(training):
        training.pace.resume()
        while True:
            yield from _steps(training)
            if training.epoch > training.reported:
                yield from _measure(training)
            if training.epoch >= training.epochs:
                return
            training.begin(training.epoch + 1)


def _steps(training: Training) -> Iterator[Yielded]:
    """The rest of the epoch in progress; epoch 0 has no steps."""
    if training.epoch == 0:
        return
    training.model.train()
    pace, tally = training.pace, training.tally
    steps = training.steps
    while training.within < steps:
        count = training.advance()
        if pace.stepped(count) < READ_SECONDS:
            yield None
        else:
            yield _progress(training, "training", tally.read(training.epoch))
        pace.resume()
    tally.read(training.epoch)


def _measure(training: Training) -> Iterator[Yielded]:
    """Validation, latents and weights of the epoch in progress, as slices, then the result."""
    metrics = training.tally.means() if training.epoch > 0 else {}
    pace = training.pace
    began = {"validating": pace.seconds}
    for _ in evaluate(training, metrics):
        yield from _slice_done(training, "validating")
    began["encoding"] = pace.seconds
    latents = np.empty((len(training.split.shown), training.model.latent_dim), np.float32)
    for _ in measure_shown(training, latents, metrics):
        yield from _slice_done(training, "encoding")
    if not np.isfinite(latents).all():
        raise TrainingDiverged(training.epoch, training.step, "latents")
    pace.measured()
    training.reported = training.epoch
    events, training.events = tuple(training.events), []
    yield EpochResult(
        epoch=training.epoch,
        step=training.step,
        seconds=pace.seconds,
        lr=training.epoch_lr,
        metrics=metrics,
        latents=latents,
        weights=copied(training.model),
        events=events,
        measuring={
            "validating": began["encoding"] - began["validating"],
            "encoding": pace.seconds - began["encoding"],
        },
    )
    pace.resume()


def _slice_done(training: Training, phase: str) -> Iterator[Yielded]:
    pace = training.pace
    yield _progress(training, phase, {}) if pace.sliced() >= READ_SECONDS else None
    pace.resume()


def _progress(training: Training, phase: str, losses: Mapping[str, float]) -> Progress:
    pace = training.pace
    pace.reported = time.perf_counter()
    left = training.epochs * training.steps - training.step
    return Progress(
        phase=phase,
        epoch=training.epoch,
        epochs=training.epochs,
        step=training.within,
        steps=training.steps,
        losses=losses,
        samples_per_second=pace.samples_per_second,
        seconds_left=pace.seconds_left(left, training.epochs - training.epoch + 1),
    )


@contextmanager
def _global_generator(training: Training) -> Iterator[None]:
    """Own torch's global generator, which draws dropout, and give it back as it was.

    It belongs to the training thread; everything else draws from generators of its own.
    """
    device = training.store.device
    before = seeds.global_state(device)
    if training.saved_global is None:
        torch.manual_seed(seeds.derive(training.seed, "dropout"))
    else:
        seeds.set_global_state(device, training.saved_global)
    training.is_running = True
    try:
        yield
    finally:
        training.saved_global = seeds.global_state(device)
        training.is_running = False
        seeds.set_global_state(device, before)
