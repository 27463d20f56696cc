"""Printed digits, beside handwritten ones, and classes that are chosen."""

from pathlib import Path

import numpy as np
import pytest

from aeviz import data
from aeviz.data import fonts, printed
from aeviz.data.dataset import DataError

NOWHERE = Path("nowhere")


def test_every_digit_is_printed_as_often_in_many_fonts() -> None:
    dataset = data.load("printed", NOWHERE, {"samples": 200})
    assert dataset.samples.shape == (200, 28, 28, 1)
    assert np.bincount(dataset.labels).tolist() == [20] * 10
    font, height = dataset.columns
    assert len(font.names) == 37
    assert len(set(font.names)) == 37
    assert 0.6 * 28 <= height.values.min() <= height.values.max() <= 0.8 * 28
    assert dataset.samples.reshape(200, -1).max(axis=1).min() > 100


def test_the_same_seed_draws_the_same_digits() -> None:
    first, again, other = (
        data.load("printed", NOWHERE, {"samples": 20, "seed": seed}) for seed in (3, 3, 4)
    )
    assert np.array_equal(first.samples, again.samples)
    assert not np.array_equal(first.samples, other.samples)


def test_handwritten_and_printed_digits_come_in_turns() -> None:
    dataset = data.load("hand-and-print", NOWHERE)
    digits = data.load("digits", NOWHERE)
    (domain,) = dataset.columns
    assert domain.names == ("handwritten", "printed")
    assert domain.values[:4].tolist() == [0, 1, 0, 1]
    assert np.array_equal(dataset.samples[::2], digits.samples)
    assert np.array_equal(dataset.labels[::2], digits.labels)
    assert dataset.samples.max() == dataset.samples[1::2].max() == 16


def test_a_digit_is_as_high_as_was_asked_for() -> None:
    glyphs = printed.all_glyphs({})
    drawn = fonts.draw(glyphs, 50, 40, 0, (0.5, 0.5))
    rows = (drawn.images > 0.5).any(axis=2).sum(axis=1)
    assert 15 <= rows.min() <= rows.max() <= 24
    assert (drawn.heights == 0.5).all()


def test_what_is_no_font_or_has_no_digits_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    (tmp_path / "Symbols.otf").write_bytes(b"no font")
    (tmp_path / "read me.txt").write_text("fonts")
    files = fonts.font_files([tmp_path, tmp_path / "missing"])
    assert [path.name for path in files] == ["broken.ttf"]
    assert fonts.glyphs_in(files).bitmaps.shape == (0, 10, 48, 48)


def test_fonts_of_the_computer_come_after_the_bundled_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printed, "font_folders", lambda: [tmp_path])
    dataset = data.load("printed", NOWHERE, {"samples": 10, "system_fonts": True})
    assert len(dataset.columns[0].names) == 37


def test_classes_are_chosen_by_name_and_numbered_anew() -> None:
    digits = data.load("digits", NOWHERE)
    some = data.load("digits", NOWHERE, {"only": "8, 3"})
    assert some.class_names == ("3", "8")
    assert len(some) == np.isin(digits.labels, (3, 8)).sum()
    assert np.array_equal(some.samples[some.labels == 1], digits.samples[digits.labels == 8])
    assert some.title == "Handwritten digits 3, 8"
    assert len(data.load("digits", NOWHERE, {"only": ["3"]})) == (digits.labels == 3).sum()


def test_columns_go_along_with_chosen_classes() -> None:
    all_of_them = data.load("hand-and-print", NOWHERE)
    some = data.load("hand-and-print", NOWHERE, {"only": "5"})
    expected = all_of_them.columns[0].values[all_of_them.labels == 5]
    assert np.array_equal(some.columns[0].values, expected)


def test_a_class_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"data\.only=3,x: .* has no class 'x'; it has: 0, 1, 2"):
        data.load("digits", NOWHERE, {"only": "3,x"})
    with pytest.raises(DataError, match="has no labels"):
        data.load("noise", NOWHERE, {"only": "1"})


def test_the_density_of_all_is_not_the_density_of_some() -> None:
    assert data.load("two-moons", NOWHERE).density is not None
    some = data.load("two-moons", NOWHERE, {"only": data.load("two-moons", NOWHERE).class_names[0]})
    assert some.density is None
