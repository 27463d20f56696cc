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
import warnings
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from aeviz.compute import seeds
from aeviz.compute.optimisers import can_be_recorded
from aeviz.models.base import Losses, Step

if TYPE_CHECKING:
    from aeviz.compute.training import Training

FIRST = 3
"""Steps that are done as usual before the first is recorded: libraries and states come to be."""

WORTH = 20
"""A step that is not repeated so often is not recorded."""

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
    """A step as a graph.

    Args:
        training: Whose step is recorded; nothing of it is done yet.
        rows: A batch like those that are to come, int64 (B,) on the device.
    """

    def __init__(self, training: "Training", rows: Tensor) -> None:
        self._rows = rows.clone()
        self._graph = torch.cuda.CUDAGraph()
        self._graph.register_generator_state(training.noise)
        torch.cuda.synchronize(rows.device)
        with _stream(rows.device):
            # relaxed for other threads: they may use the device as they like meanwhile
            self._graph.capture_begin(capture_error_mode="thread_local")
            try:
                losses = training.differentiate(self._rows, training.where(training.noise))
                training.optimise()
                self._names = tuple(losses.parts)
                values = (losses.total, *losses.parts.values())
                # detached: nothing may keep the nodes of this backward pass, and its stream, alive
                self._values = torch.stack([value.detach() for value in values])
            finally:
                self._graph.capture_end()
        self._parameters = training.parameters
        self._gradients = [parameter.grad for parameter in training.parameters]

    def play(self, rows: Tensor) -> Losses:
        """Do the step with these rows."""
        self._rows.copy_(rows)
        self._graph.replay()
        if self._parameters[0].grad is not self._gradients[0]:
            for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
                parameter.grad = gradient
        total, *parts = self._values.clone().unbind()
        return Losses(total, dict(zip(self._names, parts, strict=True)))


class Replay:
    """Records the steps of a training where that changes nothing but their speed.

    Attributes:
        reason: Why steps are not recorded; "" while they are, or may be.
        recording: The step that is played; None before there is one.
    """

    def __init__(self, training: "Training") -> None:
        self.recording: Recording | None = None
        self._key: Hashable = None
        self._asked: set[str] | None = None
        self._done = 0
        self.reason = _why_not(training)

    def step(self, training: "Training", rows: Tensor) -> Losses | None:
        """Do a step from the recording; None where it has to be done as usual."""
        if self.reason or len(rows) != training.batch_size:
            return None
        key = self._state(training)
        if key != self._key:
            self._key, self.recording, self._done = key, None, 0
        if self.recording is None and not self._record(training, rows):
            return None
        return None if self.recording is None else self.recording.play(rows)

    def _state(self, training: "Training") -> Hashable:
        """What the host puts into a step: where any of it changes, the recording is void."""
        epoch = training.epoch if self._asked and "epoch" in self._asked else 0
        weights = tuple(training.weights.items())
        return training.batch_size, training.stage, training.optimiser, weights, epoch

    def _record(self, training: "Training", rows: Tensor) -> bool:
        """Record a step, if it is time and can be done."""
        self._done += 1
        if self._done <= FIRST or training.steps_left < WORTH:
            return False
        try:
            if self._asked is None:
                self._asked = _asked(training, rows)
                self._key = self._state(training)
            if self._asked & {"step", "steps"}:
                self.reason = "its loss depends on the step"
                return False
            self.recording = Recording(training, rows)
        except RuntimeError as error:  # torch's own, whatever it is: the step is done as usual
            self.reason = str(error).strip().splitlines()[0]
            _log.info("steps are not recorded: %s", self.reason)
            return False
        return True


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


def _asked(training: "Training", rows: Tensor) -> set[str]:
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
            training.differentiate(rows, step)
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
    own = torch.cuda.Stream(device)
    own.wait_stream(before)
    torch.cuda.set_stream(own)
    try:
        yield
    finally:
        torch.cuda.set_stream(before)
        before.wait_stream(own)
