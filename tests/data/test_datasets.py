"""The contract of every registered data set, over the registry."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz import data
from aeviz.data.dataset import DATASETS, DataError, DataMissing, Dataset, Scaling
from tests.data.vision_files import write_all

DOWNLOADED = {
    "mnist-and-print",
    *("mnist", "fashion-mnist", "kmnist", "emnist", "qmnist"),
    *("usps", "svhn", "cifar10"),
}
"""Data sets that torchvision fetches; small files of the same kind are written for the contract."""

SMALLER = {"shapes": {"samples": 3000}, "noise": {"samples": 500}}
"""Options that make the contract quick."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    write_all(made)
    return made


@pytest.fixture(scope="module", params=sorted(DATASETS))
def dataset(request: pytest.FixtureRequest, folder: Path) -> Dataset:
    return data.load(request.param, folder, SMALLER.get(request.param))


def test_every_named_data_set_is_registered() -> None:
    assert set(DATASETS) >= {
        *("digits", "wine", "two-moons"),
        *("eight-gaussians", "checkerboard", "ring", "pinwheel"),
        *("shapes", "noise", "cells", "spheres", "swiss-roll", "celeba"),
        *DOWNLOADED,
    }


def test_its_entry_says_what_it_is(dataset: Dataset) -> None:
    entry = data.entry(dataset.name)
    assert entry.name == dataset.name
    assert entry.title == dataset.title
    assert entry.summary.endswith(".")
    assert entry.source
    assert entry.kind == ("image" if dataset.is_image else "table")
    assert entry.shape == dataset.sample_shape
    assert dataset.source
    assert dataset.licence


def test_samples_have_the_dtype_and_shape_of_their_kind(dataset: Dataset) -> None:
    if dataset.is_image:
        assert dataset.samples.dtype == np.uint8
        assert dataset.samples.ndim == 4
    else:
        assert dataset.samples.dtype == np.float32
        assert dataset.samples.ndim == 2
        assert np.isfinite(dataset.samples).all()
        assert len(dataset.feature_names) == dataset.samples.shape[1]
        assert len(set(dataset.feature_names)) == len(dataset.feature_names)


def test_samples_and_labels_cannot_be_written(dataset: Dataset) -> None:
    arrays = [dataset.samples, *(column.values for column in dataset.columns)]
    if dataset.labels is not None:
        arrays.append(dataset.labels)
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_labels_are_numbers_of_classes(dataset: Dataset) -> None:
    if dataset.labels is None:
        assert not dataset.class_names
        pytest.skip("it has no labels")
    assert dataset.labels.dtype == np.int64
    assert dataset.labels.shape == (len(dataset),)
    assert dataset.labels.min() >= 0
    assert dataset.labels.max() < len(dataset.class_names)
    assert len(set(dataset.class_names)) == len(dataset.class_names)
    assert all(isinstance(name, str) and name for name in dataset.class_names)


def test_columns_are_known_of_every_sample(dataset: Dataset) -> None:
    names = [column.name for column in dataset.columns]
    assert len(set(names)) == len(names)
    for column in dataset.columns:
        assert column.values.shape == (len(dataset),)
        if column.is_choice:
            assert column.values.min() >= -1
            assert column.values.max() < len(column.names)
        else:
            assert np.isfinite(column.values).all()


def test_what_a_model_sees_is_in_range_and_goes_back(dataset: Dataset) -> None:
    scaled = dataset.scaling.apply(dataset.samples)
    assert scaled.dtype == np.float32
    if dataset.is_image:
        if dataset.scaling.is_plain:
            assert scaled.min() == 0
            assert scaled.max() == 1
    elif dataset.scaling.kind == "standardise":
        assert np.abs(scaled.mean(axis=0)).max() < 1e-5
        assert np.abs(scaled.std(axis=0) - 1).max() < 1e-5
    else:
        assert dataset.scaling.kind in ("none", "counts", "unit")
        assert np.array_equal(scaled, dataset.samples)
    if dataset.bounded:
        assert scaled.min() >= 0
        assert scaled.max() <= 1
    back = dataset.scaling.undo(scaled)
    exact = 1e-5 if dataset.scaling.is_plain else 1e-3
    np.testing.assert_allclose(back, dataset.samples, rtol=1e-5, atol=exact)
    stored = Scaling.from_json(dataset.scaling.to_json())
    assert np.array_equal(stored.apply(dataset.samples), scaled)


def test_it_is_the_same_every_time(dataset: Dataset, folder: Path) -> None:
    again = data.load(dataset.name, folder, SMALLER.get(dataset.name))
    assert np.array_equal(again.samples, dataset.samples)
    if dataset.labels is not None:
        assert np.array_equal(again.labels, dataset.labels)
    for column, other in zip(dataset.columns, again.columns, strict=True):
        assert np.array_equal(column.values, other.values)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_its_options_can_be_a_form(name: str) -> None:
    for option in data.entry(name).options:
        assert option.title
        assert option.description
        if option.kind == "choice":
            assert option.default in option.choices
        if option.low is not None and option.high is not None:
            assert option.low <= option.default <= option.high


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_images_can_be_binarised_and_what_needs_files_downloaded(name: str) -> None:
    entry = data.entry(name)
    names = {option.name for option in entry.options}
    assert ("binarise" in names) == (entry.kind == "image" and entry.bounded is not False)
    assert ("download" in names) == (entry.download is not None) == (name in DOWNLOADED)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_loading_writes_nothing_and_needs_files_only_where_it_says(
    name: str, tmp_path: Path
) -> None:
    entry = data.entry(name)
    assert entry.needs_files == (name in DOWNLOADED or name == "celeba")
    if not entry.needs_files:
        data.load(name, tmp_path, SMALLER.get(name))
    else:
        kind = DataError if entry.download is None else DataMissing
        with pytest.raises(kind, match=r"is not on this computer: .*put .* into ") as caught:
            data.load(name, tmp_path)
        assert type(caught.value) is kind
    assert not list(tmp_path.iterdir())


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no data set 'mist'; there are: .*digits.*wine"):
        data.load("mist", tmp_path)


def test_a_data_set_without_files_downloads_nothing(tmp_path: Path) -> None:
    def never(*said: Any) -> None:
        pytest.fail("nothing is to be reported")

    assert data.download("digits", tmp_path, never) == {}
