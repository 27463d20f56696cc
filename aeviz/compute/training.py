"""The one training loop: a generator that does a step, or a slice of measuring, and yields.

Whoever pulls it decides when it goes on: not pulling is pausing, `close()` is stopping, and both
act within one step. Most yields are None, which costs nothing; at most every 50 ms one is a
`Progress`, and once per epoch an `EpochResult`.
"""

import math
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from aeviz.compute import seeds
from aeviz.compute.averaging import Average
from aeviz.compute.device import release_memory
from aeviz.compute.finite import refuse_gradients
from aeviz.compute.measuring import Found, measure
from aeviz.compute.optimisers import learning_rate, make_optimiser, set_learning_rate
from aeviz.compute.pace import Pace, progress
from aeviz.compute.precision import Precision
from aeviz.compute.replaying import Replay
from aeviz.compute.samples import SampleStore, Split
from aeviz.compute.schedules import Plateau, changes_within, factor
from aeviz.compute.stepping import Stepper
from aeviz.compute.stopping import EarlyStopping, monitored
from aeviz.compute.tally import Tally, TrainingDiverged
from aeviz.compute.world import LossOf, World
from aeviz.messages import FloatArray, Progress
from aeviz.models.base import LatentModel, Losses, Staged, Step
from aeviz.runs.schema import TrainConfig

__all__ = ["EpochResult", "Training", "TrainingDiverged", "fit"]


