"""How much the decoder stretches the map, everywhere in view."""

import math
from typing import Any

import numpy as np
from PySide6.QtCore import Slot

from aeviz import messages as m
from aeviz.geometry import Region
from aeviz.gui import theme, wording
from aeviz.gui.captions import tip
from aeviz.gui.field_image import FieldImage, FieldScale
from aeviz.gui.layer_legend import LayerLegend
from aeviz.gui.layers.base import register_layer
from aeviz.gui.layers.densities import GROUP
from aeviz.gui.layers.over_region import RegionLayer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.session import Session

TITLE = "√det JᵀJ"
UNIT = "area of decodes per area of latents"
MEANING = (
    "J is the derivative of the decoder along the map's two axes. Where the factor is large, a "
    "small step changes the decode much: there the decoder tears. Units: scaled data squared per "
    "latent squared. The lowest and the highest 1 % of the places have the colours of the ends."
)
FLAT = "0 everywhere"
JUMPS = "this decoder goes in jumps and is flat between them"
CUT = (0.01, 0.99)
"""Quantiles that the ends of the scale are."""


@register_layer(
    "stretch",
    title="Stretch of the decoder",
    tip="How much a small area of the map grows when it is decoded: √det JᵀJ.",
    group=GROUP,
    order=25,
    dimensions=2,
    needs_plane=True,
)
class StretchLayer(RegionLayer):
    """Fills row by row; the scale is logarithmic unless the button says otherwise."""

    question = "stretch"

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.image = FieldImage()
        plot.addItem(self.image, ignoreBounds=True)
        self.scale = FieldScale(TITLE)
        self.log = QuietButton("log", has_light=True)
        self.legend: LayerLegend = LayerLegend(self.scale, self.log)
        self.legend.setToolTip(tip(MEANING))
        self.log.setChecked(True)
        self.log.setToolTip("Colours by the logarithm of the stretch, or by itself")
        self.log.toggled.connect(self._on_toggled)
        self._answer: m.Answer | None = None
        self.clear()

    def arguments(self) -> dict[str, Any]:
        """What the decoder is told."""
        return {"condition": self.session.condition}

    def take(self, answer: m.Answer, region: Region) -> None:
        """Draw what is computed so far."""
        self._answer = answer
        self._draw()

    def _draw(self) -> None:
        if self._answer is None:
            return
        values, progress = self._answer.arrays["stretch"], self._answer.values["progress"]
        known = values[np.isfinite(values)]
        self.log.setVisible(True)
        if not known.any():
            self.image.set_values(None)
            self.scale.show_ends(math.nan, math.nan, TITLE)
            self.legend.say(FLAT if known.size else "", JUMPS if known.size else "")
            return
        is_log = self.log.isChecked()
        with np.errstate(divide="ignore"):
            shown = np.log10(values) if is_log else values
        low, high = np.quantile(shown[np.isfinite(shown)], CUT).tolist()
        shown = np.where(np.isneginf(shown), low, shown)
        width = max(high - low, 1e-3 * max(abs(high), 1e-9))
        self.image.set_values((shown - low) / width, self._answer.values["region"])
        ends = (10**low, 10**high) if is_log else (low, high)
        self.scale.show_ends(*ends, TITLE)
        epoch = self._answer.epoch
        notes = [] if epoch == self.session.epoch else [f"epoch {epoch}"]
        notes += [f"{wording.share(progress)} computed"] if progress < 1 else []
        self.legend.say("; ".join(["Stretch", *notes]), UNIT)

    def clear(self) -> None:
        """Show nothing."""
        self._answer = None
        self.image.set_values(None)
        self.scale.show_ends(math.nan, math.nan, TITLE)
        self.legend.say("")
        self.log.setVisible(False)

    def say(self, sentence: str, *, is_wrong: bool = False) -> None:
        """In the bar."""
        self.legend.say(sentence, tone="error" if is_wrong else "muted")

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.image.dress(colours)

    @Slot(bool)
    def _on_toggled(self, is_log: bool) -> None:
        self._draw()
