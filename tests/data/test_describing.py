"""Descriptions of data sets, as the data page shows them."""

from pathlib import Path

import numpy as np
import pytest

from aeviz import data
from aeviz.data import describing
from aeviz.data.dataset import Dataset, divide, standardise
from aeviz.messages import Attribute, DataDescribed


def nobody(fraction: float, phrase: str) -> None:
    """Report to nobody."""


def described(name: str, **options: object) -> DataDescribed:
    return DataDescribed(view="", **describing.describe(name, Path("nowhere"), options, nobody))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> "list[Dataset]":
    """What is put here is what is loaded under the name digits."""
    stand_ins: list[Dataset] = []
    monkeypatch.setattr(data, "load", lambda *arguments: stand_ins[0])
    return stand_ins


def test_digits_are_described() -> None:
    digits = described("digits")
    assert digits.available
    assert digits.samples == sum(digits.counts) == 1797
    assert digits.sample_shape == (8, 8, 1)
    assert digits.white == 16
    assert digits.attributes == (
        Attribute("pixels", "image", 0, 16, "8 × 8, grey, white is 16"),
        Attribute("label", "category", None, None, "10 classes"),
    )
    assert digits.thumbnails is not None
    assert digits.thumbnails.shape == (100, 8, 8, 1)
    assert np.array_equal(digits.thumbnail_labels, np.repeat(np.arange(10), 10))


def test_every_column_of_a_table_has_its_range() -> None:
    wine = described("wine")
    assert wine.counts == (59, 71, 48)
    assert [row.name for row in wine.attributes] == [*wine.feature_names, "label"]
    first = wine.attributes[0]
    assert (first.kind, first.low, first.high) == ("number", 11.03, 14.83)
    assert first.detail == "mean 13, standard deviation 0.8095"
    assert wine.thumbnails is not None
    assert len(wine.thumbnails) == 99


def test_the_options_count() -> None:
    assert described("two-moons", samples=30).samples == 30


def test_thumbnails_show_what_they_are_labelled() -> None:
    digits, whole = described("digits"), data.load("digits", Path("nowhere"))
    assert digits.thumbnails is not None
    assert digits.thumbnail_labels is not None
    assert whole.labels is not None
    for thumbnail, label in zip(digits.thumbnails, digits.thumbnail_labels, strict=True):
        same = np.flatnonzero((whole.samples == thumbnail).all(axis=(1, 2, 3)))
        assert label in whole.labels[same]


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_missing_files_are_said_to_be_missing(name: str) -> None:
    missing = described(name)
    assert not missing.available
    assert "is not on this computer: download it, or put" in missing.sentence
    assert missing.title == data.entry(name).title
    assert missing.source


def test_an_unknown_name_is_answered() -> None:
    unknown = described("mist")
    assert not unknown.available
    assert unknown.title == "mist"
    assert "there are: " in unknown.sentence


def test_cells_that_are_not_finite_are_counted(given: list[Dataset]) -> None:
    table = np.array([[1, np.nan], [3, np.nan], [np.inf, np.nan]], np.float32)
    given.append(Dataset("t", "T", table, divide(1)))
    one, two = described("digits").attributes
    assert (one.low, one.high) == (1, 3)
    assert one.detail == "mean 2, standard deviation 1, 1 not finite"
    assert (two.low, two.high, two.detail) == (None, None, "no finite value")


def test_a_table_without_labels_and_names_is_described(given: list[Dataset]) -> None:
    table = np.arange(500, dtype=np.float32).reshape(250, 2)
    given.append(Dataset("t", "T", table, standardise(table)))
    plain = described("digits")
    assert [row.name for row in plain.attributes] == ["feature 1", "feature 2"]
    assert plain.counts == ()
    assert plain.thumbnails is not None
    assert plain.thumbnails.shape == (100, 2)
    assert plain.thumbnail_labels is None


def test_more_classes_than_thumbnails_and_missing_labels(given: list[Dataset]) -> None:
    samples = np.zeros((400, 4, 4, 3), np.uint8)
    labels = np.arange(400) // 2 - 1
    names = tuple(f"class {label}" for label in range(200))
    given.append(Dataset("t", "T", samples, divide(255), labels=labels, class_names=names))
    many = described("digits")
    assert many.thumbnails is not None
    assert len(many.thumbnails) == 100
    assert sum(many.counts) == 398
    assert many.attributes[0].detail == "4 × 4, 3 channels, white is 255"
    assert many.attributes[1].detail == "200 classes, 2 samples without a label"


def test_what_else_is_known_of_the_samples_is_listed() -> None:
    shapes = described("shapes", samples=200)
    assert [row.name for row in shapes.attributes] == [
        *("pixels", "label", "shape", "scale", "rotation", "x", "y"),
    ]
    shape, scale, rotation = shapes.attributes[2:5]
    assert (shape.kind, shape.detail) == ("category", "factor, 3 values")
    assert (scale.low, scale.high) == (0.5, 1)
    assert rotation.detail.startswith("factor, degrees, mean ")
    library_size = described("cells", samples=100).attributes[-1]
    assert library_size.detail.startswith("known, counts, mean ")
