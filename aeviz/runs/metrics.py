"""`metrics.jsonl`: one line per epoch, appended by one write; an epoch exists when its line does.

Every line ends with a hash of itself, so that a damaged one is noticed and left out.
"""

import contextlib
import errno
import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from aeviz.runs.atomic import BINARY, NO_FOLLOW, json_bytes, save_error, sync_folder, write_bytes
from aeviz.runs.reading import RunError, open_inside, parse_json, read_bytes
from aeviz.runs.schema import METRICS

LINE_LIMIT = 2**20
METRICS_LIMIT = 2**30
LARGEST_EPOCH = 10_000_000
_CHUNK = 2**20
_TAIL = 128
_CHECK = b',"check":"'
_END = b'"}'


@dataclass(frozen=True)
class EpochLine:
    """What `metrics.jsonl` says about one epoch.

    Attributes:
        epoch: 0 is before training.
        step: Optimiser steps done so far.
        seconds: Time that the epoch took.
        lr: Learning rate at its end.
        metrics: Loss terms and measures by name; NaN where the number was not finite.
        events: Sentences to mark on the timeline.
        hashes: Path of each of its files, relative to the run folder → SHA-256 in hexadecimal.
        check: Hash of the line itself.
        stage: Number of the stage that it is part of, where a model trains in stages.
    """

    epoch: int
    step: int
    seconds: float
    lr: float
    metrics: Mapping[str, float]
    events: tuple[str, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    check: str = ""
    stage: int = 0


def encode(line: EpochLine) -> bytes:
    """The line with its newline; numbers that are not finite become null."""
    row = {
        "epoch": line.epoch,
        "step": line.step,
        "seconds": _or_null(line.seconds),
        "lr": _or_null(line.lr),
        "metrics": {name: _or_null(value) for name, value in line.metrics.items()},
        "events": list(line.events),
        "files": dict(line.hashes),
        **({"stage": line.stage} if line.stage else {}),
    }
    body = json_bytes(row, indent=None).removesuffix(b"}")
    return body + _CHECK + hashlib.sha256(body).hexdigest().encode() + _END + b"\n"


def decode(raw: bytes, where: str) -> EpochLine:
    """The line that `encode` wrote, given without its newline.

    Raises:
        RunError: If it is damaged. Metrics of an unknown kind are not: they read as NaN.
    """
    body, _, rest = raw.rpartition(_CHECK)
    check = hashlib.sha256(body).hexdigest()
    if rest != check.encode() + _END:
        raise RunError(f"{where} is damaged: it does not have the hash that stands at its end")
    row = parse_json(raw, where)
    try:
        return replace(_from_row(row), check=check)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{where} is not the line of an epoch: {error!r}") from error


def append(root: Path, line: EpochLine) -> None:
    """Make an epoch exist. What a killed writer left behind the last newline is cut off first.

    Raises:
        SaveError: When the line is not on the disk for certain; it is taken back then.
    """
    path, data = root / METRICS, encode(line)
    try:
        is_new = not path.exists()
        descriptor = _open_for_writing(path)
        try:
            _append(descriptor, data, root if is_new else None)
        finally:
            # The line is on the disk or was taken back: closing changes neither, whatever it says.
            with contextlib.suppress(OSError):
                os.close(descriptor)
    except OSError as error:
        raise save_error(path, len(data), error) from error


def cut_torn_line(root: Path) -> None:
    """Remove what stands behind the last newline.

    Raises:
        SaveError: If that fails.
    """
    path = root / METRICS
    try:
        descriptor = _open_for_writing(path)
        try:
            os.ftruncate(descriptor, _whole_size(descriptor))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise save_error(path, 0, error) from error


def cut_after(root: Path, epoch: int) -> None:
    """Forget the lines of later epochs; those that stay keep every byte.

    Raises:
        SaveError: If that fails; all lines are there then.
    """
    data = read_bytes(root, METRICS, METRICS_LIMIT)
    size = 0
    for raw in data.split(b"\n")[:-1]:
        with contextlib.suppress(RunError):
            if decode(raw, METRICS).epoch > epoch:
                break
        size += len(raw) + 1
    write_bytes(root / METRICS, data[:size])


def best_epoch(lines: Sequence[EpochLine]) -> int:
    """The epoch with the smallest validation loss, or loss where nothing was held out.

    The first of equals; the last epoch where no loss is a number. Where a model trains in stages,
    an epoch of the last one: their losses cannot be compared.

    Raises:
        ValueError: If there is no line.
    """
    if not lines:
        raise ValueError("there is no epoch yet")
    last = [line for line in lines if line.stage == lines[-1].stage]
    for name in ("validation_loss", "loss"):
        losses = [(line.metrics.get(name, math.nan), line.epoch) for line in last]
        numbers = [pair for pair in losses if math.isfinite(pair[0])]
        if numbers:
            return min(numbers)[1]
    return lines[-1].epoch


class MetricsReader:
    """Reads the lines of a run folder, and later those that have come since.

    Attributes:
        lines: All readable lines, epochs ascending.
        damaged: Numbers (from 1) of the lines that were left out.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._identity = (0, 0)
        self._restart()

    def poll(self) -> list[EpochLine]:
        """Read on where the last call ended.

        A file that was replaced or cut is read anew from its start.

        Returns:
            The lines that are new, or not as they were.

        Raises:
            RunError: If the file must not be read.
        """
        known = {line.epoch: line.check for line in self.lines}
        try:
            file = os.fdopen(open_inside(self._root, METRICS), "rb", buffering=0)
        except FileNotFoundError:
            self._restart()
            return []
        with file:
            if self._is_another(file):
                self._restart()
            self._read_on(file)
        return [line for line in self.lines if known.get(line.epoch) != line.check]

    def _restart(self) -> None:
        self.lines: list[EpochLine] = []
        self.damaged: list[int] = []
        self._offset = 0
        self._number = 0
        self._tail = b""

    def _is_another(self, file: BinaryIO) -> bool:
        status = os.fstat(file.fileno())
        if status.st_size > METRICS_LIMIT:
            raise RunError(f"{self._where()} has {status.st_size} bytes, more than aeviz wrote")
        before, self._identity = self._identity, (status.st_dev, status.st_ino)
        if before != self._identity or status.st_size < self._offset:
            return True
        # A replacing file can have the same number; its last lines have other hashes.
        file.seek(self._offset - len(self._tail))
        return file.read(len(self._tail)) != self._tail

    def _read_on(self, file: BinaryIO) -> None:
        file.seek(self._offset)
        pending = b""
        while chunk := file.read(_CHUNK):
            *whole, pending = (pending + chunk).split(b"\n")
            for raw in whole:
                self._take(raw)
            if len(pending) > LINE_LIMIT:
                raise RunError(f"{self._where()} line {self._number + 1} is too long to be read")

    def _take(self, raw: bytes) -> None:
        self._number += 1
        self._offset += len(raw) + 1
        self._tail = (raw + b"\n")[-_TAIL:]
        try:
            line = decode(raw, f"{self._where()} line {self._number}")
        except RunError:
            self.damaged.append(self._number)
            return
        if self.lines and line.epoch <= self.lines[-1].epoch:
            self.damaged.append(self._number)
            return
        self.lines.append(line)

    def _where(self) -> Path:
        return self._root / METRICS


def _append(descriptor: int, data: bytes, new_in: Path | None) -> None:
    size = _whole_size(descriptor)
    os.ftruncate(descriptor, size)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
        if new_in is not None:
            sync_folder(new_in)
    except OSError:
        # After a failed fsync nobody knows what is on the disk, so the line must not stay.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _open_for_writing(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | NO_FOLLOW | BINARY, 0o666)


def _whole_size(descriptor: int) -> int:
    """Size up to and with the last newline."""
    end = os.lseek(descriptor, 0, os.SEEK_END)
    while end:
        start = max(0, end - _CHUNK)
        os.lseek(descriptor, start, os.SEEK_SET)
        newline = os.read(descriptor, end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _from_row(row: Mapping[str, Any]) -> EpochLine:
    metrics = {name: _or_nan(value) for name, value in row["metrics"].items()}
    hashes = {name: digest for name, digest in row["files"].items() if isinstance(digest, str)}
    events = tuple(event for event in row["events"] if isinstance(event, str))
    epoch, step = row["epoch"], row["step"]
    if type(epoch) is not int or not 0 <= epoch <= LARGEST_EPOCH or type(step) is not int:
        raise ValueError(f"epoch {epoch!r}, step {step!r}")
    seconds, lr = _or_nan(row["seconds"]), _or_nan(row["lr"])
    stage = row.get("stage", 0)
    if type(stage) is not int or not 0 <= stage <= epoch:
        raise ValueError(f"epoch {epoch!r}, stage {stage!r}")
    return EpochLine(epoch, step, seconds, lr, metrics, events, hashes, stage=stage)


def _or_null(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _or_nan(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return math.nan
