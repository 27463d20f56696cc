"""SVHN: house numbers in colour, from the file that torchvision downloads.

`DATA_DIR/train_32x32.mat` holds the images `X` (32, 32, 3, N) and the labels `y` (N, 1), where 10
stands for the digit 0.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.data.dataset import DataError, DataMissing, Dataset, Reporter, divide, register_dataset
from aeviz.data.fetching import TorchvisionData, fetch_unless_whole
from aeviz.data.files import check_labels, first_of
from aeviz.data.mat import read_mat
from aeviz.data.options import BINARISE, DOWNLOAD

SOURCE = "Netzer et al., 2011, Reading Digits in Natural Images with Unsupervised Feature Learning"
NAME = "train_32x32.mat"
SIDE = 32

FILES = TorchvisionData("SVHN", "SVHN", megabytes=182.0, needed=(NAME,), place=".")


def download_svhn(data_dir: Path, report: Reporter) -> None:
    """Fetch the training file with torchvision unless it is there already."""
    fetch_unless_whole(FILES, data_dir, report, lambda tell: _load(data_dir, tell))


@register_dataset(
    "svhn",
    title="SVHN",
    summary="73,257 colour images of house numbers, 32 × 32 pixels, 10 classes (the training "
    "part).",
    source=SOURCE,
    kind="image",
    shape=(SIDE, SIDE, 3),
    download=download_svhn,
    options=(BINARISE, DOWNLOAD),
)
def load_svhn(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read the training part: uint8 (73257, 32, 32, 3)."""
    return _load(data_dir, report)


def _load(data_dir: Path, report: Reporter) -> Dataset:
    path = first_of(data_dir / NAME)
    if path is None:
        raise DataMissing(
            f"SVHN is not on this computer: download it, or put {NAME} into {data_dir}"
        )
    found = read_mat(
        path,
        {"X": (SIDE, SIDE, 3, None), "y": (None, 1)},
        report=lambda fraction: report(fraction, f"Reading {NAME}"),
    )
    if found["X"].dtype != np.uint8 or found["y"].dtype.kind not in "iu":
        kinds = f"{found['X'].dtype} and {found['y'].dtype}"
        raise DataError(f"{path} holds values of type {kinds}, expected uint8; replace it")
    images = found["X"].transpose(3, 0, 1, 2)
    labels = check_labels(found["y"][:, 0], path, path, len(images), 10, lowest=1)
    return Dataset(
        name="svhn",
        title="SVHN",
        samples=images,
        scaling=divide(255),
        labels=(labels + 1) % 10,
        class_names=tuple("0123456789"),
        source=SOURCE,
        licence="Non-commercial use only",
    )
