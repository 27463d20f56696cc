"""Latents of many dimensions: 32 coordinates and their axes, on disk and back."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from aeviz.runs.axes import MOST_DIMENSIONS, expanded, fits, reduced
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import AXES, LATENTS, MANIFEST, axes_file, latents_file
from aeviz.runs.writer import RunWriter
from tests.runs.making import SHOWN, make_writer, write_epoch

DIMENSIONS = 50


def latents_of(epoch: int, rank: int = DIMENSIONS) -> np.ndarray:
    random = np.random.default_rng(epoch)
    plane = random.normal(size=(rank, DIMENSIONS))
    return (random.normal(size=(SHOWN, rank)) @ plane + 3).astype(np.float32)


def make_run(path: Path, epochs: int = 3) -> Path:
    with make_writer(path) as writer:
        for epoch in range(epochs):
            write_epoch(writer, epoch, latents=latents_of(epoch))
        writer.set_status("finished")
    return path


def test_few_directions_come_back_as_they_were() -> None:
    random = np.random.default_rng(0)
    latents = random.normal(size=(300, 5)) @ random.normal(size=(5, 90)) + random.normal(size=90)
    coordinates, axes = reduced(latents.astype(np.float32))
    assert coordinates.shape == (300, MOST_DIMENSIONS)
    assert axes.shape == (MOST_DIMENSIONS + 1, 90)
    assert np.allclose(expanded(coordinates, axes), latents, atol=1e-4)


def test_what_is_left_out_is_the_least_that_can_be() -> None:
    latents = np.random.default_rng(1).normal(size=(400, 60)).astype(np.float32)
    coordinates, axes = reduced(latents)
    left = ((expanded(coordinates, axes) - latents) ** 2).sum()
    values = np.linalg.svd(latents - latents.mean(axis=0), compute_uv=False)
    assert left == pytest.approx((values[MOST_DIMENSIONS:] ** 2).sum(), rel=1e-4)
    assert np.allclose(axes[1:] @ axes[1:].T, np.eye(MOST_DIMENSIONS), atol=1e-5)
    assert fits(coordinates, axes)
    assert not fits(coordinates[:, :30], axes)


def test_a_run_keeps_coordinates_and_axes(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    assert np.load(path / latents_file(1)).shape == (SHOWN, MOST_DIMENSIONS)
    assert np.load(path / axes_file(1)).shape == (MOST_DIMENSIONS + 1, DIMENSIONS)
    assert axes_file(1) in json.loads((path / MANIFEST).read_text())["files"]
    run = RunFolder.open(path)
    found = run.latents(1)
    assert found.shape == (SHOWN, DIMENSIONS)
    assert not found.flags.writeable
    assert np.allclose(found, expanded(*reduced(latents_of(1))), atol=1e-4)


def test_an_epoch_done_again_takes_its_axes_with_it(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    with RunWriter.reopen(path) as writer:
        writer.go_back(0)
    assert os.listdir(path / AXES) == ["epoch-00000.npy"]


def test_axes_go_with_their_latents_over_budget(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with make_writer(path, latents_budget=1e-5, epochs=9) as writer:
        for epoch in range(9):
            write_epoch(writer, epoch, latents=latents_of(epoch))
    kept = {name for name in os.listdir(path / LATENTS) if name.startswith("epoch")}
    assert len(kept) < 9
    assert set(os.listdir(path / AXES)) == kept


def test_damaged_axes_are_named(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    (path / axes_file(2)).write_bytes(b"nothing")
    with pytest.raises(RunError, match=r"axes/epoch-00002\.npy is damaged"):
        RunFolder.open(path).latents(2)
