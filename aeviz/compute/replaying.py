"""Training steps on a CUDA device played again from a graph: one launch instead of hundreds.

A small model spends its step on launching kernels, not in them. A CUDA graph holds what the device
was asked in one step, and asks all of it again in a single launch, with other rows of the data.
Kernels, their order and the random numbers they draw are those of a step that was not recorded, so
no bit of a training depends on it, and it can be stopped and resumed anywhere.

Nothing of the host is asked again. So a step is recorded only where a trial has shown that its loss
neither waits for the device (as the spanning trees of the topological loss do) nor asks for the
step it is; and it is recorded anew whenever something else that the host knows has changed.
"""

import logging
import time
import warnings
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from aeviz.compute import seeds
from aeviz.compute.optimisers import can_be_recorded
from aeviz.models.base import Step

if TYPE_CHECKING:
    from aeviz.compute.training import Training

FIRST = 3
"""Steps that are done as usual before the first is recorded: libraries and states come to be."""

WORTH = 20
"""Nothing is recorded for fewer steps."""

MEASURED = 5
"""Single steps that show how long one takes."""

UNNOTICED, MOST = 1e-3, 16
"""Seconds that steps may take, and their number, that are played at once: a pause or a turned
weight waits for them."""

_log = logging.getLogger(__name__)


class _WatchedStep(Step):
    """A step that notes what the loss asks it about time."""

    def __getattribute__(self, name: str) -> Any:
        if name in ("epoch", "step", "steps"):
            object.__getattribute__(self, "asked").add(name)
        return object.__getattribute__(self, name)


def _watched(step: Step) -> tuple[Step, set[str]]:
    asked: set[str] = set()
    found = object.__new__(_WatchedStep)
    for name, value in {**vars(step), "asked": asked}.items():
        object.__setattr__(found, name, value)
    return found, asked


class Recording:
    """Some steps in a row as a graph.

    Args:
        training: Whose steps are recorded; none of them is done yet.
        size: Samples of each.
        count: How many there are.

    Attributes:
        terms: Names of the loss's terms.
    """

    def __init__(self, training: "Training", size: int, count: int) -> None:
        device = training.store.device
        self.terms: tuple[str, ...] = ()
        self._rows = torch.zeros(count, size, dtype=torch.int64, device=device)
        self._parameters = training.parameters
        self._graph = torch.cuda.CUDAGraph()
        self._graph.register_generator_state(training.noise)
        torch.cuda.synchronize(device)
        with _stream(device):
            # other threads may use the device as they like meanwhile
            self._graph.capture_begin(capture_error_mode="thread_local")
            try:
                self._values = self._record(training)
            finally:
                self._graph.capture_end()
        self._gradients = [parameter.grad for parameter in self._parameters]

    def _record(self, training: "Training") -> Tensor:
        """Do the steps; returns loss and terms of each, (count, 1 + terms)."""
        values: list[Tensor] = []
        for rows in self._rows:
            losses = training.differentiate(rows, training.where(training.noise))
            training.optimise()
            self.terms = tuple(losses.parts)
            # detached: nothing may keep the nodes of this backward pass, and its stream, alive
            values += [value.detach() for value in (losses.total, *losses.parts.values())]
        return torch.stack(values).view(len(self._rows), -1)

    def play(self, rows: Tensor) -> Tensor:
        """Do the steps with these rows, one batch after the other; returns what each has lost."""
        self._rows.copy_(rows.view(self._rows.shape))
        self._graph.replay()
        if self._parameters[0].grad is not self._gradients[0]:
            for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
                parameter.grad = gradient
        return self._values.clone()


