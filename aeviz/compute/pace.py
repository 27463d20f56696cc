"""How fast a training goes and how long it will take, pauses left out."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aeviz.messages import Progress

if TYPE_CHECKING:
    from aeviz.compute.training import Training

SMOOTHING = 0.3
"""Weight of the newest interval in the throughput."""


class Pace:
    """A clock that runs only while the training does.

    Attributes:
        seconds: Time spent training and measuring in the epoch so far.
        samples_per_second: Throughput of the steps, smoothed; 0 when not known.
        reported: When the last progress was reported.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.samples_per_second = 0.0
        self.reported = 0.0
        self._since = 0.0
        self._steps = 0
        self._step_seconds = 0.0
        self._measurements = 0
        self._measure_seconds = 0.0
        self._interval_samples = 0
        self._interval_seconds = 0.0

    def begin(self) -> None:
        """Begin an epoch."""
        self.seconds = 0.0
        self.turn_to()

    def turn_to(self) -> None:
        """Steps begin, or measuring: the first thing done is reported, so that a step is told."""
        self.reported = 0.0

    def resume(self) -> None:
        """Go on after a yield, however long it took."""
        self._since = time.perf_counter()

    def stepped(self, samples: int, steps: int = 1) -> float:
        """Steps were done; returns the seconds since the last report."""
        now = time.perf_counter()
        spent = now - self._since
        self._since = now
        self.seconds += spent
        self._step_seconds += spent
        self._interval_seconds += spent
        self._steps += steps
        self._interval_samples += samples
        since_report = now - self.reported
        if self._interval_seconds >= 0.05:
            self._refresh()
        return since_report

    def sliced(self) -> float:
        """A slice of measuring was done; returns the seconds since the last report."""
        now = time.perf_counter()
        self.seconds += now - self._since
        self._measure_seconds += now - self._since
        self._since = now
        return now - self.reported

    def measured(self) -> None:
        """An epoch was measured."""
        self.sliced()
        self._measurements += 1

    def saved(self, seconds: float) -> None:
        """An epoch was saved, which is no part of it but counts for the time left."""
        self._measure_seconds += seconds

    def seconds_left(self, steps: int, measurements: int) -> float | None:
        """Estimate for so many steps and measurements; None before the first step."""
        if not self._steps:
            return None
        each = self._measure_seconds / self._measurements if self._measurements else 0.0
        return steps * self._step_seconds / self._steps + measurements * each

    def _refresh(self) -> None:
        newest = self._interval_samples / self._interval_seconds
        before = self.samples_per_second or newest
        self.samples_per_second = before + SMOOTHING * (newest - before)
        self._interval_samples, self._interval_seconds = 0, 0.0


def progress(training: "Training", phase: str, losses: Mapping[str, float]) -> Progress:
    """How far a training is, to be told now."""
    pace = training.pace
    pace.reported = time.perf_counter()
    steps, later = training.steps, training.epochs - training.epoch
    left = steps - training.within + later * steps
    return Progress(
        phase=phase,
        epoch=training.epoch,
        epochs=training.epochs,
        step=training.within,
        steps=steps,
        losses=losses,
        samples_per_second=pace.samples_per_second,
        seconds_left=pace.seconds_left(left, later + 1),
    )
