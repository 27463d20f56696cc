"""MNIST and Fashion-MNIST from files in torchvision's layout, read without torchvision.

`DATA_DIR/MNIST/raw/train-images-idx3-ubyte` and its labels, unpacked or with `.gz`; the 60,000
training images are the data set. Loading writes nothing and touches no network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import (
    DataError,
    DataMissing,
    Dataset,
    Reporter,
    divide,
    register_dataset,
)
from aeviz.data.fetching import TorchvisionData, fetch
from aeviz.data.idx import read_idx
from aeviz.data.options import BINARISE, DOWNLOAD

IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"
NEEDED = (f"{IMAGES}.gz", f"{LABELS}.gz")
SIDE = 28


@dataclass(frozen=True)
class _Collection:
    """A data set of torchvision's MNIST family.

    Attributes:
        name: Its registered name.
        files: Its title, and what torchvision knows of its files.
        class_names: One per label.
        source: Authors, year, address.
        licence: Under what terms it may be used.
    """

    name: str
    files: TorchvisionData
    class_names: tuple[str, ...]
    source: str
    licence: str


MNIST = _Collection(
    name="mnist",
    files=TorchvisionData("MNIST", "MNIST", megabytes=11.6, needed=NEEDED),
    class_names=tuple("0123456789"),
    source="LeCun, Cortes & Burges, 1998, The MNIST database of handwritten digits",
    licence="CC BY-SA 3.0",
)
FASHION = _Collection(
    name="fashion-mnist",
    files=TorchvisionData("FashionMNIST", "Fashion-MNIST", megabytes=30.9, needed=NEEDED),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    source="Xiao, Rasul & Vollgraf, 2017, arXiv:1708.07747",
    licence="MIT",
)


def download_mnist(data_dir: Path, report: Reporter) -> None:
    """Fetch MNIST's files with torchvision unless they are there already."""
    _download(MNIST, data_dir, report)


@register_dataset(
    "mnist",
    title=MNIST.files.title,
    summary="60,000 images of handwritten digits, 28 × 28 pixels, 10 classes (the training part).",
    source=MNIST.source,
    kind="image",
    shape=(SIDE, SIDE, 1),
    download=download_mnist,
    options=(BINARISE, DOWNLOAD),
)
def load_mnist(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read MNIST: uint8 (60000, 28, 28, 1)."""
    return _load(MNIST, data_dir, report)


def download_fashion_mnist(data_dir: Path, report: Reporter) -> None:
    """Fetch Fashion-MNIST's files with torchvision unless they are there already."""
    _download(FASHION, data_dir, report)


@register_dataset(
    "fashion-mnist",
    title=FASHION.files.title,
    summary="60,000 images of clothes, 28 × 28 pixels, 10 classes (the training part).",
    source=FASHION.source,
    kind="image",
    shape=(SIDE, SIDE, 1),
    download=download_fashion_mnist,
    options=(BINARISE, DOWNLOAD),
)
def load_fashion_mnist(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read Fashion-MNIST: uint8 (60000, 28, 28, 1)."""
    return _load(FASHION, data_dir, report)


def _download(collection: _Collection, data_dir: Path, report: Reporter) -> None:
    if not _is_whole(collection, data_dir):
        fetch(collection.files, data_dir, report)


def _is_whole(collection: _Collection, data_dir: Path) -> bool:
    """Whether the files are there and undamaged: an earlier download may have broken off."""
    try:
        _load(collection, data_dir, lambda fraction, phrase: None)
    except DataError:
        return False
    return True


def _load(collection: _Collection, data_dir: Path, report: Reporter) -> Dataset:
    folder = collection.files.folder(data_dir)
    images_file, labels_file = _find(collection, folder)
    report(0.0, f"Reading {images_file.name}")
    images = read_idx(
        images_file,
        (None, SIDE, SIDE),
        report=lambda fraction: report(fraction, f"Reading {images_file.name}"),
    )
    labels = _read_labels(collection, labels_file, images_file, len(images))
    return Dataset(
        name=collection.name,
        title=collection.files.title,
        samples=images[..., np.newaxis],
        scaling=divide(255),
        labels=labels,
        class_names=collection.class_names,
        source=collection.source,
        licence=collection.licence,
    )


def _find(collection: _Collection, folder: Path) -> tuple[Path, Path]:
    """The files of images and labels, unpacked before packed."""
    found = [_first(folder / name, folder / f"{name}.gz") for name in (IMAGES, LABELS)]
    missing = [name for name, file in zip((IMAGES, LABELS), found, strict=True) if file is None]
    images, labels = found
    if images is None or labels is None:
        files = " and ".join(f"{name}.gz" for name in missing)
        raise DataMissing(
            f"{collection.files.title} is not on this computer: download it, or put {files} "
            f"(or unpacked) into {folder}"
        )
    return images, labels


def _first(*paths: Path) -> Path | None:
    try:
        return next((path for path in paths if path.exists()), None)
    except OSError as error:  # a parent folder that may not be searched
        raise DataError(f"{paths[0]} cannot be read: {error.strerror}") from error


def _read_labels(
    collection: _Collection, path: Path, images: Path, count: int
) -> NDArray[np.int64]:
    labels = read_idx(path, (None,))
    if len(labels) != count:
        raise DataError(f"{path} holds {len(labels):,} labels, but {images} {count:,} images")
    if int(labels.max()) >= len(collection.class_names):
        last = len(collection.class_names) - 1
        raise DataError(f"{path} holds the label {labels.max()}, expected 0 to {last}")
    return labels.astype(np.int64)
