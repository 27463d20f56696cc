"""Who is trained on, and how samples reach the model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from aeviz.compute import samples, seeds
from aeviz.compute.samples import SampleStore, binarised, data_spec, split
from aeviz.data.dataset import Dataset, Scaling, standardise
from tests.compute.training_setup import make_images

CPU = torch.device("cpu")


def make_table(count: int = 20) -> Dataset:
    rows = np.random.default_rng(0).normal(5, 3, (count, 4)).astype(np.float32)
    return Dataset("rows", "Rows", rows, standardise(rows))


def test_every_sample_is_in_exactly_one_part() -> None:
    parts = split(100, 0.1, 1000, seed=0)
    assert len(parts.validation) == 10
    assert np.array_equal(np.sort(np.r_[parts.train, parts.validation]), np.arange(100))
    assert np.array_equal(parts.shown[parts.parts == 1], parts.validation)
    assert np.array_equal(parts.shown[parts.parts == 0], parts.train)


def test_the_seed_chooses_the_split() -> None:
    assert np.array_equal(split(99, 0.2, 99, 5).train, split(99, 0.2, 99, 5).train)
    assert not np.array_equal(split(99, 0.2, 99, 5).train, split(99, 0.2, 99, 6).train)


def test_a_share_of_zero_trains_on_all() -> None:
    parts = split(10, 0.0, 10, 0)
    assert np.array_equal(parts.train, np.arange(10))
    assert len(parts.validation) == 0


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_samples_leave_one_to_train_on(count: int) -> None:
    assert len(split(count, 0.99, 10, 0).train) >= 1


def test_more_samples_than_may_be_shown_are_chosen_at_random_in_order() -> None:
    parts = split(100, 0.1, 30, 0)
    assert len(parts.shown) == len(parts.parts) == 30
    assert (np.diff(parts.shown) > 0).all()
    assert np.array_equal(parts.parts == 1, np.isin(parts.shown, parts.validation))


@pytest.mark.parametrize("most", [0, samples.SCALED_BYTES], ids=["by batch", "once"])
@pytest.mark.parametrize("dataset", [make_images(), make_table()], ids=["image", "table"])
def test_samples_are_scaled_as_the_data_set_says_to_the_bit(
    dataset: Dataset, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "SCALED_BYTES", most)
    store = SampleStore(dataset, CPU)
    rows = torch.tensor([3, 0, 3, 19])
    own = dataset.scaling.apply(dataset.samples[rows.numpy()])
    expected = np.moveaxis(own, -1, 1) if dataset.is_image else own
    assert np.array_equal(store.take(rows).numpy(), expected)
    assert store.is_resident


def test_taking_samples_leaves_them_as_they_were() -> None:
    dataset = make_table()
    before = dataset.samples.copy()
    store = SampleStore(dataset, CPU)
    first = store.take(torch.arange(5))
    assert torch.equal(first, store.take(torch.arange(5)))
    assert np.array_equal(before, dataset.samples)


def test_memory_mapped_samples_are_read_batch_by_batch(tmp_path: Path) -> None:
    images = make_images()
    np.save(tmp_path / "samples.npy", images.samples)
    mapped = np.load(tmp_path / "samples.npy", mmap_mode="r")
    store = SampleStore(Dataset("x", "X", mapped, images.scaling, images.labels), CPU)
    assert not store.is_resident
    rows = torch.tensor([5, 1])
    assert torch.equal(store.take(rows), SampleStore(images, CPU).take(rows))


def test_a_batch_knows_its_labels_and_numbers() -> None:
    images = make_images()
    batch = SampleStore(images, CPU).batch(torch.tensor([4, 2]))
    assert batch.labels.tolist() == images.labels[[4, 2]].tolist()
    assert batch.index.tolist() == [4, 2]
    assert SampleStore(make_table(), CPU).batch(torch.tensor([1])).labels is None


def test_dynamic_binarisation_draws_black_and_white_by_the_generator() -> None:
    store = SampleStore(make_images(), CPU, dynamic=True)
    rows = torch.arange(20)
    draws = [store.batch(rows, torch.Generator().manual_seed(s)).x for s in (0, 0, 1)]
    assert set(draws[0].unique().tolist()) == {0.0, 1.0}
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    many = torch.stack([store.batch(rows, torch.Generator().manual_seed(s)).x for s in range(300)])
    assert torch.allclose(many.mean(0), store.take(rows), atol=0.15)


def test_fixed_binarisation_is_drawn_once_by_the_seed() -> None:
    images = make_images()
    assert np.array_equal(binarised(images, 3), binarised(images, 3))
    assert not np.array_equal(binarised(images, 3), binarised(images, 4))
    assert set(np.unique(binarised(images, 3)).tolist()) == {0, 255}
    assert binarised(images, 3).mean() == pytest.approx(images.samples.mean(), rel=0.1)


def test_the_model_is_told_shape_range_and_classes() -> None:
    spec = data_spec(make_images(), 50)
    assert spec.shape == (1, 5, 5)
    assert spec.bounded
    assert (spec.samples, spec.classes) == (50, 3)
    assert not data_spec(make_table(), 5).bounded


def test_every_purpose_draws_numbers_of_its_own() -> None:
    purposes = ("split", "shuffle", "noise", "validation", "initialisation", "dropout")
    assert len({seeds.derive(0, purpose) for purpose in purposes}) == len(purposes)
    assert len({seeds.derive(seed, "noise") for seed in range(100)}) == 100


def test_only_whole_numbers_have_a_step_between_them() -> None:
    rows = np.random.default_rng(0).random((9, 4), np.float32)
    scaling = Scaling(np.zeros((), np.float32), np.ones((), np.float32), "unit")
    uniform = Dataset("uniform", "Uniform", rows, scaling)
    assert uniform.bounded
    assert data_spec(uniform, 9).step == 0.0
    assert data_spec(make_images(), 9).step == 1.0 / make_images().scaling.scale.max()
    assert data_spec(make_table(), 9).step == 0.0


def test_labels_without_names_are_classes_too() -> None:
    assert data_spec(make_table(), 20).classes == 0
    labels = np.array([-1, 0, 2, 2, *[1] * 16])
    assert data_spec(replace(make_table(), labels=labels), 20).classes == 3


def test_counts_are_seen_as_logarithms_also_where_a_decode_is_below_zero() -> None:
    scaling = Scaling(np.array([1, 2], np.float32), np.array([0.5, 3], np.float32), "log1p")
    own = np.array([[0, 12], [3, 70_000], [-0.25, -0.9999999]], np.float32)
    dataset = Dataset("counts", "Counts", own, scaling)
    taken = SampleStore(dataset, torch.device("cpu")).take(torch.arange(3)).numpy()
    assert np.isfinite(taken).all()
    assert np.allclose(taken, scaling.apply(own), rtol=1e-5)
    assert np.isfinite(scaling.undo(np.full((1, 2), 1e6, np.float32))).all()
