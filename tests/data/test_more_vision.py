"""EMNIST, QMNIST, USPS, SVHN, CIFAR-10 and CelebA from files in torchvision's layout."""

import bz2
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from aeviz import data
from aeviz.data import celeba, usps
from aeviz.data.dataset import DataError, DataMissing
from aeviz.data.records import read_records
from tests.data import vision_files as files
from tests.data.idx_files import images

WRITERS: dict[str, Callable[[Path], None]] = {
    "emnist": files.write_emnist,
    "qmnist": files.write_qmnist,
    "usps": files.write_usps,
    "svhn": files.write_svhn,
    "cifar10": files.write_cifar,
    "celeba": files.write_celeba,
}


def refusal(name: str, folder: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        data.load(name, folder, options)
    return str(caught.value)


def sentence_of(read: Callable[[], object]) -> str:
    """The sentence with which something is refused; empty where it is read."""
    try:
        read()
    except DataError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", WRITERS)
def test_reading_writes_nothing_and_is_reported(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    before, told = sorted(tmp_path.rglob("*")), []
    data.load(name, tmp_path, report=lambda fraction, phrase: told.append((fraction, phrase)))
    assert sorted(tmp_path.rglob("*")) == before
    assert all(0 <= fraction <= 1 and phrase for fraction, phrase in told)


@pytest.mark.parametrize("name", WRITERS)
def test_missing_files_are_asked_for_by_name_and_folder(name: str, tmp_path: Path) -> None:
    sentence = refusal(name, tmp_path)
    assert "is not on this computer" in sentence
    assert str(tmp_path) in sentence
    assert " into " in sentence


# ── EMNIST and QMNIST ─────────────────────────────────────────────────────────────────────────


def test_the_images_of_emnist_are_turned_upright(tmp_path: Path) -> None:
    files.write_emnist(tmp_path)
    balanced = data.load("emnist", tmp_path)
    assert np.array_equal(balanced.samples[..., 0], images(50).transpose(0, 2, 1))
    assert len(balanced.class_names) == 47
    assert balanced.class_names[36:] == tuple("abdefghnqrt")


def test_the_letters_of_emnist_begin_with_one(tmp_path: Path) -> None:
    files.write_emnist(tmp_path, "letters")
    letters = data.load("emnist", tmp_path, {"split": "letters"})
    assert letters.labels is not None
    assert letters.labels[:3].tolist() == [0, 1, 2]
    assert letters.class_names[0] == "a"
    assert "emnist-balanced-train-images-idx3-ubyte.gz" in refusal("emnist", tmp_path)
    assert "data.split must be balanced" in refusal("emnist", tmp_path, split="words")


def test_qmnist_knows_the_writers(tmp_path: Path) -> None:
    files.write_qmnist(tmp_path)
    dataset = data.load("qmnist", tmp_path)
    (writer,) = dataset.columns
    assert writer.names[:2] == ("writer 1000", "writer 1001")
    assert writer.values[:8].tolist() == [0] * 7 + [1]
    assert np.array_equal(dataset.labels, np.arange(50) % 10)


# ── USPS ──────────────────────────────────────────────────────────────────────────────────────


def test_usps_is_read_as_torchvision_reads_it(tmp_path: Path) -> None:
    files.write_usps(tmp_path)
    dataset = data.load("usps", tmp_path)
    rows = [line.split() for line in files.usps_text().decode().splitlines()]
    values = np.array([[word.split(":")[1] for word in row[1:]] for row in rows], np.float32)
    expected = ((values.reshape(-1, 16, 16) + 1) / 2 * 255).astype(np.uint8)
    assert np.array_equal(dataset.samples[..., 0], expected)
    assert np.array_equal(dataset.labels, np.arange(50) % 10)


GOOD_LINE = files.usps_text(1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "holds no samples"),
        (GOOD_LINE + b"11" + GOOD_LINE[1:], "line 2: a label from 1 to 10"),
        (GOOD_LINE.replace(b" 256:", b" 257:"), "line 1"),
        (GOOD_LINE.replace(b"256:", b"256:9"), "line 1"),
        (GOOD_LINE.replace(b"1:-1", b"1:nan"), "line 1"),
        (b"<html>sign in</html>", "line 1"),
        (b"1 " * 10**6, "line 1"),
    ],
)
def test_damaged_lines_of_usps_are_named(text: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "usps.bz2").write_bytes(bz2.compress(text))
    sentence = refusal("usps", tmp_path)
    assert words in sentence
    assert "usps.bz2" in sentence