@dataclass(frozen=True, eq=False)
class EpochResult:
    """What a whole epoch leaves.

    Attributes:
        epoch: 0 is before training.
        step: Optimiser steps so far.
        seconds: Time that the epoch took, measuring included, pauses left out.
        lr: Learning rate at its end.
        metrics: Finite numbers by name: terms of the training, "validation_…" and
            "reconstruction_mse".
        latents: Of the shown samples, float32 (N, D).
        weights: Copies on the CPU; the average where there is one.
        events: Sentences such as "β: 1 → 4".
        measuring: Seconds that "validating" and "encoding" took.
        stage: Number of the stage that it is part of.
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
    stage: int = 0


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
        world: The processes that train together; None for this one alone.

    Attributes:
        stages: Names of the stages; one without a name where the model is trained as a whole.
        stage: The stage in progress.
        stage_start: Epochs before that stage.
        epoch: The epoch in progress; 0 before the first.
        within: Steps done in that epoch.
        taken: Samples that they took.
        step: Steps done over all epochs.
        batch_size: Samples of a step; smaller than configured after too little memory.
        reported: The last epoch whose result was yielded; -1 before the first.
        events: What happened in the epoch, in sentences.
        told: How many of them its result has told.
        restored: The epoch that consists in going back to the best weights; -1 while there is none.
        replay: Plays steps from a recording, where the device can.
        is_single: Whether somebody goes step by step.
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
        world: World | None = None,
    ) -> None:
        self.model = model
        self.world = World() if world is None else world
        self.world.take(model, config)
        self.store = store
        self.split = split
        self.config = config
        self.seed = seed
        self.weights = dict(weights)
        self.lr = config.lr
        self.batch_size = config.batch_size
        self.stages = model.stages if isinstance(model, Staged) else ("",)
        self.stage = self.stage_start = 0
        self.epoch = self.within = self.taken = self.step = 0
        self.reported = self.restored = -1
        self.events: list[str] = []
        self.told = 0
        self.shuffle = seeds.generator(seed, "shuffle")
        self.shuffle_start = self.shuffle.get_state()
        self.noise = seeds.generator(seed, "noise", store.device, self.world.rank)
        self.is_running = self.is_single = False
        self.saved_global: Tensor | None = None
        self.precision = Precision(config.precision, store.device)
        self.average = Average(model, config.ema) if config.ema > 0 else None
        self.pace = Pace()
        self._train = torch.from_numpy(split.train.copy())
        self._order = torch.empty(0, dtype=torch.int64)
        self.enter(0, 0)
        self.replay = Replay(self)
        self._look_ahead()

    # ── where it stands ───────────────────────────────────────────────────────────────────────

    @property
    def steps(self) -> int:
        """Optimiser steps of the epoch in progress; the last batch may be smaller."""
        return self.within + math.ceil(self.left / self.batch_size)

    @property
    def left(self) -> int:
        """Samples that the epoch in progress has not taken yet."""
        return len(self._train) - self.taken

    @property
    def may_burst(self) -> bool:
        """Whether several steps may be done at once: nobody counts them, and none is special."""
        return not (self.is_single or self._is_stepwise or self.average is not None)

    @property
    def steps_left(self) -> int:
        """Optimiser steps that are planned from here on."""
        return self._planned_steps - self.step

    @property
    def epochs(self) -> int:
        """The last epoch that is planned: every stage takes as many as the settings say."""
        planned = self.stage_start + (len(self.stages) - self.stage) * self.config.epochs
        return max(planned, self.restored)

    @property
    def measured(self) -> LatentModel:
        """The model that is measured, stored and shown: with the average of the weights, if any."""
        return self.world.measured(self.model) if self.average is None else self.average.model

    @property
    def current_lr(self) -> float:
        """The learning rate of the next step, by schedule."""
        epoch = max(1, self.epoch - self.stage_start)
        share = min(1.0, (self.taken + self.batch_size) / len(self._train))
        return self.lr * factor(self.config, epoch, epoch - 1 + share) * self.plateau.scale

    @property
    def is_stage_over(self) -> bool:
        """Whether the epoch in progress is the last of its stage."""
        return self.epoch >= self.stage_start + self.config.epochs or self.stopping.is_over

    @property
    def is_done(self) -> bool:
        """Whether the epoch in progress is the last of all."""
        return self._is_last_stage and self.is_stage_over and not self._is_worse

    @property
    def ending(self) -> str:
        """How it ended, as a person reads it; "" where there is nothing to say."""
        said = [self.stopping.sentence] if self.stopping.is_over else []
        if self.restored == self.epoch:
            said.append(f"the weights of epoch {self.stopping.watch.epoch}, the best, are restored")
        return "; ".join(said)

    @property
    def generators(self) -> dict[str, Tensor]:
        """States of this rank's own generators, by name."""
        states = {"noise": self.noise.get_state()}
        return states if self.global_state is None else {**states, "global": self.global_state}

    @property
    def global_state(self) -> Tensor | None:
        """State of the generator of dropout, uint8; None before the training has begun."""
        return seeds.global_state(self.store.device) if self.is_running else self.saved_global

    def where(self, generator: torch.Generator) -> Step:
        """Where in the training a loss is asked for."""
        return Step(
            epoch=self.epoch,
            step=self.step,
            steps=self._planned_steps,
            samples=len(self._train),
            generator=generator,
            weights=self.weights,
            stage=self.stage,
        )

    # ── between epochs ────────────────────────────────────────────────────────────────────────

    def enter(self, stage: int, start: int) -> None:
        """Stand at the start of a stage: what it trains, with an optimiser of its own.

        Args:
            stage: Its number.
            start: Epochs before it.
        """
        self.stage, self.stage_start = stage, start
        self._loss: LossOf | None = None
        self.parameters = self._free_parameters()
        self._renew_optimiser()
        self.tally = Tally([term.name for term in self.model.terms])
        self.plateau = Plateau(self.config)
        self.stopping = EarlyStopping(self.config)

    def begin(self, epoch: int) -> None:
        """Stand at the start of an epoch: shuffle, and take its learning rate."""
        self._drop_told()
        if self.is_stage_over:
            self._next_stage()
        if len(self.stages) > 1 and epoch == self.stage_start + 1:
            self.events.append(f"stage: {self.stages[self.stage]}")
        self.shuffle_start = self.shuffle.get_state()
        self.epoch, self.within, self.taken = epoch, 0, 0
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
        set_learning_rate(self.optimiser, self.current_lr)
        self._look_ahead()

    def look(self, metrics: Mapping[str, float]) -> None:
        """Judge a measured epoch: whether the learning rate falls, or the stage ends early."""
        found = monitored(metrics)
        if found is None or self.restored == self.epoch:
            return
        name, loss = found
        before = self.lr * self.plateau.scale
        if self.plateau.look(self.epoch, loss):
            after = self.lr * self.plateau.scale
            self.events.append(f"learning rate: {before:g} → {after:g}, no smaller {name}")
        if self.stopping.look(self.epoch, name, loss, self.measured):
            self.events.append(self.stopping.sentence)

    def restore_best(self) -> bool:
        """Go back to the best weights as an epoch of its own, if the training ends without them."""
        if not (self._is_last_stage and self.is_stage_over and self._is_worse):
            return False
        self._drop_told()
        self._take_best()
        self.epoch += 1
        self.restored = self.epoch
        self.within, self.taken = 0, len(self._train)
        self.tally.clear()
        self.pace.begin()
        return True

    def carry_on(self) -> None:
        """Train on after an early end: from the best weights, with the patience of the start."""
        if self.stopping.is_over or self.restored == self.epoch:
            self.stopping.forget()
            self._renew_optimiser()

    def turn(self, name: str, value: float) -> None:
        """Set a live option from the next step on, and mark it as an event of the epoch."""
        before = self.lr if name == "lr" else self.weights[name]
        if value == before:
            return
        if name == "lr":
            self.lr = value
            set_learning_rate(self.optimiser, self.current_lr)
        else:
            self.weights[name] = value
            # another loss: what it was before is nothing to compare with
            self.plateau.watch.forget()
            self.stopping.forget()
        self.events.append(f"{EVENT_NAMES.get(name, name)}: {before:g} → {value:g}")

    # ── a step ────────────────────────────────────────────────────────────────────────────────

    def advance(self) -> None:
        """Do one optimiser step, or on some devices a few that take no time together."""
        if self._is_stepwise:
            set_learning_rate(self.optimiser, self.current_lr)
        if self.replay.advance(self):
            return
        count = min(self.batch_size, self.left)
        own, weight, counted = self.world.share(self.next_rows(count))
        losses = self._step(own, weight)
        if losses is None:
            self._halve()
            self.advance()
            return
        self._count(1, count)
        self.tally.add(losses, counted, self.step)

    def next_rows(self, count: int) -> Tensor:
        """The next samples of the epoch by their numbers, int64 (count,) on the device."""
        return self._order[self.taken : self.taken + count]

    def stepped(self, values: Tensor, terms: tuple[str, ...], size: int) -> None:
        """Take note of steps that were played.

        Args:
            values: Loss and terms of each, (steps, 1 + terms).
            terms: Their names.
            size: Samples of each step.
        """
        first = self.step + 1
        self._count(len(values), size)
        self.tally.add_played(values, terms, size, first)

    def _count(self, steps: int, size: int) -> None:
        if self.average is not None:
            self.average.step()
        self.within += steps
        self.taken += steps * size
        self.step += steps

    def _step(self, rows: Tensor, weight: float) -> Losses | None:
        """A step as it is written; None where half of the batch may fit into the memory.

        The exception is let go before anything is tried again: it keeps the tensors of its frames.
        """
        try:
            losses = self.differentiate(rows, self.where(self.noise), weight)
        except torch.OutOfMemoryError:
            is_tried = self.batch_size < self.config.batch_size or self.batch_size == 1
            if is_tried or self.world.size > 1:  # the other ranks wait for this gradient
                raise
            return None
        self.optimise()
        return losses

    def differentiate(self, rows: Tensor, where: Step, weight: float = 1.0) -> Losses:
        """Loss and gradient of a batch, the latter times a weight."""
        batch = self.store.batch(rows, self.noise)
        if self.store.reads_ahead and self.world.size == 1:
            coming = self.taken + len(rows)
            self.store.expect(self._order[coming : coming + self.batch_size])
        loss = self._loss = self._loss or self.world.loss_of(self.model)
        if self.precision.is_mixed:
            with self.precision.products():
                losses = loss(batch, where)
        else:
            losses = loss(batch, where)
        for parameter in self.parameters:
            parameter.grad = None  # what zero_grad() does, without its 20 µs of bookkeeping
        total = losses.total if weight == 1.0 else losses.total * weight
        self.world.backward(self.precision.scaled(total))
        return losses

    def optimise(self) -> None:
        """Move the weights along the gradient."""
        if self.config.clip > 0:
            self.precision.unscale(self.optimiser)
            torch.nn.utils.clip_grad_norm_(self.parameters, self.config.clip)
        if self.precision.is_scaled:
            self.precision.step(self.optimiser)
        else:
            self._stepper.step()

    def _halve(self) -> None:
        """Go on with half the batch, once."""
        before, self.batch_size = self.batch_size, self.batch_size // 2
        for parameter in self.parameters:
            parameter.grad = None
        release_memory(self.store.device)
        self._look_ahead()
        self.events.append(f"batch size: {before} → {self.batch_size}, not enough memory")

    # ── parts ─────────────────────────────────────────────────────────────────────────────────

    @property
    def _is_last_stage(self) -> bool:
        return self.stage == len(self.stages) - 1 or self.config.epochs == 0

    @property
    def _is_worse(self) -> bool:
        """Whether there are better weights than those of the epoch in progress."""
        best = self.stopping.watch.epoch
        return bool(self.stopping.weights) and best < self.epoch and self.restored != self.epoch

    def _free_parameters(self) -> list[nn.Parameter]:
        """What the stage trains; everything else stands still."""
        if not isinstance(self.model, Staged):
            return list(self.model.parameters())
        chosen = list(self.model.stage_parameters(self.stage))
        numbers = {id(parameter) for parameter in chosen}
        for parameter in self.model.parameters():
            parameter.requires_grad_(id(parameter) in numbers)
            parameter.grad = None
        return chosen

    def _renew_optimiser(self) -> None:
        self.optimiser = make_optimiser(self.parameters, self.config, self.store.device)
        self._stepper = Stepper(self.optimiser, direct=self.world.size == 1)

    def _next_stage(self) -> None:
        """Go on to the next stage with what was measured last, or the best where it was kept."""
        if self._is_worse:
            self._take_best()
        elif self.average is not None:
            self.model.load_state_dict(self.average.model.state_dict())
        if self.average is not None:
            self.average.follow()
        self.enter(self.stage + 1, self.epoch)

    def _drop_told(self) -> None:
        """Forget the events of the epoch before; until then it may have to be told again."""
        del self.events[: self.told]
        self.told = 0

    def _take_best(self) -> None:
        self.model.load_state_dict(self.stopping.weights)
        if self.average is not None:
            self.average.follow()
        best = self.stopping.watch.epoch
        self.events.append(f"weights of epoch {best}, the best, restored")

    def _look_ahead(self) -> None:
        """Work out what the steps of the epoch in progress need to know."""
        each = math.ceil(len(self._train) / self.batch_size)
        left = 0 if self.epoch == 0 else self.steps - self.within
        later = (self.epochs - self.epoch) * each
        self._planned_steps = max(1, self.step + left + later)
        self._is_stepwise = changes_within(self.config, max(1, self.epoch - self.stage_start))


