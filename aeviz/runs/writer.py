"""Writing a run folder so that a kill at any instant leaves one that opens.

Files first, the epoch's line last; one writer at a time.
"""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aeviz import __version__
from aeviz.messages import ByteArray, FloatArray, IntArray
from aeviz.runs import axes as principal
from aeviz.runs import folder
from aeviz.runs import metrics as metrics_file
from aeviz.runs.atomic import array_bytes, remove_if_empty, weights_bytes, write_bytes
from aeviz.runs.checkpoint import read_checkpoint, write_checkpoint
from aeviz.runs.control import ControlReader
from aeviz.runs.epochs import EpochFiles
from aeviz.runs.info import read_info, write_info
from aeviz.runs.lock import Lock
from aeviz.runs.manifest import forget_manifest, write_manifest
from aeviz.runs.metrics import EpochLine, MetricsReader, best_epoch
from aeviz.runs.progress import ProgressWriter
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import (
    AXES,
    COLUMNS,
    CONDITIONS,
    FORMAT,
    INDEX,
    LABELS,
    LATENTS,
    NAMES,
    NAMES_BUDGET,
    PARTS,
    SAMPLES,
    SAMPLES_BUDGET,
    WEIGHTS,
    RunInfo,
    Status,
)


class RunWriter:
    """The one writer of a run folder; a context manager.

    Attributes:
        path: The folder.
        info: What `run.json` says; change it through `set_status`, or `save_info` afterwards.
    """

    def __init__(self, path: Path, info: RunInfo, lock: Lock, shown: int) -> None:
        """Use `create` or `reopen`; `shown` is the number N of shown samples."""
        self.path = path
        self.info = info
        self._lock = lock
        self._shown = shown
        self._closed = False
        self._metrics = MetricsReader(path)
        self._control = ControlReader(path)
        self._progress = ProgressWriter(path)
        self._files = EpochFiles(path)

    @classmethod
    def create(
        cls,
        path: Path,
        info: RunInfo,
        *,
        index: IntArray,
        labels: IntArray | None,
        parts: ByteArray,
        samples: NDArray[Any] | None,
        conditions: NDArray[Any] | None = None,
        columns: FloatArray | None = None,
        names: Sequence[str] = (),
    ) -> Self:
        """Begin a run in a folder that is empty or not there yet.

        Args:
            path: The folder; folders above it are made.
            info: What goes into `run.json`.
            index: Which samples of the data set are shown, (N,).
            labels: Label of every shown sample, (N,), -1 where missing.
            parts: 0 for train, 1 for validation, (N,).
            samples: The shown samples, (N, H, W, C) uint8 or (N, F) float32; the first rows are
                kept, up to `SAMPLES_BUDGET` bytes.
            conditions: What a conditional model is told of every shown sample: choices int64 (N,)
                or numbers float32 (N, K).
            columns: What else is known of every shown sample, float32 (N, K): numbers, NaN where
                missing, or the numbers of choices, -1 where missing.
            names: Of the shown samples, one each or none; left out where they are too much.

        Raises:
            RunError: If the folder holds something already.
            SaveError: If it cannot be written; nothing is left of it then.
        """
        is_new = folder.make_empty(path)
        try:
            lock = Lock.take(path)
        except BaseException:
            remove_if_empty(path)
            raise
        try:
            folder.require_empty(path)  # another writer may have come first, and ended already
        except BaseException:
            lock.release()
            raise
        writer = cls(path, info, lock, len(index))
        try:
            known = {COLUMNS: columns, NAMES: names_array(names)}
            writer._write_shown(index, labels, parts, samples, {**known, CONDITIONS: conditions})
            writer._begin_info()
        except BaseException:
            writer._remove_all(also_folder=is_new)
            raise
        return writer

    @classmethod
    def reopen(cls, path: Path) -> Self:
        """Become the writer of a run that exists, to go on with it.

        What a killed writer left behind is swept: temporary files, a torn last line, files of an
        epoch without a line, old requests. The status changes with the next epoch.

        Raises:
            RunError: If it is no run, is damaged, or somebody else writes it.
            SaveError: If it cannot be written.
        """
        shown = len(RunFolder.open(path).index)
        lock = Lock.take(path)
        try:
            folder.sweep(path)
            writer = cls(path, read_info(path), lock, shown)
            writer._begin_again()
        except BaseException:
            lock.release()
            raise
        return writer

    @property
    def epochs(self) -> list[EpochLine]:
        """The lines of all whole epochs, ascending, as they stand on the disk."""
        self._metrics.poll()
        return list(self._metrics.lines)

    # ── epochs ────────────────────────────────────────────────────────────────────────────────

    def write_epoch(
        self,
        epoch: int,
        *,
        latents: FloatArray,
        weights: Mapping[str, NDArray[Any]],
        metrics: Mapping[str, float],
        step: int,
        seconds: float,
        lr: float,
        events: Sequence[str] = (),
        stage: int = 0,
    ) -> None:
        """Make an epoch exist: its files first, its line last; then thin what is over budget.

        An epoch that exists already is done again: it and all later ones are forgotten first.

        Args:
            epoch: 0 is before training.
            latents: float32 (N, D) of the shown samples; with many dimensions what lies beyond the
                first principal axes is not kept.
            weights: Copies of the model's weights by name.
            metrics: Loss terms and measures by name.
            step: Optimiser steps done so far.
            seconds: Time that the epoch took.
            lr: Learning rate at its end.
            events: Sentences to mark on the timeline.
            stage: Number of the stage that it is part of.

        Raises:
            SaveError: If anything could not be written; the epoch does not exist then, and all
                earlier ones do.
            ValueError: If the latents are not (N, D).
        """
        rows = np.asarray(latents, np.float32)
        if rows.ndim != 2 or len(rows) != self._shown:
            raise ValueError(f"latents must be ({self._shown}, D), got {rows.shape}")
        before = self.epochs
        if before and epoch <= before[-1].epoch:
            self.go_back(epoch - 1)
        if self.info.status != "training":
            self.set_status("training")
        contents = {**latents_bytes(rows), WEIGHTS: weights_bytes(weights)}
        try:
            hashes = self._files.write(epoch, contents)
            line = EpochLine(epoch, step, seconds, lr, metrics, tuple(events), hashes, stage=stage)
            metrics_file.append(self.path, line)
        except OSError:
            self._files.remove(epoch)
            raise
        # From here on the epoch exists: nothing may fail any more.
        self._thin([*(earlier for earlier in before if earlier.epoch < epoch), line])

    def go_back(self, epoch: int) -> None:
        """Forget every later epoch, to do them again: the lines first, then their files.

        Raises:
            SaveError: If the lines cannot be removed; nothing has changed then.
        """
        later = [line.epoch for line in self.epochs if line.epoch > epoch]
        if not later:
            return
        forget_manifest(self.path)
        metrics_file.cut_after(self.path, epoch)
        for gone in later:
            self._files.remove(gone)

    # ── state ─────────────────────────────────────────────────────────────────────────────────

    def write_checkpoint(self, files: Mapping[str, bytes]) -> None:
        """Replace the folder `checkpoint/` as a whole; names are plain file names.

        Raises:
            SaveError: If it cannot be written; the old checkpoint stands.
        """
        write_checkpoint(self.path, files)

    def read_checkpoint(self) -> dict[str, bytes] | None:
        """The files of the checkpoint by name; None when there is none.

        Raises:
            RunError: If it is damaged.
        """
        return read_checkpoint(self.path)

    def set_status(self, status: Status, reason: str = "") -> None:
        """Say how the training goes or ended.

        Raises:
            SaveError: If it cannot be written; the old status stands.
        """
        before = self.info.status, self.info.reason
        self.info.status, self.info.reason = status, reason
        try:
            self.save_info()
        except BaseException:
            self.info.status, self.info.reason = before
            raise

    def save_info(self) -> None:
        """Write `info` as it stands now.

        Raises:
            SaveError: If it cannot be written; the old one stands.
        """
        forget_manifest(self.path)
        write_info(self.path, self.info)

    def control(self) -> Mapping[str, Any] | None:
        """What a window has asked since the last call; looks twice a second at most."""
        return self._control.read()

    def write_progress(self, state: str, fields: Mapping[str, Any]) -> None:
        """Say where the training stands between two epochs; looks twice a second at most.

        Args:
            state: "training" or "paused".
            fields: Those of `Progress`.
        """
        self._progress.write(state, fields)

    # ── the end ───────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Write the manifest where the training has ended, and let others write. Idempotent.

        Raises:
            SaveError: If the manifest cannot be written; others can write all the same.
        """
        if self._closed:
            return
        self._progress.clear()
        try:
            if self.info.status != "training":
                write_manifest(self.path, self.info.files, self.epochs)
        finally:
            self._lock.release()
        self._closed = True

    def discard(self) -> None:
        """Remove the folder of a run that failed before its first epoch.

        Raises:
            ValueError: If there is an epoch; it is never removed.
        """
        if self.epochs:
            raise ValueError(f"{self.path} holds epochs and is not discarded")
        self._remove_all(also_folder=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # ── parts ─────────────────────────────────────────────────────────────────────────────────

    def _write_shown(
        self,
        index: IntArray,
        labels: IntArray | None,
        parts: ByteArray,
        samples: NDArray[Any] | None,
        known: Mapping[str, NDArray[Any] | None],
    ) -> None:
        arrays: dict[str, NDArray[Any]] = {
            INDEX: np.asarray(index, np.int64),
            PARTS: np.asarray(parts, np.uint8),
        }
        if labels is not None:
            arrays[LABELS] = np.asarray(labels, np.int64)
        for name, array in arrays.items():
            if array.shape != (self._shown,):
                raise ValueError(f"{name} must have shape ({self._shown},), got {array.shape}")
        for name, values in known.items():
            if values is None:
                continue
            if len(values) != self._shown:
                raise ValueError(f"{name} has {len(values)} rows, not {self._shown}")
            arrays[name] = values
        if samples is not None:
            arrays[SAMPLES] = _within_budget(samples)
        folder.make_parts(self.path)
        self.info.files = {
            name: write_bytes(self.path / name, array_bytes(array))
            for name, array in arrays.items()
        }

    def _begin_info(self) -> None:
        """Write `run.json`, the last file of a new run: from now on it can be opened."""
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        self.info.format = FORMAT
        self.info.aeviz = self.info.aeviz or __version__
        self.info.created = self.info.created or now
        self.save_info()

    def _begin_again(self) -> None:
        folder.make_parts(self.path)
        forget_manifest(self.path)
        metrics_file.cut_torn_line(self.path)
        self._control.clear()
        self._progress.clear()
        for epoch in self._files.epochs - {line.epoch for line in self.epochs}:
            self._files.remove(epoch)

    def _thin(self, lines: Sequence[EpochLine]) -> None:
        staying = {0, best_epoch(lines), lines[-1].epoch}
        self._files.thin(self.info.settings.get("train", {}), staying)

    def _remove_all(self, *, also_folder: bool) -> None:
        """Remove what this writer wrote, and nothing else."""
        self._closed = True
        folder.remove_contents(self.path)
        self._lock.release()
        if also_folder:
            remove_if_empty(self.path)


def names_array(names: Sequence[str]) -> NDArray[np.bytes_] | None:
    """Names as UTF-8 of one width, (N,); None without any, or where they take too much room."""
    words = [name.encode("utf-8", "replace") for name in names]
    if not words or len(words) * max(map(len, words)) > NAMES_BUDGET:
        return None
    return np.array(words, np.bytes_)


def _within_budget(samples: NDArray[Any]) -> NDArray[Any]:
    """The first rows that fit into `SAMPLES_BUDGET`."""
    row = samples[:1].nbytes
    return samples[: SAMPLES_BUDGET // row] if row else samples


def latents_bytes(rows: FloatArray) -> dict[str, bytes]:
    """The files of latents (N, D) by their folders: they, or coordinates and their axes."""
    if rows.shape[1] <= principal.MOST_DIMENSIONS:
        return {LATENTS: array_bytes(rows)}
    coordinates, axes = principal.reduced(rows)
    return {LATENTS: array_bytes(coordinates), AXES: array_bytes(axes)}