def test_a_cut_usps_and_endless_lines_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "usps.bz2"
    path.write_bytes(bz2.compress(files.usps_text())[:-100])
    assert "is damaged" in refusal("usps", tmp_path)
    path.write_bytes(b"PK no bz2")
    assert "is damaged" in refusal("usps", tmp_path)
    monkeypatch.setattr(usps, "MOST", 10)
    files.write_usps(tmp_path)
    assert "more than 10 lines" in refusal("usps", tmp_path)


# ── SVHN ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("packed", [True, False])
def test_svhn_has_upright_images_and_ten_is_zero(packed: bool, tmp_path: Path) -> None:
    files.write_svhn(tmp_path, packed=packed)
    dataset = data.load("svhn", tmp_path)
    assert np.array_equal(dataset.samples, files.colours(50, (32, 32, 3)))
    assert dataset.labels is not None
    assert dataset.labels[:10].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"X": np.zeros((32, 32, 3, 4), np.uint8)}, "holds no array 'y'"),
        ({"X": np.zeros((32, 32, 4), np.uint8), "y": np.ones((4, 1), np.uint8)}, "the shape 32"),
        ({"X": np.zeros((32, 32, 3, 4)), "y": np.ones((4, 1), np.uint8)}, "float64 and uint8"),
        ({"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.ones((3, 1), np.uint8)}, "3 labels"),
        ({"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.zeros((4, 1), np.uint8)}, "label 0"),
        ({"X": "text", "y": np.ones((4, 1), np.uint8)}, "X is no array of real numbers"),
        ({"X": np.zeros((32, 32, 3, 4), complex), "y": 1}, "X is no array of real numbers"),
    ],
)
def test_other_matlab_files_are_refused(
    content: dict[str, Any], words: str, tmp_path: Path
) -> None:
    savemat(tmp_path / "train_32x32.mat", content)
    assert words in refusal("svhn", tmp_path)


@pytest.mark.parametrize("packed", [True, False])
def test_a_matlab_file_cut_or_damaged_anywhere_is_refused_or_read(
    packed: bool, tmp_path: Path
) -> None:
    files.write_svhn(tmp_path, samples=2, packed=packed)
    path = tmp_path / "train_32x32.mat"
    whole = path.read_bytes()
    for length in (*range(0, 400, 7), *range(400, len(whole) - 1, 1013)):
        path.write_bytes(whole[:length])
        assert str(path) in refusal("svhn", tmp_path)
    generator = np.random.default_rng(0)
    for _ in range(150):
        content = bytearray(whole)
        content[generator.integers(0, 400)] ^= 1 << generator.integers(0, 8)
        path.write_bytes(bytes(content))
        said = sentence_of(partial(data.load, "svhn", tmp_path))
        assert str(path) in said or not said


# ── CIFAR-10 ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("write", [files.write_cifar, files.write_plain_cifar])
def test_cifar_is_read_from_pickles_and_from_bytes(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    write(tmp_path)
    dataset = data.load("cifar10", tmp_path)
    first = files.cifar_part(1)[b"data"].reshape(-1, 3, 32, 32)
    assert dataset.samples.shape == (50, 32, 32, 3)
    assert np.array_equal(dataset.samples[:10], first.transpose(0, 2, 3, 1))
    assert dataset.labels is not None
    assert dataset.labels[:3].tolist() == [1, 2, 3]


class Dangerous:
    """What a pickle of it would call."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.arguments


@pytest.mark.parametrize(
    "content",
    [
        Dangerous(exec, "raise SystemExit"),
        {b"data": Dangerous(Path.touch, Path("made-by-a-pickle"))},
        {b"labels": Dangerous(getattr, "text", "upper")},
        {b"data": np.array([Path("an object")], dtype=object)},
        {b"data": np.zeros(3, np.float64)},
    ],
)
def test_a_pickle_runs_nothing(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps(content, protocol=4))
    with pytest.raises(DataError) as caught:
        read_records(path)
    assert str(path) in str(caught.value)
    assert not Path("made-by-a-pickle").exists()


def test_a_pickle_cannot_change_what_stands_for_arrays(tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1"
    # GLOBAL numpy ndarray, then BUILD with (None, {"x": 1}), which sets attributes
    path.write_bytes(b"\x80\x02cnumpy\nndarray\nN}X\x01\x00\x00\x00xK\x01s\x86b.")
    with pytest.raises(DataError, match="damaged or no such data"):
        read_records(path)
    files.write_cifar(tmp_path)
    assert len(data.load("cifar10", tmp_path)) == 50


def test_a_pickle_damaged_anywhere_is_refused_or_read(tmp_path: Path) -> None:
    whole = files.python2_pickle(files.cifar_part(1, 2))
    path = tmp_path / "data_batch_1"
    generator = np.random.default_rng(0)
    for number in range(400):
        content = bytearray(whole[: number if number < 200 else None])
        if number >= 200:
            content[generator.integers(0, 250)] = generator.integers(0, 256)
        path.write_bytes(bytes(content))
        said = sentence_of(partial(read_records, path))
        assert str(path) in said or not said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1, 2], "holds no dictionary"),
        ({b"labels": [1]}, "holds no images"),
        ({b"data": np.zeros((1, 3072), np.uint8)}, "holds no list of labels"),
        ({b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]}, "a label that is not 0 to 9"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}, "holds 1 labels"),
        ({b"data": np.zeros((1, 300), np.uint8), b"labels": [1]}, "holds no images"),
    ],
)
def test_other_dictionaries_are_refused(content: Any, words: str, tmp_path: Path) -> None:
    files.write_cifar(tmp_path)
    path = tmp_path / "cifar-10-batches-py" / "data_batch_3"
    path.write_bytes(pickle.dumps(content, protocol=4))
    assert words in refusal("cifar10", tmp_path)


def test_a_missing_or_uneven_part_of_cifar_is_named(tmp_path: Path) -> None:
    files.write_plain_cifar(tmp_path)
    path = tmp_path / "cifar-10-batches-bin" / "data_batch_4.bin"
    path.write_bytes(path.read_bytes()[:-1])
    assert f"{path} does not hold whole records" in refusal("cifar10", tmp_path)
    path.unlink()
    with pytest.raises(DataMissing, match=r"data_batch_4\.bin is missing; download it again"):
        data.load("cifar10", tmp_path)


# ── CelebA ────────────────────────────────────────────────────────────────────────────────────


def test_celeba_reads_as_many_training_images_as_asked_for(tmp_path: Path) -> None:
    files.write_celeba(tmp_path)
    whole = data.load("celeba", tmp_path)
    assert whole.samples.shape == (11, 64, 64, 3)
    levels = [255 * number // 10 for number in range(11)]
    assert np.abs(whole.samples.mean(axis=(1, 2, 3)) - levels).max() <= 1
    assert len(data.load("celeba", tmp_path, {"samples": 3})) == 3


def test_celeba_has_forty_columns_and_the_label_that_is_chosen(tmp_path: Path) -> None:
    files.write_celeba(tmp_path)
    dataset = data.load("celeba", tmp_path, {"label": "Wearing_Hat"})
    assert len(dataset.columns) == 40
    assert dataset.class_names == ("not wearing hat", "wearing hat")
    (hat,) = [column for column in dataset.columns if column.name == "wearing hat"]
    assert np.array_equal(hat.values, dataset.labels)


def test_the_middle_of_a_face_is_taken(tmp_path: Path) -> None:
    files.write_celeba(tmp_path)
    image = Image.new("RGB", (178, 218))
    image.paste((255, 255, 255), celeba.FACE)
    image.save(tmp_path / "celeba" / "img_align_celeba" / "000001.jpg", quality=100)
    first = data.load("celeba", tmp_path).samples[0]
    assert first[2:-2, 2:-2].min() > 250


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("img_align_celeba/000002.jpg", b"", "000002.jpg is missing or damaged"),
        ("img_align_celeba/000002.jpg", b"\xff\xd8\xff\xe0 cut", "is missing or damaged"),
        ("list_attr_celeba.txt", b"12\nbald young\n", "names other attributes"),
        ("list_attr_celeba.txt", b"", "names other attributes"),
        ("list_eval_partition.txt", b"../secret.jpg 0\n", "differ at '000001.jpg'"),
        ("list_eval_partition.txt", b"000001.jpg 2\n", "differ at '000002.jpg'"),
        ("list_eval_partition.txt", b"000001.jpg\n", "differ at '000001.jpg'"),
        (
            "list_eval_partition.txt",
            b"".join(b"%06d.jpg 2\n" % number for number in range(1, 13)),
            "names no training image",
        ),
    ],
)
def test_damaged_files_of_celeba_are_named(
    name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    files.write_celeba(tmp_path)
    (tmp_path / "celeba" / name).write_bytes(content)
    assert words in refusal("celeba", tmp_path)


def test_an_image_of_another_size_is_not_decoded(tmp_path: Path) -> None:
    files.write_celeba(tmp_path)
    path = tmp_path / "celeba" / "img_align_celeba" / "000001.jpg"
    Image.new("RGB", (4000, 4000)).save(path)
    assert "has 4000 × 4000 pixels, expected 178 × 218" in refusal("celeba", tmp_path)
