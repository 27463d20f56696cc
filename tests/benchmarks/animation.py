"""The map in motion: a history of epochs played and scrubbed in the real view, frame by frame.

A frame is the playhead's move with all that listens to it, and the repaint of the whole widget. The
floor is what no program could leave out: reading the positions of two epochs, writing those between
them, and writing the pixels of the plot once.
"""

import statistics
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication

from aeviz import kernels, paths
from aeviz.gui import theme
from aeviz.gui.latent_view import LatentView
from aeviz.gui.session import Session
from tests.benchmarks.frame import Row, benchmark, row
from tests.benchmarks.map import CLASSES, SIZE, points, their_plot, timed
from tests.gui.map_scene import epoch_done, run_opened

EPOCHS = 200
FRAME = 1000 / 60
PLAY = "play 200 epochs × 70,000 points, a frame"
SCRUB = "scrub 200 epochs × 70,000 points, a frame"
MANY = "play 10 epochs × 1,000,000 points, a frame"
HISTORY = "memory of 200 epochs × 70,000 points"


@benchmark(
    "animation",
    goals={
        PLAY: f"value <= {FRAME:.1f}",
        f"{PLAY}, p95": f"value <= {FRAME:.1f}",
        SCRUB: f"value <= {FRAME:.1f}",
        HISTORY: "ratio <= 1.1",
        MANY: "value <= 50",
    },
)
def measure_animation(full: bool) -> Iterator[Row]:
    """Frames of 70,000 points over 200 epochs, and of a million over ten."""
    app = QApplication.instance() or QApplication([])
    if isinstance(app, QApplication):
        theme.apply(app, "light")
    kernels.compile_in_background(paths.cache() / "kernels")
    kernels.wait()
    yield from moving(full)
    session, view = shown(1_000_000, 10)
    times = played(session, view, np.linspace(0.0, 9.9, 40))
    yield row(MANY, statistics.median(times), "ms", floor=floor(1_000_000))
    view.hide()


def moving(full: bool) -> Iterator[Row]:
    """Play and scrub through 200 epochs of 70,000 points."""
    session, view = shown(70_000, EPOCHS)
    held = sum(done.positions.nbytes for done in session.epochs)
    least = floor(70_000)
    steps = np.arange(0.0, EPOCHS - 1, 0.25 if full else 0.9)
    times = played(session, view, steps)
    yield row(PLAY, statistics.median(times), "ms", reference=scattered(70_000), floor=least)
    yield row(f"{PLAY}, p95", float(np.quantile(times, 0.95)), "ms", floor=least)
    places = np.random.default_rng(0).uniform(0, EPOCHS, 120)
    yield row(SCRUB, statistics.median(played(session, view, places)), "ms", floor=least)
    own = 8 * 70_000 * (EPOCHS + 1)
    yield row(HISTORY, held / 2**20, "MB", reference=own / 2**20)
    view.hide()


def shown(count: int, epochs: int) -> tuple[Session, LatentView]:
    """A view of a run whose clusters come together over the epochs."""
    last, codes = points(count)
    session = Session([].append)
    view = LatentView(session)
    view.resize(*SIZE)
    session.receive(run_opened(count, CLASSES, labels=codes.astype(np.int64)))
    for epoch in range(epochs + 1):
        drawn = last * np.float32(0.3 + 0.7 * epoch / epochs)
        session.receive(epoch_done(epoch, positions=drawn))
    view.show()
    QApplication.processEvents()
    return session, view


def played(session: Session, view: LatentView, moments: NDArray[np.float64]) -> list[float]:
    """Milliseconds of a frame at each moment, in epochs."""
    times = []
    for moment in moments.tolist():
        begun = time.perf_counter()
        session.set_playhead(moment)
        view.plot.viewport().repaint()
        times.append(1000 * (time.perf_counter() - begun))
        QApplication.processEvents()
    return times


def floor(count: int) -> float:
    """Milliseconds of mixing two epochs' positions and writing the pixels of the plot."""
    first, second = points(count)[0], points(count)[0][::-1].copy()
    between, pixels = np.empty_like(first), np.empty((SIZE[1], SIZE[0]), np.uint32)

    def once() -> None:
        np.subtract(second, first, out=between)
        np.multiply(between, np.float32(0.5), out=between)
        np.add(between, first, out=between)
        pixels.fill(1)

    return timed(once)


def scattered(count: int) -> float:
    """Milliseconds of a frame where every class is a `ScatterPlotItem` whose data are set anew."""
    positions, codes = points(count)
    plot = their_plot(positions, codes, 3.3)
    plot.resize(*SIZE)
    plot.show()
    QApplication.processEvents()
    items = [item for item in plot.getPlotItem().items if isinstance(item, pg.ScatterPlotItem)]

    def once(scale: float) -> None:
        for label, item in enumerate(items):
            chosen = positions[codes == label] * scale
            item.setData(chosen[:, 0], chosen[:, 1])
        plot.viewport().repaint()

    taken = statistics.median(timed(partial(once, scale)) for scale in (0.9, 0.8))
    plot.hide()
    return taken