class Replay:
    """Records the steps of a training where that changes nothing but their speed.

    Attributes:
        reason: Why steps are not recorded; "" while they are, or may be.
        recordings: What is played, by the samples of a step and how many steps it is.
        burst: How many steps are played at once; 0 before it is known.
        played: How many steps were.
    """

    def __init__(self, training: "Training") -> None:
        self.reason = _why_not(training)
        self.recordings: dict[tuple[int, int], Recording] = {}
        self.burst = self.played = 0
        self._asked: set[str] | None = None
        self._key: Hashable = None
        self._optimiser: object = None
        self._done = 0

    def advance(self, training: "Training") -> bool:
        """Do the next steps of the epoch from a recording; False where one has to be done anew."""
        if self.reason or not self._is_time(training):
            return False
        whole = training.left // training.batch_size
        if not self.burst and whole >= MEASURED and training.may_burst:
            return self._measure(training)
        is_burst = 0 < self.burst <= whole and training.may_burst
        return self._play(training, self.burst if is_burst else 1)

    def _is_time(self, training: "Training") -> bool:
        """Whether steps may be played or recorded; what has become void is dropped."""
        if training.optimiser is not self._optimiser:  # another stage has another loss
            self._optimiser, self._done, self._asked = training.optimiser, 0, None
        self._done += 1
        if self._done <= FIRST or (training.steps_left < WORTH and not self.recordings):
            return False
        if self._asked is None and not self._try(training):
            return False
        key = self._state(training)
        if key != self._key:
            self._key, self.recordings = key, {}
        return True

    def _state(self, training: "Training") -> Hashable:
        """What the host puts into a step: where any of it changes, the recordings are void."""
        epoch = training.epoch if self._asked and "epoch" in self._asked else 0
        return training.stage, training.optimiser, tuple(training.weights.items()), epoch

    def _try(self, training: "Training") -> bool:
        """Find out whether a step can be recorded."""
        try:
            self._asked = _asked(training)
        except RuntimeError as error:  # torch's own, whatever it is
            self._give_up(error)
            return False
        if self._asked & {"step", "steps"}:
            self.reason = "its loss depends on the step"
        return not self.reason

    def _measure(self, training: "Training") -> bool:
        """Play some single steps and see how many of them a person does not notice."""
        if not self._play(training, 1):  # it may have had to be recorded
            return False
        device = training.store.device
        torch.cuda.synchronize(device)
        began = time.perf_counter()
        for _ in range(MEASURED - 1):
            self._play(training, 1)
        torch.cuda.synchronize(device)
        each = (time.perf_counter() - began) / (MEASURED - 1)
        self.burst = max(1, min(MOST, int(UNNOTICED / each)))
        return True

    def _play(self, training: "Training", count: int) -> bool:
        """Play so many steps, recorded first where they have not been."""
        size = min(training.batch_size, training.left)
        recording = self.recordings.get((size, count))
        if recording is None:
            try:
                recording = self.recordings[size, count] = Recording(training, size, count)
            except RuntimeError as error:  # torch's own, whatever it is
                self._give_up(error)
                return False
        values = recording.play(training.next_rows(size * count))
        training.stepped(values, recording.terms, size)
        self.played += count
        return True

    def _give_up(self, error: RuntimeError) -> None:
        self.reason = str(error).strip().splitlines()[0]
        self.recordings = {}
        _log.info("steps are not recorded: %s", self.reason)


def _why_not(training: "Training") -> str:
    if training.store.device.type != "cuda":
        return "only steps on a CUDA device can be"
    if training.world.size > 1:
        return "several processes train together"
    if training.precision.is_scaled:
        return "the scale of 16-bit gradients is chosen on the host"
    if not training.store.is_resident:
        return "the samples do not lie on the device"
    if not can_be_recorded(training.optimiser):
        return "its optimiser counts on the host"
    return ""


def _asked(training: "Training") -> set[str]:
    """What the loss asks about time; leaves weights, buffers and generators as they were.

    Raises:
        RuntimeError: If the step waits for the device.
    """
    device, noise = training.store.device, training.noise.get_state()
    dropout = seeds.global_state(device)
    buffers = [(buffer, buffer.clone()) for buffer in training.model.buffers()]
    step, asked = _watched(training.where(training.noise))
    try:
        with _no_waiting():
            training.differentiate(training.next_rows(training.batch_size), step)
    finally:
        training.noise.set_state(noise)
        seeds.set_global_state(device, dropout)
        for parameter in training.parameters:
            parameter.grad = None
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
    return asked


@contextmanager
def _no_waiting() -> Iterator[None]:
    """Within it torch refuses what waits for the device."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the check is a prototype
        torch.cuda.set_sync_debug_mode("error")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")


@contextmanager
def _stream(device: torch.device) -> Iterator[None]:
    """A stream of its own, as a recording needs it, and the one before back in any case."""
    before = torch.cuda.current_stream(device)
    own: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    own.wait_stream(before)
    torch.cuda.set_stream(own)
    try:
        yield
    finally:
        torch.cuda.set_stream(before)
        before.wait_stream(own)