EVENT_NAMES = {
    "lr": "learning rate",
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "kl_weight": "KL weight",
}
"""How a turned option is written."""

Yielded = Progress | EpochResult | None


def fit(training: Training) -> Generator[Yielded, None, None]:
    """Train up to `training.epochs`, from wherever the training stands.

    Yields:
        None after every step and slice, `Progress` instead at most every 50 ms, and an
        `EpochResult` per epoch, beginning with epoch 0 unless it was reported already.

    Raises:
        TrainingDiverged: If a loss, a gradient, a weight or a latent is not finite.
    """
    with _global_generator(training):
        training.pace.resume()
        if training.step == 0 and training.average is not None:
            training.average.follow()
        while True:
            yield from _steps(training)
            if training.epoch > training.reported:
                yield from _measure(training)
            if training.is_done:
                return
            if not training.restore_best():
                training.begin(training.epoch + 1)


def _steps(training: Training) -> Iterator[Yielded]:
    """The rest of the epoch in progress; epoch 0 has no steps."""
    if training.epoch == 0:
        return
    training.model.train()
    pace = training.pace
    while training.within < training.steps:
        taken, within = training.taken, training.within
        training.advance()
        since = pace.stepped(training.taken - taken, training.within - within)
        if training.world.is_due(training.step, since):
            # The first step of an epoch is told at once. Where steps are played its losses are read
            # with those of the next report: waiting for them would leave the device idle.
            is_told_early = pace.reported == 0.0 and bool(training.replay.recordings)
            yield progress(training, "training", {} if is_told_early else _read(training))
        else:
            yield None
        pace.resume()
    _read(training)


