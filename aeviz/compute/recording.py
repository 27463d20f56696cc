"""What a training yields, written into its run folder and told as messages."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from aeviz.analysis.projection import Projection, project
from aeviz.compute import checkpoint
from aeviz.compute.history import LIVE, Weights, copied
from aeviz.compute.training import EpochResult, Training, TrainingDiverged
from aeviz.data.own import is_path
from aeviz.messages import EpochDone, Message, Progress
from aeviz.runs.reading import RunError
from aeviz.runs.schema import Settings, Status
from aeviz.runs.writer import RunWriter

LIVE_SECONDS = 0.1
"""Weights between epochs are copied at most so often."""


class Recorder:
    """The writing side of a training.

    An epoch's checkpoint is written before its line: what a kill leaves is an epoch without its
    line, which going on measures again from the checkpoint. Where not every epoch has one, the
    epochs after it are done again.

    Args:
        writer: Of the run folder.
        training: Whose results are recorded.
        on_weights: Gets copies of the weights; None where nobody wants them.
        projection: Of the last epoch that stands.

    Attributes:
        run: What messages call the run: the path of its folder.
        epoch: The last whole epoch.
    """

    def __init__(
        self,
        writer: RunWriter,
        training: Training,
        on_weights: Callable[[Weights], None] | None = None,
        projection: Projection | None = None,
    ) -> None:
        self.writer = writer
        self.training = training
        self.run = str(writer.path)
        self.epoch = max(0, training.reported)
        self._on_weights = on_weights
        self._projection = projection
        self._sent = time.monotonic()
        self._progress: Progress | None = None

    def tell(self, item: Progress | EpochResult | None) -> Message | None:
        """Record what `fit` yielded; returns the message about it, None between two steps."""
        if item is None:
            return None
        if isinstance(item, EpochResult):
            return self._record(item)
        self._send_live()
        self._say_progress("training", item)
        return replace(item, run=self.run)

    @property
    def settings(self) -> Settings:
        """Of the run, complete."""
        return self.writer.info.settings

    @property
    def reason(self) -> str:
        """How the training ended, "" while it goes on."""
        return self.writer.info.reason

    def control(self) -> Mapping[str, Any]:
        """What has been asked through the folder since the last look."""
        return self.writer.control() or {}

    def pause(self) -> None:
        """Let those who follow know that the training waits."""
        if self._progress is not None:
            self._say_progress("paused", self._progress)

    def save(self) -> str:
        """Write a checkpoint between two steps and go on; returns a sentence about it."""
        self.writer.write_checkpoint(checkpoint.capture(self.training))
        return f"saved: {self.run} in epoch {self.training.epoch}"

    def _say_progress(self, state: str, item: Progress) -> None:
        self._progress = item
        fields = asdict(item)
        del fields["run"]
        self.writer.write_progress(state, fields)

    def stop(self) -> None:
        """Save the state between two steps, so that the training can go on exactly there."""
        try:
            files = checkpoint.capture(self.training)
        except TrainingDiverged as error:
            self.end("diverged", str(error))
            return
        self.writer.write_checkpoint(files)
        self.end("stopped", f"stopped at epoch {self.epoch}")

    def end(self, status: Status, reason: str) -> None:
        """Write how the training ended."""
        self.writer.set_status(status, reason)

    def _record(self, result: EpochResult) -> EpochDone:
        began = time.perf_counter()
        self._save(result)
        self.training.pace.saved(time.perf_counter() - began)
        self.epoch = result.epoch
        self._projection = project(result.latents, self._projection)
        if self._on_weights is not None:
            weights = Weights(run=self.run, epoch=result.epoch, tensors=result.weights)
            self._on_weights(weights)
            self._sent = time.monotonic()
        return EpochDone(
            run=self.run,
            epoch=result.epoch,
            positions=self._projection.positions,
            mean=self._projection.mean,
            axes=self._projection.axes,
            share=self._projection.share,
            metrics=result.metrics,
            events=result.events,
            stage=result.stage,
        )

    def _save(self, result: EpochResult) -> None:
        training = self.training
        if training.is_done or result.epoch % training.config.checkpoint_every == 0:
            self.writer.write_checkpoint(checkpoint.capture(training))
        self.writer.write_epoch(
            result.epoch,
            latents=result.latents,
            weights={name: tensor.numpy() for name, tensor in result.weights.items()},
            metrics=result.metrics,
            step=result.step,
            seconds=result.seconds,
            lr=result.lr,
            events=result.events,
            stage=result.stage,
        )

    def _send_live(self) -> None:
        if self._on_weights is None or time.monotonic() - self._sent < LIVE_SECONDS:
            return
        tensors = copied(self.training.measured)
        self._on_weights(Weights(run=self.run, epoch=LIVE, tensors=tensors))
        self._sent = time.monotonic()


class Onlooker:
    """What a rank beyond the first does in place of recording: nothing.

    Args:
        path: The run folder that rank 0 writes.
        training: This rank's part.
        settings: Of the run, complete.

    Attributes:
        run: As of a `Recorder`.
        epoch: The last whole epoch.
        reason: As of a `Recorder`.
    """

    def __init__(self, path: Path, training: Training, settings: Settings) -> None:
        self.training = training
        self.run = str(path)
        self.settings = settings
        self.epoch = max(0, training.reported)
        self.reason = ""

    def tell(self, item: Progress | EpochResult | None) -> Message | None:
        """Note the epoch; rank 0 tells."""
        if isinstance(item, EpochResult):
            self.epoch = item.epoch
        return None

    def control(self) -> Mapping[str, Any]:
        """Nothing: rank 0 looks into the folder."""
        return {}

    def pause(self) -> None:
        """Nothing."""

    def save(self) -> str:
        """Nothing."""
        return ""

    def stop(self) -> None:
        """Note how it ended."""
        self.reason = f"stopped at epoch {self.epoch}"

    def end(self, status: Status, reason: str) -> None:
        """Note how it ended."""
        self.reason = reason


def refuse_used(path: Path) -> None:
    """Say early that a folder is taken; `RunWriter.create` says it again for sure.

    Raises:
        RunError: If there is a file, or a folder with something in it.
    """
    if path.exists() and not path.is_dir():
        raise RunError(f"{path} is a file; choose another name for the run")
    if path.is_dir() and os.listdir(path):
        raise RunError(
            f"{path} is not empty: go on with the run that is there with --resume {path}, or "
            "choose another folder"
        )


def run_name(settings: Mapping[str, Any]) -> str:
    """MODEL-DATA for the name of a run folder; of own data the last part of their path, unended."""
    data = str(settings["data"]["name"])
    return f"{settings['model']['name']}-{Path(data).stem if is_path(data) else data}"


def free_folder(runs_dir: Path, name: str) -> Path:
    """NAME in the folder of runs, or NAME-2, NAME-3 … where that is taken."""
    path, number = runs_dir / name, 1
    while path.exists() and (not path.is_dir() or os.listdir(path)):
        number += 1
        path = runs_dir / f"{name}-{number}"
    return path
