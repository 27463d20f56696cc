"""HDF5 files: what is read under usual names, and that nothing outside the file ever is."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from aeviz import data, paths
from aeviz.cli import main
from aeviz.data.dataset import DataError, Dataset
from aeviz.data.formats.hdf5 import hdf5_entry
from aeviz.data.hdf import reading, streaming
from aeviz.data.hdf.tree import MOST_DEPTH, Tree
from aeviz.data.tables.assembling import assemble
from tests.data.reading_here import read_here

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (40, 6, 5, 3)).astype(np.uint8)
TABLE = GENERATOR.normal(size=(40, 7))
LABELS = np.arange(40) % 3


def saved(folder: Path, **arrays: Any) -> Path:
    path = folder / "own.h5"
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name.replace("__", "/")] = values
    return path


def load(path: Path, **options: Any) -> Dataset:
    """Read without a process of its own: as the child does it."""
    return assemble(path, read_here(reading.read, path, path.parent / "arrays", **options))


# ── what is read ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["x", "images", "data", "X", "features", "deep__down__images"])
def test_samples_and_labels_are_found_under_usual_names(name: str, tmp_path: Path) -> None:
    group = name.rpartition("__")[0]
    label = f"{group}__labels" if group else "y"
    found = load(saved(tmp_path, **{name: IMAGES, label: LABELS, "other": np.zeros((2, 2))}))
    np.testing.assert_array_equal(found.samples, IMAGES)
    assert found.labels is not None
    assert found.labels.tolist() == LABELS.tolist()
    assert found.scaling.is_plain


def test_tables_have_names_and_words_are_labels(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        x=TABLE,
        targets=np.array([b"elm", b"oak"] * 20),
        feature_names=np.array([f"f{number}".encode() for number in range(7)]),
    )
    found = load(path)
    np.testing.assert_array_equal(found.samples, TABLE.astype(np.float32))
    assert found.feature_names == tuple(f"f{number}" for number in range(7))
    assert found.class_names == ("elm", "oak")
    assert found.scaling.kind == "standardise"
    assert load(path, label="none").labels is None


def test_any_data_set_can_be_named_and_links_within_the_file_lead_there(tmp_path: Path) -> None:
    path = saved(tmp_path, a__one=TABLE, a__two=TABLE + 1, kind=LABELS)
    with h5py.File(path, "a") as file:
        file["x"] = h5py.SoftLink("/a/one")
    assert load(path).samples[0, 0] == np.float32(TABLE[0, 0])
    found = load(path, samples="a/two", label="kind")
    assert found.samples[0, 0] == np.float32(TABLE[0, 0] + 1)
    assert found.class_names == ("0", "1", "2")


def test_channels_before_the_pixels_are_turned_and_floats_become_bytes(tmp_path: Path) -> None:
    first = np.moveaxis(IMAGES.repeat(2, 2), -1, 1)
    found = load(saved(tmp_path, x=first.astype(np.float32) / 255))
    np.testing.assert_array_equal(found.samples, IMAGES.repeat(2, 2))
    assert "come before the pixels" in found.remarks[0]


def test_labels_that_are_none_are_left_out_with_a_remark_unless_named(tmp_path: Path) -> None:
    path = saved(tmp_path, images=IMAGES, labels=np.zeros((40, 6)))
    found = load(path)
    assert found.labels is None
    assert "no labels: 'labels' must be one whole number or word" in found.remarks[0]
    with pytest.raises(DataError, match="'labels' must be one whole number"):
        load(path, label="labels")


@pytest.mark.parametrize("chunks", [(3, 7), (40, 2), (7, 3), None, (1, 1)])
def test_every_layout_is_streamed_whole(
    chunks: tuple[int, int] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "AT_ONCE", 30)
    packed = {} if chunks is None else {"compression": "gzip"}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=TABLE, chunks=chunks, **packed)
    out = np.full_like(TABLE, np.nan)
    with Tree(tmp_path / "a.h5") as tree:
        for place, values in streaming.pieces(tree.array("x")):
            assert values.size <= 40
            out[place] = values
    np.testing.assert_array_equal(out, TABLE)


def test_large_samples_stay_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aeviz.data.tables.assembling.IN_MEMORY", 100)
    found = load(saved(tmp_path, x=TABLE))
    assert isinstance(found.samples, np.memmap)
    assert not found.samples.flags.writeable


def test_a_run_trains_on_an_hdf5_file(tmp_path: Path) -> None:
    path = saved(tmp_path, images=IMAGES, labels=LABELS)
    entry = hdf5_entry(path)
    assert (entry.kind, entry.shape) == ("image", (6, 5, 3))
    arguments = ["train", "--data", str(path), "--model", "linear", "--epochs", "1"]
    assert main([*arguments, "--out", str(tmp_path / "run")]) == 0


# ── what is refused ───────────────────────────────────────────────────────────────────────────


def external_link(file: h5py.File, secret: Path) -> None:
    file["x"] = h5py.ExternalLink(str(secret), "/x")


def link_through_an_external_one(file: h5py.File, secret: Path) -> None:
    file["other"] = h5py.ExternalLink(str(secret), "/")
    file["x"] = h5py.SoftLink("/other/x")


def external_storage(file: h5py.File, secret: Path) -> None:
    file.create_dataset("x", (4, 8), "u1", external=[(str(secret), 0, 32)])


def virtual(file: h5py.File, secret: Path) -> None:
    layout = h5py.VirtualLayout((4, 8), "f8")
    layout[:] = h5py.VirtualSource(str(secret), "x", (4, 8))
    file.create_virtual_dataset("x", layout)


def soft_loop(file: h5py.File, secret: Path) -> None:
    file["x"], file["y"] = h5py.SoftLink("/y"), h5py.SoftLink("/x")


def cycle(file: h5py.File, secret: Path) -> None:
    file["x"] = TABLE
    file.create_group("a/b")
    file["a/b/c"] = file["a"]


def deep(file: h5py.File, secret: Path) -> None:
    file.create_group("g/" * (MOST_DEPTH + 2))


def huge(file: h5py.File, secret: Path) -> None:
    file.create_dataset("x", (2**20, 2**20), "f4", chunks=(64, 64))


def huge_chunk(file: h5py.File, secret: Path) -> None:
    file.create_dataset("x", (2**15, 2**15), "f8", chunks=(2**14, 2**14))


def unknown_filter(file: h5py.File, secret: Path) -> None:
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((4, 4))
    plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
    space = h5py.h5s.create_simple((8, 8))
    h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_FLOAT, space, plan)
    file["x"][...] = 1


def records(file: h5py.File, secret: Path) -> None:
    file["x"] = np.zeros((4, 2), [("a", "f4"), ("b", "i4")])


def nothing(file: h5py.File, secret: Path) -> None:
    file["x"] = h5py.Empty("f4")


def infinite(file: h5py.File, secret: Path) -> None:
    file["x"] = np.where(np.arange(280).reshape(40, 7) == 30, np.inf, TABLE)


def dark(file: h5py.File, secret: Path) -> None:
    file["x"] = IMAGES.astype(np.uint16) * 9


def pixels_of_floats(file: h5py.File, secret: Path) -> None:
    file["x"] = np.full((4, 6, 5), np.nan)


def several(file: h5py.File, secret: Path) -> None:
    file["a"], file["b"] = TABLE, TABLE


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (external_link, r"'x' is a link into another file \(.*secret'\), which is not followed"),
        (link_through_an_external_one, "'other' is a link into another file"),
        (external_storage, r"'x' is stored in another file \(.*secret'\), which is not opened"),
        (virtual, "'x' is a virtual data set"),
        (soft_loop, "is a link that leads round in circles"),
        (cycle, "group 'a/b/c' contains itself"),
        (deep, "groups lie more than 32 deep"),
        (huge, "'x' declares 4,096.0 GB of values and stores 0 bytes"),
        (huge_chunk, "'x' is stored in chunks of more than 1 GB"),
        (unknown_filter, r"'x' is packed with filter 32015 \(zstd\)"),
        (records, r"no data set of numbers"),
        (nothing, "'x' holds nothing"),
        (infinite, r"1 of the 40 samples in 'x' .* first is sample 4"),
        (dark, "must lie in 0 to 255, and 'x' has 0 to 2,295"),
        (pixels_of_floats, r"must lie in \[0, 1\], and 'x' goes from nan"),
        (several, "name one with --set data.samples=PATH; it has 'a', 'b'"),
    ],
)
def test_what_leads_out_of_a_file_or_is_dishonest_is_refused_by_name(
    make: Callable[[h5py.File, Path], None], said: str, tmp_path: Path
) -> None:
    # Nobody writes into this pipe: who opened it would wait until the test is given up.
    os.mkfifo(tmp_path / "secret")
    path = tmp_path / "own.h5"
    with h5py.File(path, "w") as file:
        make(file, tmp_path / "secret")
    with pytest.raises(DataError, match=said):
        load(path)


@pytest.mark.parametrize("make", [external_link, external_storage, virtual])
def test_another_file_of_this_computer_shows_nowhere(
    make: Callable[[h5py.File, Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "own.h5"
    with h5py.File(path, "w") as file:
        make(file, Path("/etc/passwd"))
        file["labels"] = np.arange(4)
    with pytest.raises(DataError) as caught:
        data.load(str(path), tmp_path)
    assert "root:" not in str(caught.value)
    assert str(path) in str(caught.value)
    with h5py.File(path, "a") as file:
        file.move("x", "strange")
        file["x"] = TABLE[:4]
    found = load(path)
    assert "'strange' is" in found.remarks[0]
    assert found.remarks[0].endswith("it was left out")
    assert found.sample_shape == (7,)


def test_a_name_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, x=TABLE, g__y=LABELS)
    for options, said in (
        ({"samples": "nix"}, "'nix' is not there"),
        ({"samples": "g"}, "'g' is no array of numbers, but a group"),
        ({"samples": "g/y"}, "samples must be a table"),
        ({"label": "x/y"}, "there is no 'x/y' in it"),
    ):
        with pytest.raises(DataError, match=said):
            load(path, **options)


@pytest.mark.parametrize("length", [8, 100, 800, 2000])
def test_a_truncated_file_is_damaged(length: int, tmp_path: Path) -> None:
    path = saved(tmp_path, x=TABLE, y=LABELS)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DataError, match="is a damaged HDF5 file") as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_letters_that_move_the_cursor_are_shown_as_codes(tmp_path: Path) -> None:
    path = saved(tmp_path, **{"\x1b[31mred": np.zeros((2, 2)), "b": np.ones((2, 2))})
    with pytest.raises(DataError, match=r"\\x1b\[31mred"):
        load(path)


@pytest.mark.slow
def test_damaged_bytes_are_refused_or_harmless(tmp_path: Path) -> None:
    good = saved(tmp_path, x=TABLE, y=LABELS).read_bytes()
    generator = np.random.default_rng(0)
    said: dict[Path, str] = {}
    for number in range(40):
        content = bytearray(good)
        for _ in range(1 + number % 8):
            content[generator.integers(8, len(content))] = generator.integers(256)
        path = tmp_path / f"{number}.h5"
        path.write_bytes(content)
        try:
            data.load(str(path), tmp_path)
        except DataError as error:
            said[path] = str(error)
    assert said
    assert all(str(path) in sentence for path, sentence in said.items())
    assert not list((paths.cache() / "reading").iterdir())
