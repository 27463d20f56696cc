"""Repainting the whole map while it is panned, against pyqtgraph's scatter plot in the same run.

Both are a plot with the same axes, size, view, points, colours and spot size. They take turns of a
few frames each, as a pan has. The reference is one `ScatterPlotItem` per class with a single brush,
its fastest form.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from aeviz import kernels, paths, raster
from aeviz.enclosed import enclosed
from aeviz.gui import theme
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.plotting import StyledPlot
from tests.benchmarks.frame import Row, benchmark, row

SIZE = (1000, 800)
CLASSES = 10
FRAMES = 6
REGION = (-6.0, 6.0, -4.8, 4.8)


def points(count: int) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    """Ten Gaussian clusters, all in view."""
    generator = np.random.default_rng(0)
    codes = generator.integers(0, CLASSES, count).astype(np.uint16)
    angles = 2 * np.pi * np.arange(CLASSES) / CLASSES
    middles = (
        np.column_stack([np.cos(angles), np.sin(angles)])
        * (1.2 + np.arange(CLASSES) % 2 * 1.6)[:, None]
    )
    positions = middles[codes] + generator.normal(scale=0.55, size=(count, 2))
    return positions.astype(np.float32), codes


def our_plot(positions: NDArray[np.float32], codes: NDArray[np.uint16]) -> MapPlot:
    """The map as the window shows it."""
    plot = MapPlot()
    plot.set_titles("z₁", "z₂")
    palette = raster.to_palette(theme.label_colours(CLASSES))
    plot.points.set_points(positions, codes, palette)
    plot.fit(REGION)
    return plot


def their_plot(
    positions: NDArray[np.float32], codes: NDArray[np.uint16], diameter: float
) -> StyledPlot:
    """The same axes with one scatter plot per class."""
    plot = StyledPlot("reference", x_title="z₁", y_title="z₂", gaps=(84, 84))
    plot.setAspectLocked(True)
    for label, colour in enumerate(theme.label_colours(CLASSES).tolist()):
        chosen = positions[codes == label].astype(np.float64)
        brush = pg.mkBrush(*colour, 219)
        plot.addItem(
            pg.ScatterPlotItem(x=chosen[:, 0], y=chosen[:, 1], size=diameter, pen=None, brush=brush)
        )
    plot.setRange(xRange=REGION[:2], yRange=REGION[2:], padding=0)
    return plot


def panning(plot: StyledPlot) -> Callable[[int], float]:
    """Pans a shown plot a little and paints the whole widget; milliseconds."""
    box = plot.getViewBox()

    def once(frame: int) -> float:
        way = 1 if frame < FRAMES // 2 else -1
        begun = time.perf_counter()
        box.translateBy(x=0.031 * way, y=0.013 * way)
        plot.viewport().repaint()
        return 1000 * (time.perf_counter() - begun)

    return once


def compare(count: int, turns: int) -> Iterator[Row]:
    """Medians of repaints, ours and theirs in turns of `FRAMES`, then without the empty plot."""
    positions, codes = points(count)
    ours = our_plot(positions, codes)
    theirs = their_plot(positions, codes, ours.points.diameter)
    empty = our_plot(positions[:0], codes[:0])
    for plot in (ours, theirs, empty):
        plot.resize(*SIZE)
        plot.show()
    QApplication.processEvents()
    kernels.wait()
    refined(ours)
    every = panning(ours), panning(theirs), panning(empty)
    times: tuple[list[float], ...] = ([], [], [])
    for _ in range(turns):
        for once, measured in zip(every, times, strict=True):
            measured += [once(frame) for frame in range(FRAMES)]
    for plot in (ours, theirs, empty):
        plot.hide()
        plot.deleteLater()
    mine, other, bare = (statistics.median(measured) for measured in times)
    yield row(f"repaint while panning, {count:,} points", mine, "ms", reference=other, floor=bare)
    yield row(f"the points alone, {count:,} points", mine - bare, "ms", reference=other - bare)
    yield row(
        f"repaint while panning beside datashader, {count:,} points",
        mine,
        "ms",
        reference=shaded(positions, codes),
    )


def refined(plot: MapPlot) -> None:
    """Wait until the points are sorted into levels of detail, where there are so many."""
    until = time.perf_counter() + 5
    while not plot.points.is_refined and time.perf_counter() < until:
        QApplication.processEvents()


def shaded(positions: NDArray[np.float32], codes: NDArray[np.uint16]) -> float | None:
    """Milliseconds of datashader for the same picture, without any widget; None without it."""
    try:
        import datashader
        import pandas
        from datashader import transfer_functions
    except ImportError:
        return None
    frame = pandas.DataFrame({"x": positions[:, 0], "y": positions[:, 1]})
    frame["class"] = pandas.Categorical(codes)
    table = theme.label_colours(CLASSES).tolist()
    colours = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in table]

    def picture() -> None:
        canvas = datashader.Canvas(*SIZE, x_range=REGION[:2], y_range=REGION[2:])
        counts = canvas.points(frame, "x", "y", datashader.count_cat("class"))
        transfer_functions.shade(counts, color_key=dict(enumerate(colours)))

    picture()
    return timed(picture)


def moving(count: int) -> Row:
    """A frame of the animation: other positions and the repaint of the whole widget."""
    positions, codes = points(count)
    plot = our_plot(positions, codes)
    plot.resize(*SIZE)
    plot.show()
    QApplication.processEvents()
    kernels.wait()
    times = []
    for number in range(40):
        moved = positions * np.float32(1 - 0.001 * number)
        begun = time.perf_counter()
        plot.points.set_positions(moved)
        plot.viewport().repaint()
        times.append(1000 * (time.perf_counter() - begun))
    plot.hide()
    plot.deleteLater()
    return row(f"animation frame, {count:,} points", statistics.median(times), "ms")


def many(count: int) -> Iterator[Row]:
    """What a person does with very many points, once they are sorted into levels of detail."""
    positions, codes = points(count)
    kernels.compile_in_background(paths.cache() / "kernels")
    kernels.wait()
    plot = our_plot(positions, codes)
    plot.resize(*SIZE)
    plot.show()
    QApplication.processEvents()
    once = panning(plot)
    plain = statistics.median(once(frame) for frame in range(2 * FRAMES))
    refined(plot)
    pan = statistics.median(once(frame) for frame in range(6 * FRAMES))
    detail = plot.points._refining.levels
    assert detail is not None
    memory = (positions.nbytes + codes.nbytes + detail.nbytes) / positions.nbytes
    yield row(f"memory, {count:,} points", memory, "× positions")
    counting = statistics.median(counted(positions) for _ in range(5))
    yield row(f"repaint while panning, {count:,} points, all of them", plain, "ms")
    yield row(f"repaint while panning, {count:,} points", pan, "ms", reference=counting)
    yield row(f"zoom from all to nothing, {count:,} points, slowest frame", zooming(plot), "ms")
    yield row(f"hover pick, {count:,} points", picking(plot), "ms")
    for name, milliseconds in changing(plot, count):
        yield row(f"{name}, {count:,} points", milliseconds, "ms")
    around = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    outline = 8 * np.column_stack([np.cos(around), np.sin(around)])
    lasso = timed(lambda: enclosed(positions, outline))
    yield row(f"lasso of everything, {count:,} points", lasso, "ms")
    plot.hide()
    plot.deleteLater()


def timed(work: Callable[[], object]) -> float:
    """Milliseconds, the median of five."""
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


def counted(positions: NDArray[np.float32]) -> float:
    """Milliseconds of counting points per pixel with numpy alone: what one would write first."""
    begun = time.perf_counter()
    wide, high = SIZE
    column = ((positions[:, 0] - REGION[0]) * (wide / (REGION[1] - REGION[0]))).astype(np.int32)
    line = ((positions[:, 1] - REGION[2]) * (high / (REGION[3] - REGION[2]))).astype(np.int32)
    inside = (column >= 0) & (column < wide) & (line >= 0) & (line < high)
    np.bincount((line * wide + column)[inside], minlength=wide * high)
    return 1000 * (time.perf_counter() - begun)


def zooming(plot: MapPlot) -> float:
    """The slowest of the frames from the whole map to a place between points, milliseconds."""
    times = []
    for _ in range(40):
        begun = time.perf_counter()
        plot.getViewBox().scaleBy((0.8, 0.8))
        plot.viewport().repaint()
        times.append(1000 * (time.perf_counter() - begun))
    plot.fit(REGION)
    return max(times)


def picking(plot: MapPlot) -> float:
    """What is under the mouse, at many places; milliseconds."""
    plot.viewport().repaint()
    places = np.random.default_rng(1).uniform((100, 100), (700, 600), (50, 2)).tolist()
    begun = time.perf_counter()
    for x, y in places:
        plot.points.row_at(QPointF(x, y), 6.0)
    return 1000 * (time.perf_counter() - begun) / len(places)


def changing(plot: MapPlot, count: int) -> Iterator[tuple[str, float]]:
    """Other colours, a hidden class, other codes; until it is seen, milliseconds."""
    colours = theme.label_colours(CLASSES)
    palette = raster.to_palette(colours[::-1].copy())
    hidden = palette.copy()
    hidden[3] = 0
    codes = np.random.default_rng(2).integers(0, CLASSES, count).astype(np.uint16)
    positions = plot.points.positions
    for name, change in (
        ("other colours", partial(plot.points.set_palette, palette)),
        ("hide a class", partial(plot.points.set_palette, hidden)),
        ("recolour by another column", partial(plot.points.set_points, positions, codes, palette)),
    ):
        begun = time.perf_counter()
        change()
        plot.viewport().repaint()
        yield name, 1000 * (time.perf_counter() - begun)


@benchmark(
    "map",
    goals={
        "repaint while panning, 70,000 points": "ratio <= 0.3333",
        "repaint while panning, 1,000,000 points": "ratio <= 0.0667",
        "the points alone, 1,000,000 points": "ratio <= 0.0333",
        "repaint while panning, 10,000,000 points": "value <= 33",
        "zoom from all to nothing, 10,000,000 points, slowest frame": "value <= 33",
        "hover pick, 10,000,000 points": "value <= 10",
        "other colours, 10,000,000 points": "value <= 150",
        "hide a class, 10,000,000 points": "value <= 150",
        "recolour by another column, 10,000,000 points": "value <= 150",
        "lasso of everything, 10,000,000 points": "value <= 300",
        "memory, 10,000,000 points": "value <= 3",
    },
)
def measure_map(full: bool) -> Iterator[Row]:
    """Repaints at 70,000 and a million points, and all that is done with ten million."""
    app = QApplication.instance() or QApplication([])
    if isinstance(app, QApplication):
        theme.apply(app, "light")
    yield from compare(70_000, 12)
    yield from compare(1_000_000, 5)
    yield from many(10_000_000)
    for count in (70_000, 1_000_000, *((10_000_000,) if full else ())):
        yield moving(count)
