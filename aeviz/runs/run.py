"""A run folder, read and followed while another process writes it; nothing here writes.

The folder may come from a stranger: nothing outside it is read, and no more than its files hold.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import ByteArray, FloatArray, IntArray
from aeviz.runs import axes as principal
from aeviz.runs.arrays import HEADER_LIMIT, parse_any_array, parse_array, parse_weights
from aeviz.runs.control import ask
from aeviz.runs.epochs import epochs_in
from aeviz.runs.info import read_info
from aeviz.runs.lock import may_be_written
from aeviz.runs.manifest import promised_hash
from aeviz.runs.metrics import EpochLine, MetricsReader, best_epoch
from aeviz.runs.reading import RunError, open_inside, read_bytes, refuse_link
from aeviz.runs.schema import (
    AXES,
    COLUMNS,
    CONDITIONS,
    INDEX,
    LABELS,
    LATENTS,
    MANIFEST,
    METRICS,
    NAMES,
    PARTS,
    RUN_JSON,
    SAMPLES,
    SAMPLES_BUDGET,
    WEIGHTS,
    RunInfo,
    Status,
    axes_file,
    latents_file,
    weights_file,
)

__all__ = ["EpochLine", "RunError", "RunFolder", "ask"]


class RunFolder:
    """The content of a run folder, as far as it had come at the last `refresh`.

    Every file is checked against its SHA-256 when it is read.

    Attributes:
        path: The folder.
        info: What `run.json` says.
        status: As in `info`, but "interrupted" where the writer was killed.
        index: Which samples of the data set are shown, int64 (N,).
        labels: Label of every shown sample, int64 (N,), -1 where missing; None without labels.
        parts: 0 for train, 1 for validation, uint8 (N,).
        conditions: What a conditional model was told of every shown sample: choices int64 (N,), -1
            where missing, or numbers float32 (N, K), NaN where missing; None for other models, and
            where it is the sample itself.
        columns: What else is known of every shown sample, float32 (N, K), described in `info.data`;
            None where nothing is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.info: RunInfo
        self.status: Status
        self._metrics = MetricsReader(path)
        self._unreported: list[EpochLine] = []
        self._lines: dict[int, EpochLine] = {}
        self._kept: dict[str, tuple[int, frozenset[int]]] = {}
        self._dimensions = 0
        self._read_state()
        self.index: IntArray = self._shown(INDEX, np.int64)
        self.labels: IntArray | None = None
        if self._exists(LABELS):
            self.labels = self._shown(LABELS, np.int64)
        self.parts: ByteArray = self._shown(PARTS, np.uint8)
        self.conditions: NDArray[Any] | None = None
        if self._exists(CONDITIONS):
            self.conditions = self._read_conditions()
        self.columns: FloatArray | None = None
        if self._exists(COLUMNS):
            self.columns = self._shown(COLUMNS, np.float32, 2)
        self._poll()
        self._unreported.clear()
        self._is_another = self._differs_from_manifest()

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Open a run folder for reading, whoever writes it.

        Raises:
            RunError: If it is none, of a newer format, or damaged in what every view needs.
        """
        if not path.is_dir():
            reason = "is no folder" if path.exists() else "does not exist"
            raise RunError(f"{path} {reason}; a run is a folder with a {RUN_JSON}")
        try:
            return cls(path)
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror or error}") from error

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the shown samples, one each or none.

        Raises:
            RunError: If their file is damaged.
        """
        if not self._exists(NAMES):
            return ()
        return tuple(word.decode("utf-8", "replace") for word in self._shown(NAMES, np.bytes_))

    # ── epochs ────────────────────────────────────────────────────────────────────────────────

    @property
    def epochs(self) -> list[EpochLine]:
        """The lines of all whole epochs, ascending."""
        return list(self._metrics.lines)

    @property
    def notices(self) -> list[str]:
        """Sentences about what is damaged and was left out."""
        damaged = self._metrics.damaged
        if not damaged and self._is_another:
            return [
                f"{METRICS} is not as the training left it, its SHA-256 is not the one in "
                f"{MANIFEST}: epochs may be missing"
            ]
        if not damaged:
            return []
        numbers = ", ".join(str(number) for number in damaged[:5])
        more = "" if len(damaged) <= 5 else f" and {len(damaged) - 5} more"
        return [f"{METRICS} is damaged at line {numbers}{more}: what they said is left out"]

    @property
    def best_epoch(self) -> int:
        """The epoch with the smallest validation loss, or loss where nothing was held out.

        Raises:
            RunError: If there is no epoch yet.
        """
        self._require_epochs()
        return best_epoch(self._metrics.lines)

    def refresh(self) -> list[EpochLine]:
        """Look for what the writer has added.

        Returns:
            The epochs that are new, or were written again since the last call.

        Raises:
            RunError: If the folder is gone or damaged; what was read before stays.
        """
        try:
            self._read_state()
            self._poll()
        except OSError as error:
            raise RunError(f"{self.path} cannot be read: {error.strerror or error}") from error
        fresh, self._unreported = self._unreported, []
        return fresh

    # ── files of an epoch ─────────────────────────────────────────────────────────────────────

    @property
    def latents_epochs(self) -> frozenset[int]:
        """Epochs whose latents are kept."""
        return self._kept_in(LATENTS)

    @property
    def weights_epochs(self) -> frozenset[int]:
        """Epochs whose weights are kept: those that can decode."""
        return self._kept_in(WEIGHTS)

    def has_latents(self, epoch: int) -> bool:
        """Whether the latents of an epoch are kept."""
        return epoch in self._lines and epoch in self._files_in(LATENTS)

    def has_weights(self, epoch: int) -> bool:
        """Whether the weights of an epoch are kept."""
        return epoch in self._lines and epoch in self._files_in(WEIGHTS)

    def nearest_latents(self, epoch: int) -> int:
        """The epoch with latents that is nearest to one, the earlier of two.

        Raises:
            RunError: If there is none.
        """
        return self._nearest(epoch, self.latents_epochs, "latents")

    def nearest_weights(self, epoch: int) -> int:
        """The epoch with weights that is nearest to one, the earlier of two.

        Raises:
            RunError: If there is none.
        """
        return self._nearest(epoch, self.weights_epochs, "weights")

    def latents(self, epoch: int) -> FloatArray:
        """Latents of all shown samples, float32 (N, D), read-only.

        Above 32 dimensions they are what lies along their first 32 principal axes.

        Raises:
            RunError: If they are not kept, or damaged.
        """
        name = latents_file(epoch)
        array: FloatArray = parse_array(
            self._epoch_bytes(epoch, name, LATENTS), str(self.path / name), np.float32, 2
        )
        self._require_rows(array, name)
        array = self._expanded(epoch, array)
        self._dimensions = self._dimensions or array.shape[1]
        if array.shape[1] != self._dimensions:
            raise RunError(
                f"{self.path / name} has latents of {array.shape[1]} dimensions, other epochs "
                f"have {self._dimensions}"
            )
        return array

    def _expanded(self, epoch: int, coordinates: FloatArray) -> FloatArray:
        """The latents of an epoch, of which the folder keeps coordinates if there are axes."""
        name = axes_file(epoch)
        if name not in self._lines[epoch].hashes:
            return coordinates
        data = self._epoch_bytes(epoch, name, AXES)
        axes: FloatArray = parse_array(data, str(self.path / name), np.float32, 2)
        if not principal.fits(coordinates, axes):
            raise RunError(
                f"{self.path / name} is {axes.shape}, which does not fit latents kept as "
                f"{coordinates.shape}"
            )
        latents = principal.expanded(coordinates, axes)
        latents.flags.writeable = False
        return latents

    def weights(self, epoch: int) -> dict[str, NDArray[Any]]:
        """Weights of an epoch by name.

        Raises:
            RunError: If they are not kept, or damaged.
        """
        name = weights_file(epoch)
        return parse_weights(self._epoch_bytes(epoch, name, WEIGHTS), str(self.path / name))

    # ── samples ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def samples(self) -> NDArray[Any] | None:
        """The shown samples in their own units, read-only.

        uint8 (K, H, W, C) or float32 (K, F), where K < N when the folder keeps only the first
        rows; None when it keeps none. They are read as a whole, `SAMPLES_BUDGET` bytes at most: a
        file that was mapped into memory and is cut meanwhile would end the process.

        Raises:
            RunError: If the file is damaged.
        """
        path = self.path / SAMPLES
        try:
            data = read_bytes(self.path, SAMPLES, SAMPLES_BUDGET + HEADER_LIMIT)
        except FileNotFoundError:
            return None
        self._require_hash(SAMPLES, sha256(data).hexdigest())
        samples = parse_any_array(data, str(path))
        shape = list(samples.shape[1:])
        if samples.dtype != (np.uint8 if len(shape) == 3 else np.float32) or not shape:
            raise RunError(f"{path} holds {samples.dtype} of shape {samples.shape}, not samples")
        if shape != list(self.info.data.get("sample_shape", shape)):
            raise RunError(f"{path} has samples of shape {shape}, {RUN_JSON} says otherwise")
        if len(samples) > len(self.index):
            raise RunError(f"{path} has {len(samples)} samples, {INDEX} only {len(self.index)}")
        return samples

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    def _read_state(self) -> None:
        info = read_info(self.path)
        if info.status == "training" and not may_be_written(self.path):
            info = read_info(self.path)  # it may have ended between the two looks
            self.status = "interrupted" if info.status == "training" else info.status
        else:
            self.status = info.status
        self.info = info

    def _poll(self) -> None:
        fresh = self._metrics.poll()
        self._lines = {line.epoch: line for line in self._metrics.lines}
        self._unreported += fresh

    def _differs_from_manifest(self) -> bool:
        """Whether lines were lost, or came, after the training had ended."""
        promised = promised_hash(self.path, METRICS)
        if promised is None or not self._exists(METRICS):
            return promised is not None
        with os.fdopen(open_inside(self.path, METRICS), "rb") as file:
            return bool(file_digest(file, "sha256").hexdigest() != promised)

    def _exists(self, name: str) -> bool:
        return os.path.lexists(self.path / name)

    def _read_conditions(self) -> NDArray[Any]:
        about = self.info.model.get("conditions")
        if isinstance(about, dict) and about.get("kind") == "numbers":
            return self._shown(CONDITIONS, np.float32, 2)
        return self._shown(CONDITIONS, np.int64)

    def _shown(self, name: str, dtype: type[np.generic], axes: int = 1) -> NDArray[Any]:
        """An array with one element, or one row, per shown sample."""
        try:
            data = read_bytes(self.path, name)
        except FileNotFoundError:
            raise RunError(f"{self.path / name} is missing") from None
        self._require_hash(name, sha256(data).hexdigest())
        array = parse_array(data, str(self.path / name), dtype, axes)
        if name != INDEX:
            self._require_rows(array, name)
        return array

    def _require_rows(self, array: NDArray[Any], name: str) -> None:
        if len(array) != len(self.index):
            raise RunError(
                f"{self.path / name} has {len(array)} rows, {INDEX} has {len(self.index)}"
            )

    def _require_hash(self, name: str, digest: str) -> None:
        """Compare with what `run.json` says; a run of which it says nothing is believed."""
        if self.info.files.get(name, digest) != digest:
            raise RunError(
                f"{self.path / name} is damaged: its SHA-256 is not the one in {RUN_JSON}; "
                "restore it from a copy"
            )

    def _require_epochs(self) -> None:
        if not self._metrics.lines:
            raise RunError(f"{self.path} has no whole epoch yet")

    def _epoch_bytes(self, epoch: int, name: str, folder: str) -> bytes:
        """Content of a file of an epoch, its hash checked.

        A writer that went back and did the epoch again is a reason to look at its line again.
        """
        for _ in range(2):
            promised = self._promised(epoch, name)
            try:
                data = read_bytes(self.path, name)
            except FileNotFoundError:
                raise self._thinned(epoch, folder) from None
            if sha256(data).hexdigest() == promised:
                return data
            self._poll()
        raise RunError(
            f"{self.path / name} is damaged: its SHA-256 is not the one in {METRICS}; "
            "restore it from a copy or use another epoch"
        )

    def _promised(self, epoch: int, name: str) -> str:
        line = self._lines.get(epoch)
        if line is None:
            self._require_epochs()
            last = self._metrics.lines[-1].epoch
            raise RunError(f"{self.path} has no epoch {epoch}; its last is {last}")
        if name not in line.hashes:
            raise RunError(f"{self.path / METRICS} does not say the SHA-256 of {name}")
        return line.hashes[name]

    def _thinned(self, epoch: int, folder: str) -> RunError:
        self._poll()
        self._kept.pop(folder, None)
        kept = self._kept_in(folder)
        around = [*_largest(e for e in kept if e < epoch), *_smallest(e for e in kept if e > epoch)]
        nearest = " and ".join(str(e) for e in around) or "none"
        return RunError(
            f"{self.path} keeps no {folder} of epoch {epoch}; the nearest it keeps: {nearest}"
        )

    def _nearest(self, epoch: int, kept: frozenset[int], what: str) -> int:
        if not kept:
            raise RunError(f"{self.path} keeps no {what} yet")
        return min(kept, key=lambda other: (abs(other - epoch), other))

    def _kept_in(self, folder: str) -> frozenset[int]:
        """Epochs with a line and a file."""
        return self._files_in(folder) & self._lines.keys()

    def _files_in(self, folder: str) -> frozenset[int]:
        """Epochs with a file; the folder is looked through only when it changed."""
        path = self.path / folder
        refuse_link(path)
        changed = 0
        with suppress(OSError):
            changed = path.stat().st_mtime_ns
        if folder not in self._kept or self._kept[folder][0] != changed:
            self._kept[folder] = (changed, frozenset(epochs_in(path)))
        return self._kept[folder][1]


def _largest(numbers: Iterable[int]) -> list[int]:
    return sorted(numbers)[-1:]


def _smallest(numbers: Iterable[int]) -> list[int]:
    return sorted(numbers)[:1]
