"""A training on samples that stay on the disk is the one on the same samples in memory."""

from pathlib import Path

import numpy as np
import pytest
import torch

import aeviz
from aeviz.compute import evaluating
from aeviz.compute.samples import SampleStore
from aeviz.data import mapped
from aeviz.data.formats.numpy_arrays import load_arrays

SAMPLES = np.random.default_rng(0).normal(2.0, 3.0, (400, 12)).astype(np.float32)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mapped.paths, "cache", lambda: tmp_path / "cache")
    path = tmp_path / "own.npz"
    np.savez(path, x=SAMPLES, y=np.arange(400) % 4)
    return path


def trained(file: Path, out: Path) -> aeviz.Run:
    return aeviz.train(str(file), "linear", epochs=2, batch_size=64, out=out, progress=False)


def test_it_learns_the_same(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory = trained(file, tmp_path / "memory")
    monkeypatch.setattr(mapped, "IN_MEMORY", 1000)
    on_disk = trained(file, tmp_path / "disk")
    # statistics in blocks may differ in the last digit
    assert np.allclose(on_disk.latents(), in_memory.latents(), rtol=1e-4, atol=1e-5)
    assert np.allclose(on_disk.encode(SAMPLES[:9]), in_memory.encode(SAMPLES[:9]), atol=1e-5)
    whole = on_disk.encode_data()
    assert np.allclose(whole.z, in_memory.encode_data().z, rtol=1e-4, atol=1e-5)
    assert whole.labels is not None
    assert np.array_equal(whole.labels, np.arange(400) % 4)


def test_too_many_to_be_measured_are_some_at_random_and_said_to_be(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "IN_MEMORY", 1000)
    monkeypatch.setattr(evaluating, "MEASURED_VALUES", 12 * 100)
    run = trained(file, tmp_path / "run")
    (row,) = run.measure("reconstruction_mse", part="all")
    assert row["part"] == "all, 100 of 400 at random"
    assert 0 < row["value"] < 2


def test_batches_are_read_while_the_one_before_is_trained_on(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "IN_MEMORY", 1000)
    dataset = load_arrays(file, {})
    store = SampleStore(dataset, torch.device("cpu"))
    assert store.reads_ahead
    assert not store.is_resident
    rows = torch.tensor([7, 390, 7, 0])
    expected = torch.from_numpy(dataset.scaling.apply(SAMPLES[rows.numpy()]))
    for coming in (rows, torch.tensor([1, 2]), torch.tensor([], dtype=torch.int64)):
        store.expect(coming)  # what was expected wrongly is not used
        assert torch.allclose(store.take(rows), expected)
