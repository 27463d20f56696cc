"""The map on a large screen at twice the resolution: 2560 × 1440 with two pixels for each."""

import os
import statistics
from collections.abc import Iterator
from functools import partial

import numpy as np
from PySide6.QtWidgets import QApplication

from aeviz import kernels
from aeviz.gui import theme
from tests.benchmarks.frame import Row, benchmark, row
from tests.benchmarks.map import our_plot, panning, points, refined, timed

SIZE = (2560, 1440)
SCALE = 2
COUNT = 1_000_000
PAN = f"repaint while panning, {COUNT:,} points, {SIZE[0]} × {SIZE[1]} at {SCALE}×"


@benchmark("screen", goals={PAN: "value <= 33"})
def measure_screen(full: bool) -> Iterator[Row]:
    """The whole widget; the floor is writing its pixels once, the reference the empty plot."""
    os.environ["QT_SCALE_FACTOR"] = str(SCALE)  # read when the application begins
    app = QApplication.instance() or QApplication([])
    if isinstance(app, QApplication):
        theme.apply(app, "light")
    positions, codes = points(COUNT)
    plot, empty = our_plot(positions, codes), our_plot(positions[:0], codes[:0])
    times = []
    for shown in (plot, empty):
        shown.resize(*SIZE)
        shown.show()
        QApplication.processEvents()
        kernels.wait()
        refined(shown)
        assert shown.devicePixelRatioF() == SCALE
        once = panning(shown)
        times.append(statistics.median(once(frame % 6) for frame in range(30)))
        shown.hide()
    pixels = np.empty((SIZE[1] * SCALE, SIZE[0] * SCALE), np.uint32)
    written = timed(partial(pixels.fill, 1))
    yield row(PAN, times[0], "ms", reference=times[1], floor=written)
