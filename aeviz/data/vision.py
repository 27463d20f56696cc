"""MNIST and its twins from files in torchvision's layout, read without torchvision.

`DATA_DIR/MNIST/raw/train-images-idx3-ubyte` and its labels, unpacked or with `.gz`; the 60,000
training images are the data set. Loading writes nothing and touches no network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.data.dataset import Dataset, Reporter, divide, register_dataset
from aeviz.data.fetching import TorchvisionData, fetch_unless_whole
from aeviz.data.files import check_labels, find_files
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
KUZUSHIJI = _Collection(
    name="kmnist",
    files=TorchvisionData("KMNIST", "Kuzushiji-MNIST", megabytes=21.4, needed=NEEDED),
    class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    source="Clanuwat et al., 2018, Deep Learning for Classical Japanese Literature, "
    "arXiv:1812.01718",
    licence="CC BY-SA 4.0",
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


def download_kmnist(data_dir: Path, report: Reporter) -> None:
    """Fetch Kuzushiji-MNIST's files with torchvision unless they are there already."""
    _download(KUZUSHIJI, data_dir, report)


@register_dataset(
    "kmnist",
    title=KUZUSHIJI.files.title,
    summary="60,000 images of cursive Japanese characters, 28 × 28 pixels, 10 classes (the "
    "training part).",
    source=KUZUSHIJI.source,
    kind="image",
    shape=(SIDE, SIDE, 1),
    download=download_kmnist,
    options=(BINARISE, DOWNLOAD),
)
def load_kmnist(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read Kuzushiji-MNIST: uint8 (60000, 28, 28, 1)."""
    return _load(KUZUSHIJI, data_dir, report)


def _download(collection: _Collection, data_dir: Path, report: Reporter) -> None:
    fetch_unless_whole(
        collection.files, data_dir, report, lambda tell: _load(collection, data_dir, tell)
    )


def _load(collection: _Collection, data_dir: Path, report: Reporter) -> Dataset:
    folder = collection.files.folder(data_dir)
    images_file, labels_file = find_files(collection.files.title, folder, (IMAGES, LABELS))
    report(0.0, f"Reading {images_file.name}")
    images = read_idx(
        images_file,
        (None, SIDE, SIDE),
        report=lambda fraction: report(fraction, f"Reading {images_file.name}"),
    )
    labels = check_labels(
        read_idx(labels_file, (None,)),
        labels_file,
        images_file,
        len(images),
        len(collection.class_names),
    )
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
