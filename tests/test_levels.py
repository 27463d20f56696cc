"""Levels of detail: every point has one place, and few stand for many without being seen to."""

import numpy as np
import pytest
from numpy.typing import NDArray

from aeviz import kernels, levels, paths, raster

Positions = NDArray[np.float32]

PALETTE = raster.to_palette(np.arange(30, 60, dtype=np.uint8).reshape(10, 3))
COUNT = 60_000


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    kernels.compile_in_background(paths.cache() / "kernels")
    assert kernels.wait(120)


def cloud(count: int = COUNT, seed: int = 0) -> tuple[Positions, NDArray[np.uint16]]:
    generator = np.random.default_rng(seed)
    positions = generator.normal(size=(count, 2)).astype(np.float32)
    return positions, generator.integers(0, 10, count).astype(np.uint16)


def build(
    positions: Positions, codes: NDArray[np.uint16], palette: raster.Pixels = PALETTE
) -> levels.Levels:
    found = levels.build(positions, codes, palette, raster.stride(len(codes)))
    assert found is not None
    return found


def drawn(
    window: raster.Window,
    positions: Positions,
    codes: NDArray[np.uint16],
    detail: levels.Levels | None,
    palette: raster.Pixels = PALETTE,
) -> NDArray[np.uint32]:
    stamps = raster.spots(2.0, 1.0)
    canvas = raster.Canvas(300, 200, stamps.reach)
    canvas.draw(window, positions, codes, palette, stamps, detail)
    return canvas.pixels.copy()


def test_every_point_has_one_place() -> None:
    positions, codes = cloud()
    found = build(positions, codes)
    assert np.array_equal(np.sort(found.rows), np.arange(COUNT))
    assert np.array_equal(found.flat.reshape(-1, 2), positions[found.rows])
    assert np.array_equal(found.codes, codes[found.rows])
    assert found.starts[-1] == COUNT


def test_coarse_levels_have_one_point_in_a_cell() -> None:
    positions, codes = cloud()
    found = build(positions, codes)
    level = np.repeat(np.arange(len(found.starts) - 1) % 6, np.diff(found.starts))
    corner, scale = (np.array(each, np.float32) for each in (found.corner, found.cells))
    cells = (found.flat.reshape(-1, 2) - corner) * scale
    is_within = ((cells >= 0) & (cells < levels.CELLS)).all(axis=1)
    for depth in range(levels.DEPTH):
        side = 2 ** (levels.DEPTH - 1 - depth)
        coarse = np.floor(cells[is_within & (level <= depth)] / side).astype(int)
        everyone = np.floor(cells[is_within] / side).astype(int)
        assert len(np.unique(coarse, axis=0)) == len(coarse)
        assert len(coarse) == len(np.unique(everyone, axis=0))


@pytest.mark.parametrize("place", [(-0.4, 0.3), (2.9, 3.1), (-40.0, -39.0)])
def test_zoomed_in_every_point_is_drawn(place: tuple[float, float]) -> None:
    positions, codes = cloud()
    positions[:3] = [[-39.99, -39.01], [50, 0], [np.nan, 1]]
    window = raster.Window(*place, 9000.0, 9000.0)
    detail = build(positions, codes)
    assert detail.level_for(window.across, window.up) == levels.DEPTH
    expected = drawn(window, positions, codes, None)
    assert np.array_equal(drawn(window, positions, codes, detail) >> 24, expected >> 24)


def test_zoomed_out_few_points_make_nearly_the_same_image() -> None:
    positions, codes = cloud(400_000)
    detail = build(positions, codes)
    window = raster.Window(-5.0, 3.4, 30.0, 30.0)
    level = detail.level_for(window.across, window.up)
    assert level < levels.DEPTH
    expected, found = (drawn(window, positions, codes, each) for each in (None, detail))
    is_seen = expected != 0
    assert np.mean((found != 0) != is_seen) < 0.02 * is_seen.mean()


def test_classes_have_their_shares_in_a_dense_place() -> None:
    positions, codes = cloud(400_000)
    palette = raster.to_palette(np.array([[255, 0, 0]] + 9 * [[0, 0, 255]], np.uint8))
    window = raster.Window(-5.0, 3.4, 30.0, 30.0)
    seen = drawn(window, positions, codes, build(positions, codes), palette)[60:140, 110:190]
    assert np.mean((seen >> 16) & 255) / 255 == pytest.approx(0.1, abs=0.02)


def test_a_hidden_class_stands_for_nobody() -> None:
    positions, codes = cloud()
    palette = PALETTE.copy()
    palette[1:] = 0
    detail = build(positions, codes, palette)
    assert set(detail.codes.tolist()) == {0}
    window = raster.Window(-5.0, 3.4, 30.0, 30.0)
    expected = drawn(window, positions, codes, None, palette)
    found = drawn(window, positions, codes, detail, palette)
    assert np.mean((found != 0) != (expected != 0)) < 0.02


def test_the_same_row_is_found() -> None:
    positions, codes = cloud()
    positions[5] = [30.0, -20.0]
    positions[6:9] = positions[9]  # of equal ones the first
    detail = build(positions, codes)
    generator = np.random.default_rng(1)
    window = raster.Window(-5.0, 3.4, 30.0, 30.0)
    points = [*(generator.random((300, 2)) * (300, 200)).tolist(), [1050.0, 702.0]]
    points.append([(positions[9, 0] + 5) * 30, (3.4 - positions[9, 1]) * 30])
    for point in points:
        place = (float(point[0]), float(point[1]))
        expected = raster.pick(window, place, 4.0, positions, codes, PALETTE)
        assert raster.pick(window, place, 4.0, positions, codes, PALETTE, detail) == expected


def test_memory_with_the_points_is_below_three_times_that_of_the_positions() -> None:
    positions, codes = cloud(1_000_000)
    detail = build(positions, codes)
    assert positions.nbytes + codes.nbytes + detail.nbytes < 3 * positions.nbytes


def test_more_codes_than_fit_into_bytes_are_drawn_and_found_as_well() -> None:
    positions, _ = cloud()
    codes = (np.arange(COUNT) % 300).astype(np.uint16)
    palette = raster.to_palette(np.random.default_rng(3).integers(1, 255, (300, 3), np.uint8))
    detail = build(positions, codes, palette)
    assert detail.codes.dtype == np.uint16
    window = raster.Window(-0.4, 0.3, 9000.0, 9000.0)
    plain = drawn(window, positions, codes, None, palette)
    assert np.array_equal(drawn(window, positions, codes, detail, palette) >> 24, plain >> 24)
    row = levels.pick(detail, palette, tuple(positions[299].tolist()), (9e3, 9e3), 2.0)
    assert np.array_equal(positions[row], positions[299])


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_points_without_an_extent_have_no_levels(value: float) -> None:
    positions = np.full((50, 2), value, np.float32)
    codes = np.zeros(50, np.uint16)
    assert levels.build(positions, codes, PALETTE, raster.stride(50)) is None
