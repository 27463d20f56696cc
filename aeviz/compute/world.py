"""What a training asks of the processes that share it; here for the usual case, one process."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from aeviz.compute.stepping import backward
from aeviz.models.base import Batch, LatentModel, Losses, Step
from aeviz.runs.schema import TrainConfig

if TYPE_CHECKING:
    from aeviz.compute.controls import Controls
    from aeviz.compute.tally import Tally, TrainingDiverged
    from aeviz.compute.training import Training

READ_SECONDS = 0.05
"""Losses are read at most so often: on an accelerator a read waits for everything before it."""

LossOf = Callable[[Batch, Step], Losses]
Tensors = Mapping[str, Tensor]
OptimiserState = dict[int, dict[str, Tensor]]


class World:
    """The processes that train one model together: here a single one, which asks nobody.

    Attributes:
        rank: Number of this process; 0 measures, writes and prints.
        size: How many there are.
        states: States of the generators of all ranks as of the last `remember`, by name; of one
            process alone nothing is kept here.
        is_abandoned: Whether rank 0 leaves a measurement because it is to stop.
        is_orphan: Whether rank 0 is gone without a word.
    """

    rank = 0
    size = 1

    def __init__(self) -> None:
        self.states: list[Mapping[str, Tensor]] = []
        self.is_abandoned = False
        self.is_orphan = False

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that measures and writes."""
        return self.rank == 0

    # ── a step ────────────────────────────────────────────────────────────────────────────────

    def loss_of(self, model: LatentModel) -> LossOf:
        """The loss as a step asks for it; with several ranks its gradient is their mean."""
        return model.loss

    def take(self, model: LatentModel, config: TrainConfig) -> None:
        """Divide the model over the ranks, if that is asked for; before it has an optimiser."""

    def measured(self, model: LatentModel) -> LatentModel:
        """The model with whole weights, as of the last `gather`."""
        return model

    def share(self, rows: Tensor) -> tuple[Tensor, float, int]:
        """This rank's part of a batch.

        Args:
            rows: Numbers of the batch's samples, int64 (B,).

        Returns:
            Its rows, the factor of its loss that makes the mean over ranks the mean over the batch,
            and how many of its rows count.
        """
        return rows, 1.0, len(rows)

    def backward(self, loss: Tensor) -> None:
        """The gradient of a loss."""
        backward(loss)

    def is_due(self, step: int, seconds: float) -> bool:
        """Whether losses are read, and requests looked at, after a step.

        Args:
            step: Optimiser steps so far.
            seconds: Since the last time, by the clock of this process.
        """
        return self.is_late(seconds)

    def is_late(self, seconds: float) -> bool:
        """Whether so long has passed that something should be said."""
        return seconds >= READ_SECONDS

    # ── between steps ─────────────────────────────────────────────────────────────────────────

    def agreed(self, asked: "Controls") -> "Controls":
        """Where the requests that all ranks agree on will stand."""
        return asked

    def agree(self, asked: "Controls", agreed: "Controls", item: object) -> None:
        """Bring what was asked of any rank to all of them, at the same step.

        Args:
            asked: Of this rank.
            agreed: As `agreed` returned it.
            item: What the training has yielded.
        """

    # ── an epoch ──────────────────────────────────────────────────────────────────────────────

    def sum(self, tally: "Tally") -> None:
        """Give rank 0 the sums of all ranks; the others begin again with nothing."""

    def spread(self, metrics: Mapping[str, float]) -> dict[str, float] | None:
        """What rank 0 has measured, for every rank; None where it has left the measurement."""
        return dict(metrics)

    def gather(self, training: "Training") -> None:
        """Bring a divided model and its optimiser together on rank 0. All ranks call it."""

    def states_of(self, training: "Training") -> tuple[Tensors, OptimiserState]:
        """Whole states of model and optimiser, the latter by number of the parameter."""
        states: OptimiserState = training.optimiser.state_dict()["state"]
        return training.model.state_dict(), states

    def restore(self, model: LatentModel, tensors: Tensors) -> None:
        """Give the model whole weights."""
        model.load_state_dict(dict(tensors))

    def placed(self, value: Tensor, parameter: Tensor) -> Tensor:
        """This rank's part of an optimiser's state that belongs to a parameter."""
        return value

    def own_part(self, gradient: Tensor) -> Tensor:
        """What this rank holds of a gradient."""
        return gradient

    def remember(self, states: Mapping[str, Tensor], tally: "Tally") -> None:
        """Note where generators and sums of all ranks stand, for the checkpoint."""

    def totals(self, tally: "Tally") -> tuple[list[float], int]:
        """Sums of the losses over all ranks as of the last `remember`, and of how many samples."""
        return tally.sums, tally.count

    def tell(self, error: "TrainingDiverged") -> None:
        """Let all ranks end with what one of them has found."""

    # ── the run ───────────────────────────────────────────────────────────────────────────────

    def meet(self) -> None:
        """Wait until all ranks have come here."""

    def begin_run(self, path: Path | None) -> Path:
        """The run folder that rank 0 has made; the others know none yet."""
        if path is None:
            raise ValueError("rank 0 has a run folder")
        return path

    def explain(self, error: BaseException) -> str | None:
        """One sentence where an error comes from a rank that is gone; else None."""
        return None

    def device_of(self, word: str) -> str:
        """The word of this rank's device."""
        return word

    def close(self, failure: str = "") -> None:
        """Leave the others; `failure` says why, where something went wrong here."""
