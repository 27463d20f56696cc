"""Decodes of samples with two features: a place in their plane, with the samples behind it."""

import math

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aeviz import colouring
from aeviz.geometry import Region, extent
from aeviz.gui.density_image import DensityScale
from aeviz.gui.labels import caption_label
from aeviz.gui.numbers import count, measure
from aeviz.gui.plane_plot import PlanePlot
from aeviz.messages import FloatArray, RunOpened

MOST_POINTS = 2000
"""Samples at most that are drawn, evenly chosen beyond."""

MARGIN = 0.2
"""How much wider than the samples the plane is shown, as a share."""

LEGEND = "Pin: decode. Ring: nearest sample"


def is_planar(run: RunOpened) -> bool:
    """Whether samples are points of a plane: rows of two features."""
    return run.sample_shape == (2,)


class PlaneView(QWidget):
    """The plane with a scale of the density below it, where there is one."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.plot = PlanePlot(name)
        self.scale = DensityScale()
        self.told = caption_label("")
        self.region: Region | None = None
        self._legend = LEGEND
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for widget in (self.plot, self.scale, self.told):
            column.addWidget(widget)
        self.scale.show_top(math.nan)

    def set_run(self, run: RunOpened | None) -> None:
        """Show the samples of a run, without a density; None for no run."""
        self.region = None
        self.plot.density.set_density(None)
        self.scale.show_top(math.nan)
        self._legend = LEGEND
        self.plot.set_colouring(None, frozenset())
        self.show_places(None, None)
        if run is None or run.samples is None or not len(run.samples):
            return
        rows = np.arange(len(run.samples))[:: len(run.samples) // MOST_POINTS + 1]
        by_label = colouring.by_label(run)
        self.plot.set_colouring(
            colouring.Colouring(by_label.codes[rows], by_label.groups), frozenset()
        )
        self.plot.set_points(np.ascontiguousarray(run.samples[rows], np.float32))
        self.region = extent(run.samples, MARGIN)
        self.plot.show_region(self.region)
        if len(rows) < run.total:
            self._legend += f". {count(len(rows))} of {count(run.total)} samples are drawn"
        self.told.say(self._legend)
        self.plot.set_titles(*(run.feature_names or ("x₁", "x₂")))

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Hide the samples with these labels."""
        self.plot.set_hidden(hidden)

    def set_density(self, density: FloatArray, mass: float) -> None:
        """Show a log density over `region`, in nats, and its integral there."""
        if self.region is None:
            return
        self.plot.density.set_density(density, self.region)
        self.scale.show_top(self.plot.density.top)
        self.told.say(f"{self._legend}. ∫p over the shown window: {measure(mass, 3)}")

    def show_places(self, decode: FloatArray | None, sample: FloatArray | None) -> None:
        """Mark a decode and the nearest sample, each (2,) in its own units, or none."""
        self.plot.show_mark(decode)
        self.plot.show_ring(sample)
