"""Small files in the layouts of torchvision's data sets, for tests."""

import bz2
import pickle
import struct
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from aeviz.data import celeba
from tests.data.idx_files import idx_bytes, images, labels, write_collection


class Python2Pickler(pickle._Pickler):
    """Writes bytes as the strings of Python 2, as the files of CIFAR-10 have them."""

    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)

    def save_bytes(self, value: bytes) -> None:
        self.write(b"T" + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes


def python2_pickle(content: Any) -> bytes:
    file = BytesIO()
    Python2Pickler(file, protocol=2).dump(content)
    return file.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def colours(samples: int, shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    made = np.random.default_rng(seed).integers(0, 256, (samples, *shape), dtype=np.uint8)
    made.flat[:2] = (0, 255)
    return made


def write_emnist(data_dir: Path, split: str = "balanced", samples: int = 50) -> None:
    folder = data_dir / "EMNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    numbers = np.arange(samples, dtype=np.uint8) % 10 + (split == "letters")
    start = folder / f"emnist-{split}-train"
    start.with_name(f"{start.name}-images-idx3-ubyte").write_bytes(idx_bytes(images(samples)))
    start.with_name(f"{start.name}-labels-idx1-ubyte").write_bytes(idx_bytes(numbers))


def write_qmnist(data_dir: Path, samples: int = 50) -> None:
    folder = data_dir / "QMNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    known = np.zeros((samples, 8), np.int32)
    known[:, 0], known[:, 2] = labels(samples), 1000 + np.arange(samples) // 7
    (folder / "qmnist-train-images-idx3-ubyte").write_bytes(idx_bytes(images(samples)))
    (folder / "qmnist-train-labels-idx2-int").write_bytes(idx_bytes(known))


def usps_text(samples: int = 50) -> bytes:
    pixels = np.random.default_rng(0).uniform(-1, 1, (samples, 256)).round(4)
    pixels[0, :2] = (-1, 1)
    rows = (
        f"{number % 10 + 1} " + " ".join(f"{i}:{value:g}" for i, value in enumerate(row, 1)) + " \n"
        for number, row in enumerate(pixels)
    )
    return "".join(rows).encode()


def write_usps(data_dir: Path, samples: int = 50) -> None:
    (data_dir / "usps.bz2").write_bytes(bz2.compress(usps_text(samples)))


def write_svhn(data_dir: Path, samples: int = 50, packed: bool = True) -> None:
    content = {
        "X": colours(samples, (32, 32, 3)).transpose(1, 2, 3, 0),
        "y": (np.arange(samples, dtype=np.uint8) % 10 + 1)[:, np.newaxis],
    }
    savemat(data_dir / "train_32x32.mat", content, do_compression=packed)


def cifar_part(part: int, samples: int = 10) -> dict[bytes, Any]:
    return {
        b"data": colours(samples, (3072,), part),
        b"labels": [(part + i) % 10 for i in range(samples)],
        b"batch_label": b"training batch",
        b"filenames": [b"some_name.png"] * samples,
    }


def write_cifar(data_dir: Path, samples: int = 10) -> None:
    folder = data_dir / "cifar-10-batches-py"
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(1, 6):
        content = python2_pickle(cifar_part(part, samples))
        (folder / f"data_batch_{part}").write_bytes(content)


def write_plain_cifar(data_dir: Path, samples: int = 10) -> None:
    folder = data_dir / "cifar-10-batches-bin"
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(1, 6):
        made = cifar_part(part, samples)
        rows = np.concatenate([np.array(made[b"labels"], np.uint8)[:, None], made[b"data"]], axis=1)
        (folder / f"data_batch_{part}.bin").write_bytes(rows.tobytes())


def write_celeba(data_dir: Path, samples: int = 12) -> None:
    """Faces of one colour each; the last one is of the validation part."""
    folder = data_dir / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True, exist_ok=True)
    names = [f"{number + 1:06}.jpg" for number in range(samples)]
    for number, name in enumerate(names):
        level = 255 * number // (samples - 2) if number < samples - 1 else 77
        image = Image.new("RGB", (178, 218), (level, level, level))
        image.save(folder / "img_align_celeba" / name, quality=100)
    signs = np.where(np.random.default_rng(0).random((samples, 40)) < 0.5, 1, -1)
    rows = (f"{name}  " + "  ".join(map(str, row)) for name, row in zip(names, signs, strict=True))
    head = f"{samples}\n{' '.join(celeba.ATTRIBUTES)} \n"
    (folder / "list_attr_celeba.txt").write_text(head + "\n".join(rows) + "\n")
    parts = "".join(f"{name} {int(name == names[-1])}\n" for name in names)
    (folder / "list_eval_partition.txt").write_text(parts)


def write_all(data_dir: Path) -> None:
    """Small files of every data set that needs some."""
    for name in ("MNIST", "FashionMNIST", "KMNIST"):
        write_collection(data_dir / name / "raw", samples=50)
    for write in (write_emnist, write_qmnist, write_usps, write_svhn, write_cifar, write_celeba):
        write(data_dir)
