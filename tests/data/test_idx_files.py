"""IDX files opened by their path: images, with the labels that lie beside them."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from aeviz import data
from aeviz.data.dataset import DataError
from aeviz.data.own import format_of
from tests.data.idx_files import idx_bytes, images, labels, write_collection


@pytest.mark.parametrize("packed", [True, False])
def test_images_are_read_with_the_labels_beside_them(packed: bool, tmp_path: Path) -> None:
    write_collection(tmp_path, packed=packed)
    path = tmp_path / ("train-images-idx3-ubyte" + (".gz" if packed else ""))
    found = data.load(str(path), tmp_path)
    np.testing.assert_array_equal(found.samples[..., 0], images(20))
    assert found.labels is not None
    assert found.labels.tolist() == labels(20).tolist()
    assert found.class_names == tuple("0123456789")
    assert "train-labels-idx1-ubyte" in found.remarks[0]


def test_packed_images_find_plain_labels(tmp_path: Path) -> None:
    write_collection(tmp_path, packed=True)
    other = tmp_path / "train-labels-idx1-ubyte.gz"
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(gzip.decompress(other.read_bytes()))
    other.unlink()
    found = data.load(str(tmp_path / "train-images-idx3-ubyte.gz"), tmp_path)
    assert found.labels is not None


def test_any_name_will_do_and_without_labels_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(idx_bytes(images(4, 9)))
    assert format_of(tmp_path / "mine").name == "IDX images"
    found = data.load(str(tmp_path / "mine"), tmp_path)
    assert found.labels is None
    assert found.samples.shape == (4, 9, 9, 1)
    assert "no file of labels" in found.remarks[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (idx_bytes(labels(5)), "holds labels: open the file of their images"),
        (idx_bytes(np.zeros((2, 3), np.uint8)), "has 2 dimensions"),
        (idx_bytes(np.zeros((2, 3, 3), np.float32)), "type float32, expected uint8"),
        (idx_bytes(images(4))[:-9], "is truncated"),
        (idx_bytes(images(4))[:9], "is truncated"),
        (gzip.compress(idx_bytes(images(4)), mtime=0)[:-30], "is damaged"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "at most 4,398,046,511,104 are read"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "strange"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        data.load(str(path), tmp_path)
    assert str(path) in str(caught.value)


def test_labels_that_belong_to_other_images_are_refused(tmp_path: Path) -> None:
    write_collection(tmp_path, packed=False)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(labels(7)))
    with pytest.raises(DataError, match=r"holds 7 labels, but .* 20 images"):
        data.load(str(tmp_path / "train-images-idx3-ubyte"), tmp_path)
