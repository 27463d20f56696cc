"""EMNIST: handwritten letters and digits, from files in torchvision's layout.

`DATA_DIR/EMNIST/raw/emnist-balanced-train-images-idx3-ubyte` and its labels, one pair for each of
six splits, unpacked or with `.gz`.
"""

from collections.abc import Mapping
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

import numpy as np

from aeviz.catalogue import Option
from aeviz.data.dataset import Dataset, Reporter, divide, register_dataset
from aeviz.data.fetching import TorchvisionData, fetch_unless_whole
from aeviz.data.files import check_labels, find_files
from aeviz.data.idx import read_idx
from aeviz.data.options import BINARISE, DOWNLOAD, choice

SOURCE = "Cohen, Afshar, Tapson & van Schaik, 2017, EMNIST, arXiv:1702.05373"
SIDE = 28
APART = "abdefghnqrt"
"""Small letters that the merged splits keep apart from the capital ones."""

CLASSES = {
    "balanced": digits + ascii_uppercase + APART,
    "letters": ascii_lowercase,
    "digits": digits,
    "byclass": digits + ascii_uppercase + ascii_lowercase,
    "bymerge": digits + ascii_uppercase + APART,
    "mnist": digits,
}
"""The character of every label, by split."""

SPLIT = Option(
    name="split",
    title="Split",
    description="balanced: 112,800 images in 47 classes; letters: 124,800 in 26; digits: 240,000; "
    "byclass: 697,932 in 62; bymerge: 697,932 in 47; mnist: 60,000 digits",
    kind="choice",
    default="balanced",
    choices=tuple(CLASSES),
)


def _files(split: str) -> TorchvisionData:
    names = (f"emnist-{split}-train-images-idx3-ubyte", f"emnist-{split}-train-labels-idx1-ubyte")
    return TorchvisionData(
        "EMNIST",
        "EMNIST",
        megabytes=562,
        needed=tuple(f"{name}.gz" for name in names),
        arguments={"split": split},
        left_out=("gzip.zip",),
    )


def download_emnist(data_dir: Path, report: Reporter) -> None:
    """Fetch EMNIST's files, those of all splits, unless they are there already."""
    split = SPLIT.default
    fetch_unless_whole(_files(split), data_dir, report, lambda tell: _load(data_dir, tell, split))


@register_dataset(
    "emnist",
    title="EMNIST",
    summary="Handwritten letters and digits, 28 × 28 pixels, 112,800 images in 47 classes (the "
    "training part of the balanced split); the download of 562 MB unpacks to 1.8 GB.",
    source=SOURCE,
    kind="image",
    shape=(SIDE, SIDE, 1),
    download=download_emnist,
    options=(SPLIT, BINARISE, DOWNLOAD),
)
def load_emnist(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read a split: uint8 (N, 28, 28, 1); the files hold its images with rows for columns."""
    return _load(data_dir, report, choice(options, SPLIT))


def _load(data_dir: Path, report: Reporter, split: str) -> Dataset:
    files, names = _files(split), CLASSES[split]
    images_file, labels_file = find_files(
        f"The split {split} of EMNIST",
        files.folder(data_dir),
        [name.removesuffix(".gz") for name in files.needed],
    )
    images = read_idx(
        images_file,
        (None, SIDE, SIDE),
        report=lambda fraction: report(fraction, f"Reading {images_file.name}"),
    )
    labels = read_idx(labels_file, (None,))
    lowest = 1 if split == "letters" else 0
    return Dataset(
        name="emnist",
        title="EMNIST",
        samples=images.swapaxes(1, 2)[..., np.newaxis],
        scaling=divide(255),
        labels=check_labels(labels, labels_file, images_file, len(images), len(names), lowest),
        class_names=tuple(names),
        source=SOURCE,
        licence="Public domain (NIST Special Database 19)",
    )
