"""The data set of a training, read beside the thread that waits for it, so that Stop acts soon."""

import hashlib
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aeviz import data
from aeviz.compute.samples import binarised
from aeviz.data.dataset import DataMissing, Dataset
from aeviz.data.mapped import blocks
from aeviz.messages import Progress

LOOK_EVERY = 0.05
"""Seconds between two reports."""

PARTS = 1000
"""Steps of the progress of loading."""

HASHED = 2**33
"""Bytes of samples that are hashed as a whole."""

HASHED_AT_ONCE = 2**24
"""Bytes of samples that are made contiguous for the hash at a time."""


class _Abandoned(Exception):
    """Nobody waits for the data set any more."""


def load_dataset(
    settings: Mapping[str, Any], data_dir: Path, epochs: int
) -> Generator[Progress, None, Dataset]:
    """Read a data set, after a download where the settings ask for one.

    Args:
        settings: The group "data": its name and options.
        data_dir: Where torchvision's files lie or go.
        epochs: How many are planned, for the progress.

    Yields:
        How far it is, every 50 ms.

    Returns:
        The data set as it is on disk.

    Raises:
        DataMissing: If its files are not there and no download was asked for.
        DataError: If they are damaged.
    """
    work = _Work(settings, data_dir)
    with ThreadPoolExecutor(1, thread_name_prefix="aeviz-loading") as beside:
        reading = beside.submit(work.load)
        try:
            while not wait([reading], LOOK_EVERY).done:
                step = round(work.share * PARTS)
                yield Progress(phase="loading", epoch=0, epochs=epochs, step=step, steps=PARTS)
        finally:
            work.is_abandoned = True
        return reading.result()


class _Work:
    """Reads a data set; `share` says how far it is."""

    def __init__(self, settings: Mapping[str, Any], data_dir: Path) -> None:
        self._options = dict(settings)
        self._name = self._options.pop("name")
        self._data_dir = data_dir
        self.share = 0.0
        self.is_abandoned = False

    def load(self) -> Dataset:
        """Read it, after a download where it is missing and that was asked for."""
        try:
            return data.load(self._name, self._data_dir, self._options, self._report)
        except DataMissing:
            download = data.entry(self._name).download
            if download is None or not self._options.get("download", False):
                raise
        download(self._data_dir, self._report)
        return data.load(self._name, self._data_dir, self._options, self._report)

    def _report(self, share: float, phrase: str) -> None:
        self.share = share
        if self.is_abandoned:
            raise _Abandoned(phrase)


def as_trained(dataset: Dataset, binarise: str, seed: int) -> Dataset:
    """The data set with black and white pixels where they are drawn once, else as it is."""
    if binarise != "fixed":
        return dataset
    return replace(dataset, samples=binarised(dataset, seed))


def data_hash(dataset: Dataset) -> str:
    """SHA-256 of samples and labels: says whether a run's data are still the same.

    Of samples beyond `HASHED` bytes it takes blocks evenly apart.
    """
    digest = hashlib.sha256(f"{dataset.samples.dtype} {dataset.samples.shape}".encode())
    every = max(1, -(-dataset.samples.nbytes // HASHED))
    for number, rows in enumerate(blocks(dataset.samples, HASHED_AT_ONCE)):
        if number % every == 0:
            digest.update(np.ascontiguousarray(dataset.samples[rows]).data)
    if dataset.labels is not None:
        digest.update(np.ascontiguousarray(dataset.labels).tobytes())
    return digest.hexdigest()
