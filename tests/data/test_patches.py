"""Natural-image patches: how they are cut, scaled, whitened and shown."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_images

from aeviz import data, paths
from aeviz.compute.samples import SampleStore, data_spec
from aeviz.data.dataset import Dataset, Scaling

NOWHERE = Path("nowhere")


@pytest.fixture(scope="module")
def patches() -> Dataset:
    return data.load("patches", NOWHERE, {"samples": 3000})


def test_the_photographs_are_scikit_learns_in_grey() -> None:
    with np.load(paths.resources() / "data" / "photographs.npz") as ours:
        for name, image in zip(("China", "flower"), load_sample_images().images, strict=True):
            grey = image @ [0.299, 0.587, 0.114]
            assert np.abs(ours[name] - grey).max() <= 0.5


def test_licence_and_authors_are_stated(patches: Dataset) -> None:
    assert patches.licence == "CC BY 2.0"
    text = (paths.resources() / "data" / "SOURCES.txt").read_text(encoding="utf-8")
    for word in ("danielbuechele", "vultilion", "CC BY 2.0"):
        assert word in text


def test_patches_have_no_mean_and_one_contrast(patches: Dataset) -> None:
    assert patches.samples.shape == (3000, 10, 10, 1)
    units = (patches.samples.reshape(3000, -1) - 127.5) / 42.5
    assert np.abs(units.mean(axis=1)).max() < 0.1
    assert np.median(units.std(axis=1)) == pytest.approx(1.0, abs=0.05)
    assert np.bincount(patches.labels).tolist() == [1500, 1500]


def test_what_was_removed_is_kept_as_columns(patches: Dataset) -> None:
    mean, contrast = patches.columns
    assert mean.unit == contrast.unit == "grey levels"
    assert 0 <= mean.values.min() < mean.values.max() <= 255
    assert contrast.values.min() > 4


def test_whitened_pixels_are_nearly_uncorrelated(patches: Dataset) -> None:
    seen = patches.scaling.apply(patches.samples).reshape(3000, -1)
    covariance = np.cov(seen.T)
    off = covariance - np.diag(np.diag(covariance))
    assert np.abs(off).max() < 0.25 * np.diag(covariance).mean()


def test_whitening_is_undone_for_pictures(patches: Dataset) -> None:
    some = patches.samples[:50]
    again = patches.scaling.undo(patches.scaling.apply(some))
    assert np.abs(again - some).max() < 0.01
    grey = patches.scaling.shown(patches.scaling.apply(some), patches.white)
    assert np.abs(grey - some / 255).max() < 1e-4


def test_zero_is_shown_as_middle_grey(patches: Dataset) -> None:
    shown = patches.scaling.shown(np.zeros((1, 10, 10, 1), np.float32), patches.white)
    assert np.allclose(shown, 0.5)


def test_a_model_sees_what_the_scaling_says(patches: Dataset) -> None:
    store = SampleStore(patches, torch.device("cpu"))
    seen = store.take(torch.arange(20))
    assert seen.shape == (20, 1, 10, 10)
    ours = np.moveaxis(seen.numpy(), 1, -1)
    assert np.abs(ours - patches.scaling.apply(patches.samples[:20])).max() < 1e-4


def test_a_matrix_is_applied_channel_by_channel_as_the_scaling_does() -> None:
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(24, 24)).astype(np.float32)
    scaling = Scaling(np.array(3, np.float32), np.array(2, np.float32), "whiten", matrix)
    samples = generator.integers(0, 255, (5, 4, 3, 2), np.uint8)
    dataset = Dataset("made", "Made", samples, scaling)
    seen = SampleStore(dataset, torch.device("cpu")).take(torch.arange(5))
    assert np.allclose(np.moveaxis(seen.numpy(), 1, -1), scaling.apply(samples), atol=1e-2)


def test_models_are_told_that_patches_leave_the_unit_interval(patches: Dataset) -> None:
    assert not data_spec(patches, 10).bounded
    assert patches.white == 255
    assert data_spec(data.load("digits", NOWHERE), 10).bounded


def test_the_scaling_survives_json_exactly(patches: Dataset) -> None:
    row = json.loads(json.dumps(patches.scaling.to_json()))
    again = Scaling.from_json(row)
    assert again.matrix is not None
    assert patches.scaling.matrix is not None
    assert np.array_equal(again.matrix, patches.scaling.matrix)
    assert again.kind == "whiten"


def test_without_whitening_a_unit_is_one_contrast() -> None:
    plain = data.load("patches", NOWHERE, {"samples": 200, "whiten": False})
    assert plain.scaling.matrix is None
    assert np.allclose(plain.scaling.apply(plain.samples), (plain.samples - 127.5) / 42.5)


def test_the_same_seed_cuts_the_same_patches() -> None:
    first, second, other = (
        data.load("patches", NOWHERE, {"samples": 101, "seed": seed}) for seed in (3, 3, 4)
    )
    assert np.array_equal(first.samples, second.samples)
    assert not np.array_equal(first.samples, other.samples)
