"""How time grows with points, epochs, latent dimensions and the size of images.

Each curve is a row with the exponent of its growth: the slope of log time against log size over the
upper half of the sizes; 1 is linear. What a person does with the mouse must not grow with the
history at all: its rows compare the longest run with one of ten epochs.
"""

import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from aeviz import kernels, paths, raster
from aeviz.analysis.projection import project
from aeviz.compute.building import new_model
from aeviz.gui import theme
from aeviz.gui.image_label import ImageLabel
from aeviz.gui.map_plot import MapPlot
from aeviz.models.base import DataSpec
from aeviz.runs.run import RunFolder
from tests.benchmarks.animation import shown
from tests.benchmarks.frame import Row, benchmark, row
from tests.benchmarks.map import CLASSES, SIZE, our_plot, panning, points, refined
from tests.gui.map_scene import epoch_done
from tests.runs.making import make_run

POINTS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
EPOCHS = (1, 10, 100, 1_000)
DIMENSIONS = (2, 8, 32, 128, 512)
SIDES = (8, 16, 32, 64, 128, 256)
Curve = Sequence[tuple[int, float]]

LINEAR = ("draw a frame", "what is under the mouse", "other colours", "take a new epoch")
STEADY = ("scrub a frame", "move the mouse over the map", "add an epoch")
GOALS = {
    **{f"points 10³ and more: {name}, exponent": "value <= 1.1" for name in LINEAR},
    "epochs 1 … 1,000: open a run, exponent": "value <= 1.1",
    **{f"{name}, 1,000 epochs beside 10": "ratio <= 1.3" for name in STEADY},
    "latent dimensions 2 … 512: plane of 2,000 latents, exponent": "value <= 2.1",
    "latent dimensions 2 … 512: decode one, exponent": "value <= 1.1",
    "images 8² … 256²: decode and paint one, exponent in pixels": "value <= 1.1",
}


@benchmark("growth", goals=GOALS)
def measure_growth(full: bool) -> Iterator[Row]:
    """Every curve with its exponent."""
    app = QApplication.instance() or QApplication([])
    if isinstance(app, QApplication):
        theme.apply(app, "light")
    torch.set_num_threads(1)
    kernels.compile_in_background(paths.cache() / "kernels")
    kernels.wait()
    yield from of_points(POINTS if full else POINTS[:-1])
    yield from of_epochs()
    yield from of_dimensions()
    yield from of_sides()


def told(title: str, name: str, curve: Curve, what: str = "exponent") -> Iterator[Row]:
    """A row for each size, and one for the exponent."""
    for size, milliseconds in curve:
        yield row(f"{title}: {name}, {size:,}", milliseconds, "ms")
    yield row(f"{title}: {name}, {what}", exponent(curve), "")


def exponent(curve: Curve) -> float:
    """The slope of log time against log size over the upper half of the sizes."""
    upper = curve[len(curve) // 2 :] if len(curve) > 3 else curve
    sizes, times = np.log(np.array(upper, np.float64)).T
    return float(np.polyfit(sizes, times, 1)[0])


def milliseconds(work: Callable[[], object], turns: int = 5) -> float:
    """The median of some turns, after one that does not count."""
    work()
    taken = []
    for _ in range(turns):
        begun = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken)


# ── points ────────────────────────────────────────────────────────────────────────────────────


def of_points(counts: Sequence[int]) -> Iterator[Row]:
    """The map with more and more points, once they are sorted into levels."""
    curves: dict[str, list[tuple[int, float]]] = {name: [] for name in LINEAR}
    for count in counts:
        positions, codes = points(count)
        plot = our_plot(positions, codes)
        plot.resize(*SIZE)
        plot.show()
        QApplication.processEvents()
        refined(plot)
        once = panning(plot)
        curves["draw a frame"].append((count, statistics.median(map(once, range(12)))))
        for name, work in worked(plot):
            curves[name].append((count, milliseconds(work)))
        moved = positions * np.float32(0.9)
        both = iter([moved, positions] * 9)
        curves["take a new epoch"].append((count, milliseconds(partial(taken_in, plot, both))))
        plot.hide()
        plot.deleteLater()
    for name, curve in curves.items():
        yield from told("points 10³ and more", name, curve)