def _read(training: Training) -> Mapping[str, float]:
    """The losses since the last time, and a look at the gradient of the last step."""
    losses = training.tally.read(training.epoch)
    if losses and not training.precision.is_scaled:
        refuse_gradients(training.model, training.world, training.epoch, training.step)
    elif training.precision.has_lost_gradient:
        raise TrainingDiverged(training.epoch, training.step, "the gradient in 16 bits")
    return losses


def _measure(training: Training) -> Iterator[Yielded]:
    """Validation, latents and weights of the epoch in progress, as slices, then the result."""
    world, pace = training.world, training.pace
    world.sum(training.tally)
    world.gather(training)
    training.pace.turn_to()
    found = (yield from measure(training)) if world.is_first else Found()
    world.remember(training.generators, training.tally)
    metrics = world.spread(found.metrics)
    if metrics is None:  # all ranks are about to stop
        yield progress(training, "training", {})
        return
    training.look(metrics)
    pace.measured()
    training.reported = training.epoch
    training.told = len(training.events)
    yield EpochResult(
        epoch=training.epoch,
        step=training.step,
        seconds=pace.seconds,
        lr=learning_rate(training.optimiser),
        metrics=metrics,
        latents=found.latents,
        weights=found.weights,
        events=tuple(training.events),
        measuring=found.seconds,
        stage=training.stage,
    )
    pace.resume()


@contextmanager
def _global_generator(training: Training) -> Iterator[None]:
    """Own torch's global generator, which draws dropout, and give it back as it was.

    It belongs to the training thread; everything else draws from generators of its own.
    """
    device = training.store.device
    before = seeds.global_state(device)
    if training.saved_global is None:
        torch.manual_seed(seeds.derive(training.seed, "dropout", training.world.rank))
    else:
        seeds.set_global_state(device, training.saved_global)
    training.is_running = True
    try:
        yield
    finally:
        training.saved_global = seeds.global_state(device)
        training.is_running = False
        seeds.set_global_state(device, before)
