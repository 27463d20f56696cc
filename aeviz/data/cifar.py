"""CIFAR-10: small photographs of ten kinds, from files in torchvision's layout or the binary ones.

`DATA_DIR/cifar-10-batches-py/data_batch_1` to `_5` are what torchvision downloads: pickles, which
are read without running them. `DATA_DIR/cifar-10-batches-bin/data_batch_1.bin` to `_5` hold the
same samples as plain bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError, DataMissing, Dataset, Reporter, divide, register_dataset
from aeviz.data.fetching import TorchvisionData, fetch_unless_whole
from aeviz.data.files import check_labels, first_of
from aeviz.data.options import BINARISE, DOWNLOAD
from aeviz.data.records import read_records

SOURCE = "Krizhevsky, 2009, Learning Multiple Layers of Features from Tiny Images"
SIDE = 32
PIXELS = 3 * SIDE * SIDE
PARTS = range(1, 6)
MOST = 2**28
"""Bytes of a file at most."""

CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
PLAIN, WRITTEN = "cifar-10-batches-bin", "cifar-10-batches-py"

FILES = TorchvisionData(
    "CIFAR10",
    "CIFAR-10",
    megabytes=170.5,
    needed=tuple(f"data_batch_{part}" for part in PARTS),
    place=WRITTEN,
)


def download_cifar10(data_dir: Path, report: Reporter) -> None:
    """Fetch CIFAR-10's files with torchvision unless they are there already."""
    fetch_unless_whole(FILES, data_dir, report, lambda tell: _load(data_dir, tell))


@register_dataset(
    "cifar10",
    title="CIFAR-10",
    summary="50,000 colour photographs, 32 × 32 pixels, 10 classes (the training part).",
    source=SOURCE,
    kind="image",
    shape=(SIDE, SIDE, 3),
    download=download_cifar10,
    options=(BINARISE, DOWNLOAD),
)
def load_cifar10(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read the training part: uint8 (50000, 32, 32, 3)."""
    return _load(data_dir, report)


def _load(data_dir: Path, report: Reporter) -> Dataset:
    images: list[NDArray[np.uint8]] = []
    labels: list[NDArray[np.int64]] = []
    for path in _find(data_dir):
        report((len(images) + 1) / len(PARTS), f"Reading {path.name}")
        some, their_labels = _read_plain(path) if path.suffix == ".bin" else _read_records(path)
        images.append(some.reshape(-1, 3, SIDE, SIDE))
        labels.append(check_labels(their_labels, path, path, len(some), len(CLASSES)))
    return Dataset(
        name="cifar10",
        title="CIFAR-10",
        samples=np.concatenate(images).transpose(0, 2, 3, 1),
        scaling=divide(255),
        labels=np.concatenate(labels),
        class_names=CLASSES,
        source=SOURCE,
        licence="Free to use with citation",
    )


def _find(data_dir: Path) -> list[Path]:
    """The five files, the plain ones first."""
    for folder, ending in ((PLAIN, ".bin"), (WRITTEN, "")):
        paths = [data_dir / folder / f"data_batch_{part}{ending}" for part in PARTS]
        if first_of(*paths) is None:
            continue
        for path in paths:
            if first_of(path) is None:
                raise DataMissing(f"CIFAR-10 is not whole: {path} is missing; download it again")
        return paths
    raise DataMissing(
        f"CIFAR-10 is not on this computer: download it, or put data_batch_1 to data_batch_5 into "
        f"{data_dir / WRITTEN} (or data_batch_1.bin to data_batch_5.bin into {data_dir / PLAIN})"
    )


def _read_plain(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pixels (N, 3072) and labels (N,) of records of a label and its image."""
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MOST or not size or size % (1 + PIXELS):
            raise DataError(
                f"{path} does not hold whole records of {1 + PIXELS:,} bytes; replace it"
            )
        rows = np.fromfile(path, np.uint8).reshape(-1, 1 + PIXELS)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    return rows[:, 1:], rows[:, 0]


def _read_records(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pixels (N, 3072) and labels (N,) of a dictionary with `data` and `labels`."""
    content = read_records(path)
    pixels, labels = content.get("data"), content.get("labels")
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.shape[1] != PIXELS:
        raise DataError(f"{path} holds no images of {PIXELS:,} bytes each; replace it")
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise DataError(f"{path} holds no list of labels; replace it")
    if any(not 0 <= label < len(CLASSES) for label in labels):
        raise DataError(f"{path} holds a label that is not 0 to {len(CLASSES) - 1}; replace it")
    return pixels, np.array(labels, np.int64)
