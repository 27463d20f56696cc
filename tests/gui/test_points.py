import gc
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import kernels, paths, raster
from aeviz.gui import refining
from aeviz.gui.plotting import StyledPlot
from aeviz.gui.points import PointCloudItem, spot_diameter


@pytest.fixture
def plot(qapp: QApplication, qtbot: QtBot) -> StyledPlot:
    made = StyledPlot("map", grid=False)
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.setRange(xRange=(0.0, 10.0), yRange=(0.0, 10.0), padding=0)
    made.show()
    return made


def cloud(plot: StyledPlot, positions: list[list[float]], codes: list[int]) -> PointCloudItem:
    item = PointCloudItem(plot.getViewBox())
    palette = raster.to_palette(np.array([[200, 0, 0], [0, 0, 200]], np.uint8))
    item.set_points(np.array(positions, np.float32), np.array(codes, np.uint16), palette)
    return item


def shown(plot: StyledPlot, ratio: float = 1.0) -> QImage:
    size = plot.viewport().size() * ratio
    image = QImage(size, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    plot.render(painter)
    painter.end()
    return image


def colour_at(plot: StyledPlot, x: float, y: float, ratio: float = 1.0) -> QColor:
    place = plot.getViewBox().mapViewToScene(QPointF(x, y)) * ratio
    return shown(plot, ratio).pixelColor(round(place.x() - 0.5), round(place.y() - 0.5))


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_points_lie_where_the_axes_say_at_every_scale(plot: StyledPlot, ratio: float) -> None:
    item = cloud(plot, [[2.0, 3.0], [8.0, 9.0]], [0, 1])
    assert colour_at(plot, 2, 3, ratio).red() > 150
    assert colour_at(plot, 8, 9, ratio).blue() > 150
    assert colour_at(plot, 5, 5, ratio).lightness() > 240
    assert item.image(ratio).devicePixelRatio() == ratio


def test_points_move_with_the_view(plot: StyledPlot) -> None:
    item = cloud(plot, [[2.0, 3.0]], [0])
    plot.setRange(xRange=(1.5, 2.5), yRange=(2.0, 5.0), padding=0)
    assert colour_at(plot, 2, 3).red() > 150
    item.set_positions(np.array([[2.25, 4.0]], np.float32))
    assert colour_at(plot, 2, 3).lightness() > 240
    assert colour_at(plot, 2.25, 4).red() > 150


def test_other_colours_are_drawn_at_once_and_0_hides(plot: StyledPlot) -> None:
    item = cloud(plot, [[2.0, 3.0], [8.0, 9.0]], [0, 1])
    item.set_palette(np.array([0, 0xFF00A000], np.uint32))
    assert colour_at(plot, 2, 3).lightness() > 240
    assert colour_at(plot, 8, 9).green() > 120
    assert item.row_at(plot.getViewBox().mapFromView(QPointF(2, 3)), 4) == -1


def test_the_row_under_the_mouse_is_found_in_pixels(plot: StyledPlot) -> None:
    item = cloud(plot, [[2.0, 3.0], [8.0, 9.0]], [0, 1])
    place = plot.getViewBox().mapFromView(QPointF(8, 9))
    assert item.row_at(place + QPointF(3, 0), 4) == 1
    assert item.row_at(place + QPointF(0, 5), 4) == -1


def test_nothing_is_drawn_anew_while_nothing_changes(
    plot: StyledPlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = cloud(plot, [[2.0, 3.0]], [0])
    shown(plot)
    drawn: list[int] = []
    draw = raster.Canvas.draw
    monkeypatch.setattr(raster.Canvas, "draw", lambda *given: (drawn.append(1), draw(*given))[0])
    shown(plot)
    shown(plot)
    assert not drawn
    item.set_positions(item.positions)
    shown(plot)
    assert drawn == [1]


def test_an_empty_cloud_draws_nothing_and_finds_nothing(plot: StyledPlot) -> None:
    item = cloud(plot, np.empty((0, 2)).tolist(), [])
    item.set_positions(np.empty((0, 2), np.float32))
    assert not shown(plot).isNull()
    assert item.row_at(QPointF(10, 10), 5) == -1


def test_spots_shrink_with_their_number() -> None:
    sizes = [spot_diameter(count) for count in (0, 1, 100, 1000, 10**4, 10**5, 10**6, 10**8)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 7.0
    assert sizes[-1] == 1.75


def test_a_plot_with_points_dies(qapp: QApplication) -> None:
    made = StyledPlot("map")
    item = cloud(made, [[2.0, 3.0]], [0])
    dead = weakref.ref(made), weakref.ref(item)
    del made, item
    gc.collect()
    assert [each() for each in dead] == [None, None]


def test_a_large_cloud_is_refined_once_it_rests_and_looks_the_same(
    plot: StyledPlot, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels.compile_in_background(paths.cache() / "kernels")
    assert kernels.wait(120)
    monkeypatch.setattr(refining, "FROM", 1000)
    generator = np.random.default_rng(0)
    positions = generator.uniform(0, 10, (20_000, 2))
    item = cloud(plot, positions.tolist(), generator.integers(0, 2, 20_000).tolist())
    before = shown(plot)
    assert not item.is_refined
    qtbot.waitUntil(lambda: item.is_refined, timeout=10_000)
    assert item._refining.levels is not None
    row = item.row_at(QPointF(200, 150), 20.0)
    plot.getViewBox().translateBy(x=1e-9)  # the image is drawn anew
    assert alike(before, shown(plot)) > 0.97
    item.set_palette(raster.to_palette(np.array([[0, 200, 0], [0, 0, 90]], np.uint8)))
    assert item.is_refined  # other colours, the same points
    assert item.row_at(QPointF(200, 150), 20.0) == row
    item.set_palette(np.array([0, 0xFF0000FF], np.uint32))
    assert item._refining.levels is None  # others are hidden: all are looked at until it rests
    qtbot.waitUntil(lambda: item.is_refined, timeout=10_000)


def test_points_that_move_are_not_refined(
    plot: StyledPlot, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refining, "FROM", 100)
    monkeypatch.setattr(refining.levels, "build", None)  # whoever calls it fails
    positions = np.random.default_rng(0).uniform(0, 10, (500, 2)).astype(np.float32)
    item = cloud(plot, positions.tolist(), [0] * 500)
    for _ in range(8):
        item.set_positions(positions * np.float32(0.99))
        qtbot.wait(refining.REST_MS // 4)
    assert item._refining._thread is None
    item.clear()


def alike(one: QImage, other: QImage) -> float:
    """The share of pixels that are points in both or in neither."""
    grounds = []
    for image in (one, other):
        pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
        grounds.append(pixels == pixels[150, 2])
    return float(np.mean(grounds[0] == grounds[1]))
