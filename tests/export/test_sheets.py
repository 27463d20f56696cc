"""Sheets keep the order and the pixels of their cells."""

import io

import numpy as np
import pytest
from PIL import Image

from aeviz.data.tables.formulas import neutral
from aeviz.export import sheets
from aeviz.export.latents import ExportError
from aeviz.export.sprites import sprite_sheet
from aeviz.export.tables import decodes_csv


def test_cells_are_enlarged_by_whole_pixels_and_set_row_by_row() -> None:
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1) * np.ones((1, 8, 8, 1), np.uint8)
    cells = sheets.image_cells(images, size=16)
    assert cells.shape == (4, 16, 16, 3)
    sheet = sheets.sheet(cells, 3)
    assert sheet.shape == (32, 48, 3)
    assert sheet[0, ::16, 0].tolist() == [0, 1, 2]
    assert sheet[16, ::16, 0].tolist() == [3, 255, 255]


def test_only_the_picture_clips() -> None:
    values = np.array([-0.5, 0.0, 1.0, 1.5], np.float32).reshape(1, 2, 2, 1)
    images, outside = sheets.pictures(values)
    assert images.ravel().tolist() == [0, 0, 255, 255]
    assert outside == 0.5
    assert values.min() == -0.5


@pytest.mark.parametrize(("columns", "rows"), [(None, 2), (2, 3), (1, 5), (99, 1)])
def test_a_sprite_sheet_has_every_sample_and_says_its_columns(
    columns: int | None, rows: int
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 1), np.uint8)
    content, words = sprite_sheet(images, columns)
    with Image.open(io.BytesIO(content)) as picture:
        wide = int(picture.info["columns"])
        assert (picture.info["tile"], picture.info["samples"]) == ("6x4", "5")
        assert f"in {wide} columns" in words
        assert picture.size == (6 * wide, 4 * rows)
        pixels = np.asarray(picture)
    for number, image in enumerate(images):
        down, along = divmod(number, wide)
        tile = pixels[4 * down : 4 * down + 4, 6 * along : 6 * along + 6]
        np.testing.assert_array_equal(tile, image[..., 0])


def test_a_sprite_sheet_that_is_too_large_is_refused() -> None:
    with pytest.raises(ExportError, match=r"5 pictures in 5 columns make 20,000 × 4 pixels"):
        sprite_sheet(np.zeros((5, 4, 4000, 1), np.uint8), 5)


def test_a_bar_reaches_up_for_values_above_the_mean() -> None:
    cells = sheets.profile_cells(np.array([[3.0, -3.0]], np.float32), height=20)
    left, right = cells[0, :, 5], cells[0, :, -5]
    assert (left[5] == sheets.INK).all()
    assert (left[15] == sheets.PAPER).all()
    assert (right[15] == sheets.INK).all()


def test_the_default_region_surrounds_the_latents() -> None:
    positions = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    left, right, bottom, top = sheets.default_region(positions)
    inside = (positions > [left, bottom]) & (positions < [right, top])
    assert 0.97 < inside.all(axis=1).mean() < 1
    assert sheets.default_region(np.zeros((5, 2), np.float32))[0] < 0


def test_no_text_of_a_table_is_a_formula() -> None:
    assert [neutral(text) for text in ("=1+1", "+a", "-a", "@a", "\ta")] == [
        "'=1+1",
        "'+a",
        "'-a",
        "'@a",
        "'\ta",
    ]
    text = decodes_csv(np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32), ["=cmd()"])
    assert text == "z1,'=cmd()\n0,1\n"
