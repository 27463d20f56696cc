"""QMNIST: the digits of MNIST with their writers, from files in torchvision's layout.

`DATA_DIR/QMNIST/raw/qmnist-train-images-idx3-ubyte` and `qmnist-train-labels-idx2-int`, unpacked or
with `.gz`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import Column, Dataset, Reporter, divide, register_dataset
from aeviz.data.fetching import TorchvisionData, fetch_unless_whole
from aeviz.data.files import check_labels, find_files
from aeviz.data.idx import read_idx
from aeviz.data.options import BINARISE, DOWNLOAD

SOURCE = "Yadav & Bottou, 2019, Cold Case: the Lost MNIST Digits, arXiv:1905.10498"
IMAGES, LABELS = "qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int"
SIDE = 28
LABEL, WRITER = 0, 2
"""Which of the eight numbers of a sample are its digit and its writer."""

FILES = TorchvisionData("QMNIST", "QMNIST", megabytes=10.3, needed=(f"{IMAGES}.gz", f"{LABELS}.gz"))


def download_qmnist(data_dir: Path, report: Reporter) -> None:
    """Fetch QMNIST's training files with torchvision unless they are there already."""
    fetch_unless_whole(FILES, data_dir, report, lambda tell: _load(data_dir, tell))


@register_dataset(
    "qmnist",
    title="QMNIST",
    summary="60,000 images of handwritten digits, 28 × 28 pixels, with the person who wrote each.",
    source=SOURCE,
    kind="image",
    shape=(SIDE, SIDE, 1),
    download=download_qmnist,
    options=(BINARISE, DOWNLOAD),
)
def load_qmnist(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read the training part: uint8 (60000, 28, 28, 1), with a column of writers."""
    return _load(data_dir, report)


def _load(data_dir: Path, report: Reporter) -> Dataset:
    images_file, labels_file = find_files("QMNIST", FILES.folder(data_dir), (IMAGES, LABELS))
    images = read_idx(
        images_file,
        (None, SIDE, SIDE),
        report=lambda fraction: report(fraction, f"Reading {images_file.name}"),
    )
    known = read_idx(labels_file, (None, 8), np.int32)
    return Dataset(
        name="qmnist",
        title="QMNIST",
        samples=images[..., np.newaxis],
        scaling=divide(255),
        labels=check_labels(known[:, LABEL], labels_file, images_file, len(images), 10),
        class_names=tuple("0123456789"),
        source=SOURCE,
        licence="BSD-3-Clause",
        columns=(_writers(known[:, WRITER]),),
    )


def _writers(numbers: NDArray[np.int32]) -> Column:
    writers, places = np.unique(numbers, return_inverse=True)
    return Column(
        "writer", places.astype(np.int64), names=tuple(f"writer {number}" for number in writers)
    )
