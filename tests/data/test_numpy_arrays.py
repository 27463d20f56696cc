"""NumPy files as data sets: what is read, what is refused with file and array named."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aeviz
from aeviz import data
from aeviz.cli import main
from aeviz.data.dataset import DataError
from aeviz.data.formats.numpy_arrays import load_arrays

IMAGES = np.random.default_rng(0).uniform(0, 1, (12, 6, 6, 1)).astype(np.float32)
TABLE = np.random.default_rng(0).normal(size=(12, 3))


def saved(folder: Path, **arrays: Any) -> Path:
    path = folder / "own.npz"
    np.savez(path, **arrays)
    return path


def test_images_of_floats_become_bytes_and_labels_keep_their_names(tmp_path: Path) -> None:
    path = saved(tmp_path, x=IMAGES, y=np.arange(12) % 3, class_names=np.array(["a", "b", "c"]))
    found = data.load(str(path), tmp_path)
    assert found.is_image
    np.testing.assert_array_equal(found.samples, np.rint(IMAGES * 255).astype(np.uint8))
    assert found.class_names == ("a", "b", "c")
    assert found.labels is not None
    assert found.labels.tolist()[:4] == [0, 1, 2, 0]


@pytest.mark.parametrize("name", ["images", "data", "X", "arr_0", "x"])
def test_samples_are_found_under_the_usual_names(name: str, tmp_path: Path) -> None:
    found = load_arrays(saved(tmp_path, **{name: TABLE, "other": np.zeros(2)}), {})
    assert found.sample_shape == (3,)
    assert found.feature_names == ("x1", "x2", "x3")
    assert found.labels is None


def test_words_are_labels_too_and_features_have_names(tmp_path: Path) -> None:
    words = np.array(["oak", "elm"] * 6)
    path = saved(tmp_path, x=TABLE, labels=words, feature_names=np.array(["h", "w", "d"]))
    found = load_arrays(path, {})
    assert found.class_names == ("elm", "oak")
    assert found.labels is not None
    assert found.labels.tolist()[:2] == [1, 0]
    assert found.feature_names == ("h", "w", "d")


def test_arrays_can_be_named(tmp_path: Path) -> None:
    path = saved(tmp_path, x=IMAGES, pictures=IMAGES[:5, ..., 0], kind=np.zeros(5, int))
    found = load_arrays(path, {"samples": "pictures", "label": "kind"})
    assert found.samples.shape == (5, 6, 6, 1)
    assert found.labels is not None


def test_a_file_without_a_usual_name_is_read_once_its_array_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path, heights=TABLE)
    with pytest.raises(DataError, match=r"name one of heights with --set data.samples=NAME"):
        data.load(str(path), tmp_path)
    assert data.load(str(path), tmp_path, {"samples": "heights"}).samples.shape == (12, 3)


def test_an_npy_file_holds_samples_alone(tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", (IMAGES[..., 0] > 0.5))
    found = data.load(str(tmp_path / "own.npy"), tmp_path)
    assert sorted(np.unique(found.samples).tolist()) == [0, 255]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.zeros((0, 3))}, "own.npz"),
        ({"x": np.zeros(5)}, "own.npz: samples must be a table"),
        ({"x": np.zeros((5, 4, 4, 9), np.uint8)}, "1 to 4 channels"),
        ({"x": np.full((5, 3), np.nan)}, "5 of the rows of x"),
        ({"x": np.full((5, 4, 4), 7.0)}, "must lie in"),
        ({"x": np.full((5, 4, 4), 300)}, "0 to 255"),
        ({"x": np.array(["a", "b"]).reshape(1, 2)}, "must be numbers"),
        ({"x": TABLE, "y": np.zeros(5, int)}, "one whole number or word for each of the 12"),
        ({"x": TABLE, "y": np.arange(12), "class_names": np.array(["a"])}, "1 class_names"),
        ({"x": TABLE, "feature_names": np.array(["a"])}, "1 feature_names"),
        ({"q": TABLE}, "data.samples=NAME"),
    ],
)
def test_what_is_no_data_set_is_refused(arrays: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        data.load(str(saved(tmp_path, **arrays)), tmp_path)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path(tmp_path / "sprung").touch, ())

    np.savez(tmp_path / "own.npz", x=np.array([[Trap()]], object))
    with pytest.raises(DataError, match="must be numbers"):
        data.load(str(tmp_path / "own.npz"), tmp_path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"PK\x03\x04 nothing", b"\x93NUMPY\x01\x00"])
@pytest.mark.parametrize("name", ["own.npz", "own.npy"])
def test_broken_files_are_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read|without arrays"):
        data.load(str(tmp_path / name), tmp_path)


def test_what_declares_more_than_it_has_is_refused_before_it_is_read(tmp_path: Path) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**9, 100)}
    with (tmp_path / "own.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        size = file.tell() + 8 * 10**11
    with pytest.raises(DataError, match="is truncated: x declares 800,000,000,"):
        data.load(str(tmp_path / "own.npy"), tmp_path)
    try:
        os.truncate(tmp_path / "own.npy", size)
    except OSError:
        pytest.skip("no sparse files of this size here")
    with pytest.raises(DataError, match=r"745\.1 GB|372\.5 GB"):
        data.load(str(tmp_path / "own.npy"), tmp_path)


def test_draws_of_a_model_are_a_data_set_to_train_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"model.widths": [8]}
    told = aeviz.train(
        "digits",
        "conditional-vae",
        epochs=1,
        options=options,
        out=tmp_path / "told",
        progress=False,
    )
    draws = tmp_path / "draws.npz"
    words = ["draw", told.path, "-n", "60", "--condition", "4", "-o", draws]
    assert main([str(word) for word in words]) == 0
    run = aeviz.train(
        str(draws), "vae", epochs=1, options=options, out=tmp_path / "again", progress=False
    )
    assert run.sample_shape == told.sample_shape
    assert run.labels is not None
    assert set(run.labels.tolist()) == {4}
    draws.write_bytes(draws.read_bytes()[:-200])
    code = main(["train", "--resume", str(run.path), "--epochs", "2"])
    assert code == 2
    assert "draws.npz" in capsys.readouterr().err


def test_a_wrong_name_on_the_command_line_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, x=TABLE)
    assert main(["train", "--data", str(path), "--set", "data.samples=q", "--model", "vae"]) == 2
    assert "data.samples=q" in capsys.readouterr().err
    assert main(["train", "--data", str(tmp_path / "no.npz")]) == 2
    assert "there is no such file" in capsys.readouterr().err
