"""Arrays larger than memory: mapped or unpacked once, the same as in memory, nothing believed."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aeviz.data import idx, mapped
from aeviz.data.dataset import DataError, Dataset, standardise
from aeviz.data.formats import numpy_arrays
from aeviz.data.formats.idx_files import load_idx
from aeviz.data.formats.numpy_arrays import load_arrays

TABLE = np.random.default_rng(0).normal(3.0, 2.0, (900, 7)).astype(np.float32)
IMAGES = np.random.default_rng(1).integers(0, 256, (300, 6, 5, 1), np.uint8)


@pytest.fixture(autouse=True)
def _small_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mapped, "IN_MEMORY", 1000)
    monkeypatch.setattr(mapped, "BLOCK", 2000)
    monkeypatch.setattr(idx, "IN_MEMORY", 1000)
    monkeypatch.setattr(mapped.paths, "cache", lambda: tmp_path / "cache")


def loaded(path: Path) -> Dataset:
    return load_arrays(path, {})


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Dataset, Dataset]:
    """A file read with little memory and with enough."""
    on_disk = loaded(path)
    monkeypatch.setattr(mapped, "IN_MEMORY", 2**28)
    return on_disk, loaded(path)


def saved(path: Path, values: NDArray[np.generic], how: str) -> Path:
    if how == "npy":
        np.save(path.with_suffix(".npy"), values)
        return path.with_suffix(".npy")
    write = np.savez if how == "npz" else np.savez_compressed
    labels = np.arange(len(values)) % 3
    write(path.with_suffix(".npz"), first=np.zeros(3), x=values, y=labels)
    return path.with_suffix(".npz")


@pytest.mark.parametrize("how", ["npy", "npz", "packed"])
@pytest.mark.parametrize(
    "values",
    [
        TABLE,
        TABLE.astype(np.float64),
        TABLE.astype(">f4"),
        np.asfortranarray(TABLE),
        IMAGES,
        IMAGES[..., 0],
        (IMAGES / 255).astype(np.float32),
        IMAGES > 100,
    ],
    ids=["float32", "float64", "big-endian", "Fortran", "bytes", "no channel", "floats", "bits"],
)
def test_samples_on_the_disk_are_those_in_memory(
    how: str, values: NDArray[np.generic], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk, in_memory = both(saved(tmp_path / "own", values, how), monkeypatch)
    assert isinstance(on_disk.samples, np.memmap)
    assert not isinstance(in_memory.samples, np.memmap)
    assert np.array_equal(on_disk.samples, in_memory.samples)
    assert np.allclose(on_disk.scaling.shift, in_memory.scaling.shift, rtol=1e-6)
    assert np.allclose(on_disk.scaling.scale, in_memory.scaling.scale, rtol=1e-6)
    assert (on_disk.labels is None) == (how == "npy")
    assert "stay on the disk" in on_disk.remarks[0]


def test_nothing_is_left_in_the_cache(tmp_path: Path) -> None:
    kept = loaded(saved(tmp_path / "own", TABLE, "packed"))
    assert not list((tmp_path / "cache" / "reading").iterdir())
    assert np.array_equal(kept.samples, TABLE)  # its file outlives its name


def test_rows_are_read_from_the_file_in_any_order(tmp_path: Path) -> None:
    for how in ("npy", "npz", "packed"):
        values = loaded(saved(tmp_path / how, IMAGES, how)).samples
        numbers = np.random.default_rng(2).integers(0, len(IMAGES), 90)
        assert mapped.Rows.can_read(values)
        assert np.array_equal(mapped.Rows(values).take(numbers), IMAGES[numbers])
        part = values[10:]
        assert np.array_equal(
            mapped.Rows(part).take(numbers[numbers < 290]), IMAGES[10:][numbers[numbers < 290]]
        )


def test_rows_of_an_array_in_memory_are_taken_plainly() -> None:
    assert not mapped.Rows.can_read(TABLE)
    assert np.array_equal(mapped.rows_of(TABLE, np.array([5, 2])), TABLE[[5, 2]])


def test_many_rows_stay_on_the_disk(tmp_path: Path) -> None:
    values = loaded(saved(tmp_path / "own", TABLE, "npy")).samples
    numbers = np.arange(0, 900, 2)
    found = mapped.rows_of(values, numbers)
    assert isinstance(found, np.memmap)
    assert np.array_equal(found, TABLE[numbers])


def test_a_file_that_became_shorter_is_no_sample_of_zeros(tmp_path: Path) -> None:
    path = saved(tmp_path / "own", TABLE, "npy")
    rows = mapped.Rows(loaded(path).samples)
    with path.open("r+b") as file:
        file.truncate(5000)
    with pytest.raises(OSError, match="become shorter"):
        rows.take(np.array([880]))


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_with_the_file(
    spoilt: float, tmp_path: Path
) -> None:
    values = TABLE.copy()
    values[700, 3] = spoilt
    path = saved(tmp_path / "own", values, "npy")
    with pytest.raises(DataError, match=r"own\.npy: 1 of the rows of x have values"):
        loaded(path)


def test_images_out_of_their_range_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "own", IMAGES.astype(np.int32) + 100, "npz")
    with pytest.raises(DataError, match="whole numbers must lie in 0 to 255"):
        loaded(path)


def test_a_packed_array_that_is_longer_than_it_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    whole = tmp_path / "x.npy"
    np.save(whole, TABLE)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", whole.read_bytes() + bytes(5000))
    with pytest.raises(DataError, match="is damaged"):
        loaded(path)


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "own", np.zeros((200_000, 5), np.float32), "packed")
    monkeypatch.setattr(mapped, "DEFLATE", 100)
    with pytest.raises(DataError, match=r"packed bytes of x\.npy cannot hold"):
        loaded(path)


def test_no_room_on_the_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "own", TABLE, "packed")
    usage = mapped.shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(mapped.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DataError, match=r"own\.npz: its samples take 0\.0 GB, and .* has room"):
        loaded(path)


def test_statistics_in_blocks_are_those_of_the_whole() -> None:
    values = TABLE.copy()
    values[:, 2] = 4.25
    found, expected = mapped.standardised(values, lambda share: None), standardise(values)
    assert np.allclose(found.shift, expected.shift, rtol=1e-6)
    assert np.allclose(found.scale, expected.scale, rtol=1e-6)
    assert found.scale[2] == 1.0


def test_of_a_very_large_array_blocks_evenly_apart_are_looked_at() -> None:
    values = np.zeros((1000, 100), np.uint8)
    rows = list(mapped.spread_blocks(values, most=20_000))
    seen = sum(each.stop - each.start for each in rows) * 100
    assert 10_000 <= seen <= 20_000
    assert rows[0].start == 0
    assert rows[-1].stop > 900


def test_whoever_waits_can_cancel(tmp_path: Path) -> None:
    path = saved(tmp_path / "own", TABLE, "packed")

    def cancel(share: float, phrase: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_arrays(path, {}, cancel)


@pytest.mark.parametrize("packed", [False, True])
def test_large_idx_files_stay_on_the_disk(packed: bool, tmp_path: Path) -> None:
    import gzip

    content = b"\0\0\x08\x03" + np.array([300, 6, 5], ">u4").tobytes() + IMAGES.tobytes()
    path = tmp_path / "own-images-idx3-ubyte"
    path.write_bytes(gzip.compress(content) if packed else content)
    found = load_idx(path, lambda share, phrase: None)
    assert isinstance(found.samples, np.memmap)
    assert np.array_equal(found.samples, IMAGES)
    assert mapped.Rows.can_read(found.samples)


def test_the_module_asks_for_the_limit_when_it_reads() -> None:
    assert numpy_arrays.mapped.IN_MEMORY == 1000
