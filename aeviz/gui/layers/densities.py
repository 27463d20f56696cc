"""Densities under the points of the map: histogram, prior, aggregate posterior, mixture, flow."""

import math
from typing import Any, ClassVar

from PySide6.QtCore import Slot

from aeviz import messages as m
from aeviz.geometry import Region
from aeviz.gui import theme, wording
from aeviz.gui.density_image import DensityImage, DensityScale
from aeviz.gui.iso_labels import IsoLabels, label_places
from aeviz.gui.layer_legend import SCALE, LayerLegend
from aeviz.gui.layers.base import register_layer
from aeviz.gui.layers.over_region import RegionLayer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.numbers import count
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.session import Session
from aeviz.shades import PALE, SPAN

GROUP = "density"
"""Densities exclude each other."""

NO_MASS = "No mass on a plane"


class DensityLayer(RegionLayer):
    """Bands of one nat with lines and numbers, and in the bar a scale and the integral."""

    question = "density-over-map"
    kind: ClassVar[str]

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.image = DensityImage(PALE)
        plot.addItem(self.image, ignoreBounds=True)
        self.labels = IsoLabels(plot.box)
        self.scale = DensityScale(PALE)
        self.scale.setFixedWidth(SCALE)
        self.legend: LayerLegend = self.make_legend()
        self.clear()

    def make_legend(self) -> LayerLegend:
        """The scale and two lines."""
        return LayerLegend(self.scale)

    def arguments(self) -> dict[str, Any]:
        """Which density."""
        return {"kind": self.kind}

    def take(self, answer: m.Answer, region: Region) -> None:
        """Draw it and say how much of it is seen."""
        density = answer.arrays["density"]
        has_cells = self.kind == "histogram"
        highest = float(density.max())
        top = float(math.ceil(highest)) if math.isfinite(highest) else None
        self.image.set_density(density, region, top=top, has_cells=has_cells)
        self.scale.show_top(self.image.top)
        levels = [] if top is None or has_cells else [top - down for down in range(1, SPAN)]
        # Every second line: more numbers than that would hide what they explain.
        size = (self.plot.box.width(), self.plot.box.height())
        self.labels.show_labels(label_places(density, region, levels[1::2], size))
        mass = float(answer.values["mass"])
        seen = NO_MASS if math.isnan(mass) else f"∫p = {mass:.3f} in view"
        self.legend.say(seen, self.made_of(answer))

    def made_of(self, answer: m.Answer) -> str:
        """What the density is made of, and of which epoch where that is not the shown one."""
        words = wording.several(answer.values["counted"], "sample")
        return self.with_epoch(words, answer)

    def with_epoch(self, words: str, answer: m.Answer) -> str:
        """The words with the epoch that answered, where that is not the shown one."""
        if answer.epoch == self.session.epoch:
            return words
        return f"{words} of epoch {answer.epoch}" if words else f"of epoch {answer.epoch}"

    def clear(self) -> None:
        """Show nothing."""
        self.image.set_density(None)
        self.labels.show_labels([])
        self.scale.show_top(math.nan)
        self.legend.say("")

    def say(self, sentence: str, *, is_wrong: bool = False) -> None:
        """In the bar."""
        self.legend.say(sentence, tone="error" if is_wrong else "muted")

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.image.dress(colours)
        self.labels.dress(colours, theme.caption(self.plot.font()))


@register_layer(
    "density.histogram",
    title="Histogram of the latents",
    tip="How many samples lie in each cell: an instant answer.",
    group=GROUP,
    order=20,
    dimensions=2,
    needs_plane=True,
)
class HistogramLayer(DensityLayer):
    """The share of the samples in each cell of the region, per area."""

    kind = "histogram"


@register_layer(
    "density.prior",
    title="Prior",
    tip="Where the model expects latents to be: log p(z).",
    group=GROUP,
    order=21,
    needs="prior",
    dimensions=2,
    needs_plane=True,
)
class PriorLayer(DensityLayer):
    """The prior that the model was trained with."""

    kind = "prior"

    def made_of(self, answer: m.Answer) -> str:
        """Nothing was counted."""
        return self.with_epoch("of the model", answer)


@register_layer(
    "density.posterior",
    title="Aggregate posterior",
    tip="The mean of the samples' posteriors: where latents of the data really are.",
    group=GROUP,
    order=22,
    needs="posterior",
    dimensions=2,
    needs_plane=True,
)
class PosteriorLayer(DensityLayer):
    """Exact over the samples that it counts."""

    kind = "posterior"

    def made_of(self, answer: m.Answer) -> str:
        """Over how many samples it is exact."""
        words = f"exact over {wording.several(answer.values['counted'], 'sample')}"
        return self.with_epoch(words, answer)


@register_layer(
    "density.gmm",
    title="Gaussian mixture",
    tip="A mixture of at most 20 Gaussians, fitted to the latents in a moment.",
    group=GROUP,
    order=23,
    dimensions=2,
    needs_plane=True,
)
class MixtureLayer(DensityLayer):
    """Fitted to at most 4,096 latents."""

    kind = "gmm"

    def made_of(self, answer: m.Answer) -> str:
        """To how many latents it was fitted."""
        words = f"fitted to {wording.several(answer.values['counted'], 'latent')}"
        return self.with_epoch(words, answer)


@register_layer(
    "density.flow",
    title="Flow fitted to the latents",
    tip="A normalizing flow learns the density of the latents; it takes some seconds.",
    group=GROUP,
    order=24,
    dimensions=2,
    needs_plane=True,
)
class FlowLayer(DensityLayer):
    """Stays with the epoch that it was fitted to, until it is asked to be fitted again."""

    question = "latent-density"
    kind = "flow"

    def __init__(self, session: Session, plot: MapPlot) -> None:
        self.refit = QuietButton("Refit")
        super().__init__(session, plot)
        self._fitted: int | None = None
        self.refit.setToolTip("Fit a flow to the latents of the shown epoch")
        self.refit.clicked.connect(self._on_refit)
        session.epoch_changed.connect(self._on_epoch_changed)

    def make_legend(self) -> LayerLegend:
        """With a button."""
        return LayerLegend(self.scale, self.refit)

    def arguments(self) -> dict[str, Any]:
        """Nothing more."""
        return {}

    def epoch(self) -> int:
        """The epoch whose latents it is fitted to."""
        if self._fitted is None or self._fitted > self.session.last_epoch:
            self._fitted = self.session.epoch
        return self._fitted

    def refresh(self) -> None:
        """A flow that is switched off is fitted to the shown epoch the next time."""
        if not self.is_on:
            self._fitted = None
        super().refresh()
        self._offer_refit()

    def made_of(self, answer: m.Answer) -> str:
        """How far the fit is, or to what it was fitted."""
        progress, epoch = float(answer.values["progress"]), f"epoch {answer.epoch}"
        if progress < 1:
            return f"fitting to {epoch}: {wording.share(progress)}"
        return f"{count(answer.values['counted'])} latents of {epoch}"

    def _offer_refit(self) -> None:
        is_old = self._fitted is not None and self._fitted != self.session.epoch
        self.refit.setVisible(self.is_on and is_old)

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._fitted = None
        super()._on_run_changed(run)

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._offer_refit()

    @Slot()
    def _on_refit(self) -> None:
        self._fitted = None
        self.refresh()
