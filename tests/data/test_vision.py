"""MNIST and Fashion-MNIST from files in torchvision's layout."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from aeviz import data
from aeviz.data.dataset import DataError, DataMissing
from tests.data.idx_files import idx_bytes, images, labels, write_collection

FOLDERS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("packed", [False, True])
def test_files_are_read_unpacked_or_packed(name: str, packed: bool, tmp_path: Path) -> None:
    folder = tmp_path / FOLDERS[name] / "raw"
    write_collection(folder, packed=packed)
    before = sorted(tmp_path.rglob("*"))
    dataset = data.load(name, tmp_path)
    assert np.array_equal(dataset.samples, images(20)[..., np.newaxis])
    assert np.array_equal(dataset.labels, labels(20))
    assert len(dataset.class_names) == 10
    assert sorted(tmp_path.rglob("*")) == before


def test_one_file_may_be_packed_and_the_other_not(tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    write_collection(folder, packed=True)
    packed = folder / f"{LABELS}.gz"
    (folder / LABELS).write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    assert len(data.load("mnist", tmp_path)) == 20


def test_only_the_missing_file_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    write_collection(folder)
    (folder / f"{LABELS}.gz").unlink()
    with pytest.raises(DataMissing) as caught:
        data.load("mnist", tmp_path)
    sentence = str(caught.value)
    assert f"put {LABELS}.gz (or unpacked) into {folder}" in sentence
    assert IMAGES not in sentence
    assert "--" not in sentence  # the window shows it too


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (IMAGES, idx_bytes(images(20, side=32)), "shape 20 × 32 × 32, expected N × 28 × 28"),
        (IMAGES, b"", "is empty"),
        (LABELS, idx_bytes(labels(19)), "holds 19 labels, but .* 20 images"),
        (LABELS, idx_bytes(labels(20) + np.uint8(1)), "holds the label 10, expected 0 to 9"),
        (LABELS, b"<html>", "looks like a web page"),
    ],
)
def test_a_damaged_file_is_named(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    write_collection(folder)
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        data.load("mnist", tmp_path)
    assert str(folder / name) in str(caught.value)
    assert not isinstance(caught.value, DataMissing)


def test_reading_is_reported(tmp_path: Path) -> None:
    write_collection(tmp_path / "MNIST" / "raw")
    told: list[tuple[float, str]] = []
    data.load("mnist", tmp_path, report=lambda fraction, phrase: told.append((fraction, phrase)))
    assert told[0] == (0.0, f"Reading {IMAGES}.gz")
    assert told[-1][0] == 1.0


def test_the_real_mnist_is_read_whole(real_mnist: Path) -> None:
    dataset = data.load("mnist", real_mnist)
    assert dataset.samples.shape == (60_000, 28, 28, 1)
    counts = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    assert tuple(np.bincount(dataset.labels)) == counts
    assert dataset.samples.mean() == pytest.approx(0.1306604762738429 * 255, rel=1e-12)
