from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aeviz import kernels, paths, raster

UNIT = raster.Window(0.0, 10.0, 10.0, 10.0)  # 100 x 100 pixels show 10 x 10 units
RED, BLUE = 0xFFC00000, 0xFF0000C0


@pytest.fixture(scope="session")
def compiled() -> None:
    kernels.compile_in_background(paths.cache() / "kernels")
    assert kernels.wait(60)


@pytest.fixture
def numpy_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "_compiled", {})


def draw(
    positions: list[list[float]] | NDArray[np.float32],
    codes: list[int] | NDArray[np.uint16],
    palette: list[int],
    *,
    diameter: float = 5.0,
    opacity: float = 1.0,
    window: raster.Window = UNIT,
) -> NDArray[np.uint32]:
    stamps = raster.spots(diameter, opacity)
    canvas = raster.Canvas(100, 100, stamps.reach)
    canvas.draw(
        window,
        np.array(positions, np.float32).reshape(-1, 2),
        np.array(codes, np.uint16),
        np.array(palette, np.uint32),
        stamps,
    )
    return canvas.pixels


def alpha(pixels: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return pixels >> 24


# ── spots ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("diameter", [2.0, 3.3, 4.0, 7.0, 14.0])
def test_a_spot_covers_as_much_as_its_circle(diameter: float) -> None:
    stamps = raster.spots(diameter, 1.0)
    for phase in range(16):
        cover = stamps.cover[stamps.starts[phase] : stamps.starts[phase + 1]]
        assert cover.sum() / 255 == pytest.approx(np.pi * diameter**2 / 4, rel=0.12)


def test_a_spot_is_round_and_has_a_smooth_edge() -> None:
    pixels = alpha(draw([[5.0, 5.0]], [0], [RED], diameter=6.0))
    down, along = np.nonzero(pixels)
    assert np.hypot(down - 49.5, along - 49.5).max() < 4
    assert pixels[50, 50] == 255
    assert ((pixels > 0) & (pixels < 255)).sum() >= 8


def test_a_spot_moves_by_quarters_of_a_pixel() -> None:
    middles = []
    for step in range(5):
        pixels = alpha(draw([[5.0125 + step * 0.025, 5.0]], [0], [RED])).astype(float)
        middles.append((pixels.sum(axis=0) * np.arange(100)).sum() / pixels.sum())
    np.testing.assert_allclose(np.diff(middles), 0.25, atol=0.03)


def test_the_second_coordinate_goes_up() -> None:
    pixels = alpha(draw([[2.0, 9.0]], [0], [RED]))
    down, along = (int(axis.mean()) for axis in np.nonzero(pixels))
    assert (along, down) == (20, 10) or (along, down) == (19, 9)


# ── what is drawn ─────────────────────────────────────────────────────────────────────────────


def test_points_out_of_view_and_points_that_are_not_finite_draw_nothing() -> None:
    far = [[-50.0, 5.0], [5.0, 1e30], [np.nan, 5.0], [5.0, -np.inf], [1e38, -1e38]]
    assert not draw(far, [0] * 5, [RED]).any()


def test_spots_at_the_border_are_cut_off_and_harm_nothing() -> None:
    border = [[x, y] for x in (-0.2, 0.0, 9.999, 10.2) for y in (-0.2, 0.0, 5.0, 10.0, 10.2)]
    pixels = draw(border, [0] * len(border), [RED], diameter=9.0)
    assert pixels.any(axis=0)[[0, 99]].all()
    assert not pixels[30:40, 30:70].any()


def test_hidden_codes_draw_nothing() -> None:
    pixels = draw([[2.0, 5.0], [8.0, 5.0]], [0, 1], [0, BLUE])
    assert not pixels[:, :50].any()
    assert pixels[:, 50:].any()


def test_what_is_drawn_again_does_not_lie_over_what_was() -> None:
    stamps = raster.spots(5.0, 0.8)
    canvas = raster.Canvas(100, 100, stamps.reach)
    codes, palette = np.zeros(1, np.uint16), np.array([RED], np.uint32)
    for x in (2.0, 5.0, 5.0):
        canvas.draw(UNIT, np.array([[x, 5.0]], np.float32), codes, palette, stamps)
    assert np.array_equal(canvas.pixels, draw([[5.0, 5.0]], [0], [RED], opacity=0.8))


def test_premultiplied_pixels_never_exceed_their_alpha() -> None:
    generator = np.random.default_rng(0)
    positions = generator.normal(5.0, 1.0, size=(3000, 2)).astype(np.float32)
    codes = generator.integers(0, 3, 3000).astype(np.uint16)
    pixels = draw(positions, codes, [0xFFFFFFFF, RED, BLUE], opacity=0.7)
    for shift in (0, 8, 16):
        assert (((pixels >> shift) & 0xFF) <= alpha(pixels)).all()
    assert alpha(pixels).max() == 255


def test_data_sorted_by_label_do_not_end_with_one_label_on_top() -> None:
    generator = np.random.default_rng(0)
    positions = generator.uniform(4.0, 6.0, size=(20_000, 2)).astype(np.float32)
    codes = np.repeat([0, 1], 10_000).astype(np.uint16)
    pixels = draw(positions, codes, [RED, BLUE], diameter=2.0)
    red = ((pixels >> 16) & 0xFF).astype(float).sum()
    blue = (pixels & 0xFF).astype(float).sum()
    assert 0.8 < red / blue < 1.25


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        draw([[1.0, 1.0]], [0, 0], [RED])
    with pytest.raises(ValueError, match="below the palette"):
        draw([[1.0, 1.0]], [3], [RED])
    canvas = raster.Canvas(10, 10, 1)
    with pytest.raises(ValueError, match="margin"):
        canvas.draw(
            UNIT,
            np.zeros((1, 2), np.float32),
            np.zeros(1, np.uint16),
            np.array([RED], np.uint32),
            raster.spots(9.0, 1.0),
        )


# ── numba and numpy ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [0, 1, 700, 40_000, 600_000])
@pytest.mark.parametrize("diameter", [2.0, 6.5])
def test_numba_and_numpy_draw_the_same_pixels(
    compiled: None, monkeypatch: pytest.MonkeyPatch, count: int, diameter: float
) -> None:
    generator = np.random.default_rng(count)
    positions = generator.normal(5.0, 2.5, size=(count, 2)).astype(np.float32)
    positions[::17] *= 40
    positions[5::91] = np.nan
    codes = generator.integers(0, 12, count).astype(np.uint16)
    palette = (generator.integers(0, 1 << 24, 12) | 0xFF000000).astype(np.uint32)
    palette[3] = 0
    for window in (UNIT, raster.Window(4.123, 5.321, 333.3, 210.7)):
        given = (positions, codes, palette.tolist())
        with_numba = draw(*given, diameter=diameter, opacity=0.86, window=window).copy()
        with monkeypatch.context() as without:
            without.setattr(kernels, "_compiled", {})
            with_numpy = draw(*given, diameter=diameter, opacity=0.86, window=window)
        assert np.array_equal(with_numba, with_numpy)
        assert with_numba.any() or count < 2


def test_numba_and_numpy_pick_the_same_row(compiled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(3)
    positions = generator.uniform(0, 10, size=(2000, 2)).astype(np.float32)
    positions[7] = np.nan
    codes = generator.integers(0, 3, 2000).astype(np.uint16)
    palette = np.array([RED, 0, BLUE], np.uint32)
    for point in generator.uniform(-5, 105, size=(200, 2)).tolist():
        given = (UNIT, (point[0], point[1]), 3.0, positions, codes, palette)
        found = raster.pick(*given)
        with monkeypatch.context() as without:
            without.setattr(kernels, "_compiled", {})
            assert raster.pick(*given) == found
        assert found == -1 or codes[found] != 1


def test_positions_that_are_read_only_are_drawn_and_picked(compiled: None) -> None:
    positions = np.array([[5.0, 5.0], [2.0, 8.0]], np.float32)
    positions.flags.writeable = False  # as those of a run are
    assert draw(positions, [0, 0], [RED]).any()
    codes, palette = np.zeros(2, np.uint16), np.array([RED], np.uint32)
    assert raster.pick(UNIT, (50.0, 50.0), 5.0, positions, codes, palette) == 0


# ── picking ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["numba", "numpy"])
def each_way(request: pytest.FixtureRequest, compiled: None) -> None:
    if request.param == "numpy":
        request.getfixturevalue("numpy_only")


def test_the_spot_under_the_mouse_is_picked(each_way: None) -> None:
    positions = np.array([[2.0, 8.0], [2.3, 8.0], [7.0, 1.0]], np.float32)
    codes, palette = np.zeros(3, np.uint16), np.array([RED], np.uint32)
    pick = raster.pick
    assert pick(UNIT, (20.0, 20.0), 5.0, positions, codes, palette) == 0
    assert pick(UNIT, (22.0, 20.0), 5.0, positions, codes, palette) == 1
    assert pick(UNIT, (70.0, 94.0), 5.0, positions, codes, palette) == 2
    assert pick(UNIT, (70.0, 96.0), 5.0, positions, codes, palette) == -1
    assert pick(UNIT, (50.0, 50.0), 5.0, positions, codes, palette) == -1


def test_of_equal_rows_the_first_is_picked_and_hidden_ones_never(each_way: None) -> None:
    positions = np.full((4, 2), 5.0, np.float32)
    codes, palette = np.array([1, 0, 0, 1], np.uint16), np.array([RED, 0], np.uint32)
    assert raster.pick(UNIT, (50.0, 50.0), 0.0, positions, codes, palette) == 1


def test_nothing_is_picked_in_an_empty_map(each_way: None) -> None:
    nothing = np.empty((0, 2), np.float32), np.empty(0, np.uint16), np.array([RED], np.uint32)
    assert raster.pick(UNIT, (1.0, 1.0), 5.0, *nothing) == -1


# ── compiling ─────────────────────────────────────────────────────────────────────────────────


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path | None] = []
    monkeypatch.setattr(kernels, "_compiled", {})
    monkeypatch.setattr(kernels, "_compile", lambda folder: asked.append(folder) or {"mark": print})
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    kernels._compile_quietly(blocked / "kernels")
    assert asked == [None]
    assert kernels.is_compiled()


def test_a_broken_cache_and_a_broken_numba_are_borne(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path | None) -> dict[str, object]:
        raise RuntimeError("no compiler today")

    monkeypatch.setattr(kernels, "_compiled", {})
    monkeypatch.setattr(kernels, "_compile", fail)
    kernels._compile_quietly(tmp_path)
    assert not kernels.is_compiled()
    assert draw([[5.0, 5.0]], [0], [RED]).any()


def test_a_faded_palette_lies_between_the_ground_and_its_colours() -> None:
    palette = np.array([RED, BLUE, 0], np.uint32)
    assert raster.mixed(palette, "#ffffff", 1.0).tolist() == palette.tolist()
    assert raster.mixed(palette, "#102030", 0.0).tolist() == [0xFF102030, 0xFF102030, 0]
    assert raster.mixed(palette, "#000000", 0.5).tolist() == [0xFF600000, 0xFF000060, 0]