def worked(plot: MapPlot) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is done with the points while they rest."""
    yield "what is under the mouse", partial(plot.points.row_at, QPointF(500, 400), 6.0)
    colours = theme.label_colours(CLASSES)
    palettes = iter([raster.to_palette(colours), raster.to_palette(colours[::-1].copy())] * 9)

    def recolour() -> None:
        plot.points.set_palette(next(palettes))
        plot.viewport().repaint()

    yield "other colours", recolour


def taken_in(plot: MapPlot, positions: Iterator[NDArray[np.float32]]) -> None:
    """Show other positions."""
    plot.points.set_positions(next(positions))
    plot.viewport().repaint()


# ── epochs ────────────────────────────────────────────────────────────────────────────────────


def of_epochs() -> Iterator[Row]:
    """A run with a longer and longer history, of 2,000 points."""
    with tempfile.TemporaryDirectory() as folder:
        curve = []
        for count in EPOCHS:
            path = make_run(Path(folder) / str(count), count)
            gc.disable()  # as in the program, whose collector runs in the GUI thread alone
            curve.append((count, milliseconds(partial(opened, path), 5)))
            gc.enable()
    yield from told("epochs 1 … 1,000", "open a run", curve)
    few, many = (dict.fromkeys(STEADY, 0.0) for _ in range(2))
    for epochs, times in ((10, few), (1_000, many)):
        session, view = shown(2_000, epochs)
        steps = iter(np.random.default_rng(0).uniform(0, epochs, 400).tolist())

        def scrub() -> None:
            session.set_playhead(next(steps))  # noqa: B023 - called at once
            view.plot.viewport().repaint()  # noqa: B023

        places = iter(np.random.default_rng(1).uniform(-2, 2, (400, 2)).tolist())
        times["scrub a frame"] = milliseconds(scrub, 60)
        times["move the mouse over the map"] = milliseconds(
            lambda: session.move_cursor(next(places)),  # noqa: B023
            60,
        )
        positions = session.epochs[-1].positions
        numbers = iter(range(epochs + 1, epochs + 60))
        times["add an epoch"] = milliseconds(
            lambda: session.receive(epoch_done(next(numbers), positions=positions)),  # noqa: B023
            40,
        )
        view.hide()
    for name in STEADY:
        yield row(f"{name}, 1,000 epochs beside 10", many[name], "ms", reference=few[name])


def opened(path: Path) -> None:
    """Read a run as the window does: every epoch's latents."""
    folder = RunFolder.open(path)
    for line in folder.epochs:
        folder.latents(line.epoch)


# ── dimensions, images ────────────────────────────────────────────────────────────────────────


def of_dimensions() -> Iterator[Row]:
    """Latents of more and more dimensions."""
    planes, decodes = [], []
    for count in DIMENSIONS:
        latents = np.random.default_rng(0).normal(size=(2_000, count)).astype(np.float32)
        before = project(latents)
        planes.append((count, milliseconds(partial(project, latents, before))))
        model = model_of("vae", 28, count)
        z = torch.zeros(1, count)
        decodes.append((count, milliseconds(partial(decoded, model, z), 30)))
    yield from told("latent dimensions 2 … 512", "plane of 2,000 latents", planes)
    yield from told("latent dimensions 2 … 512", "decode one", decodes)


def of_sides() -> Iterator[Row]:
    """A convolutional decode of larger and larger images, painted."""
    label = ImageLabel("Decode")
    label.resize(300, 300)
    label.show()
    curve = []
    for side in SIDES:
        model, z = model_of("conv", side, 2), torch.zeros(1, 2)

        def once() -> None:
            pixels = decoded(model, z)[0, 0].clamp(0, 1).mul(255).byte().numpy()  # noqa: B023
            label.set_image(np.ascontiguousarray(pixels[:, :, None]))
            label.repaint()

        curve.append((side * side, milliseconds(once, 15)))
    yield from told("images 8² … 256²", "decode and paint one", curve, what="exponent in pixels")
    label.hide()


def model_of(name: str, side: int, dimensions: int) -> torch.nn.Module:
    """An untrained model of grey images."""
    spec = DataSpec(shape=(1, side, side))
    return new_model({"name": name, "latent_dim": dimensions}, spec, 0).eval()


@torch.no_grad()
def decoded(model: torch.nn.Module, z: torch.Tensor) -> torch.Tensor:
    """Decodes as a model gives them."""
    return model.decode(z)  # type: ignore[operator,no-any-return]
