"""Where a training in another process stands, read from its run folder: who, where, how far."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from aeviz.messages import Progress, TrainingChanged, TrainingState
from aeviz.runs.lock import holder_of
from aeviz.runs.progress import read_progress
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder

PHASES = ("loading", "training", "validating", "encoding", "saving")
NAME_LENGTH = 80
MOST_LOSSES = 100


class Standing:
    """The state of a followed run, as messages; the folder may come from a stranger.

    Args:
        run: What messages call it.
        folder: Where it lies.
    """

    def __init__(self, run: str, folder: RunFolder) -> None:
        self._run = run
        self._folder = folder
        self._state: TrainingState = "training"
        self._where = ""

    def changed(self) -> TrainingChanged:
        """Who trains it, and whether it pauses."""
        self._where = self._found() or self._where or "another process"
        return self._message(self._state)

    def ended(self, reason: str) -> TrainingChanged:
        """That it trains no more."""
        self._where = self._where or "another process"
        return self._message("idle", reason)

    def news(self) -> Iterator[TrainingChanged | Progress]:
        """What is different since the last look."""
        row = read_progress(self._folder.path)
        if row is None:
            return
        state: TrainingState = "paused" if row.get("state") == "paused" else "training"
        if state != self._state:
            self._state = state
            yield self.changed()
        progress = progress_in(self._run, row)
        if progress is not None:
            yield progress

    def _message(self, state: TrainingState, reason: str = "") -> TrainingChanged:
        epochs = self._folder.epochs
        return TrainingChanged(
            run=self._run,
            state=state,
            reason=reason,
            epoch=epochs[-1].epoch if epochs else 0,
            where=self._where,
        )

    def _found(self) -> str:
        """Such as "process 4711 on node7, 4 ranks"; "" where the lock says nothing."""
        try:
            holder = holder_of(self._folder.path)
        except (RunError, OSError):
            return ""
        if holder is None:
            return ""
        ranks = self._folder.info.world_size
        several = f", {ranks} ranks" if ranks > 1 else ""
        return f"process {holder.process.pid} on {holder.process.host[:NAME_LENGTH]}{several}"


def progress_in(run: str, row: Mapping[str, Any]) -> Progress | None:
    """What `progress.json` says, None where it does not make sense."""
    numbers = [row.get(name) for name in ("epoch", "epochs", "step", "steps")]
    if row.get("phase") not in PHASES or any(type(n) is not int or n < 0 for n in numbers):
        return None
    epoch, epochs, step, steps = (int(number) for number in numbers if number is not None)
    losses = row.get("losses")
    return Progress(
        run=run,
        phase=str(row["phase"]),
        epoch=epoch,
        epochs=epochs,
        step=step,
        steps=steps,
        losses=_finite(losses) if isinstance(losses, Mapping) else {},
        samples_per_second=_number(row.get("samples_per_second")) or 0.0,
        seconds_left=_number(row.get("seconds_left")),
    )


def _finite(losses: Mapping[Any, Any]) -> dict[str, float]:
    found = {str(name)[:NAME_LENGTH]: _number(value) for name, value in losses.items()}
    return {name: v for name, v in [*found.items()][:MOST_LOSSES] if v is not None}


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None
