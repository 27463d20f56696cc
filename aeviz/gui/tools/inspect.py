"""The tool that is there at first: a click selects a sample or pins a place."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

from aeviz.gui.map_plot import MapPlot
from aeviz.gui.session import Session
from aeviz.gui.tools.base import Keys, Tool, register_tool


@register_tool(
    "inspect",
    title="Inspect",
    tip="A click selects the sample under the mouse, or pins the place.",
    icon="mouse-pointer-2",
    shortcut="I",
)
class InspectTool(Tool):
    """A click on a sample selects it; where the map is the latent space it pins its latent too.

    With Shift a click adds a sample to the selection, or takes it out.
    """

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self._before: tuple[NDArray[np.float32] | None, NDArray[np.int64]] | None = None

    def click(self, at: QPointF, row: int, keys: Keys) -> None:
        """Select a sample, or pin a place."""
        session, run = self.session, self.session.run
        if run is None or session.positions is None:
            return
        self._before = (session.pin, session.selection)
        if row >= 0 and keys & Qt.KeyboardModifier.ShiftModifier:
            session.select(set(session.selection.tolist()) ^ {row})
            return
        if row < 0:
            session.select(())
            session.set_pin(session.latent_at((at.x(), at.y())))
            return
        session.select([row])
        # Beyond two dimensions a sample's latent lies off the plane: its own decode is shown
        # with the selection.
        flat = run.latent_dim <= 2
        session.set_pin(session.latent_at(session.positions[row].tolist()) if flat else None)

    def double_click(self, at: QPointF, row: int) -> bool:
        """Take back what the first click of the two did."""
        if self._before is not None:
            pin, rows = self._before
            self.session.select(rows)
            self.session.set_pin(pin)
        return False

    def put_away(self) -> None:
        """Forget rows and latents of another run."""
        self._before = None
