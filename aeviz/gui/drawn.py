"""The draws that sheet and map show: latents that stay while the timeline moves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from aeviz.gui.session import Session
from aeviz.messages import RunOpened


@dataclass(frozen=True)
class Draws:
    """How latents were drawn.

    Attributes:
        using: "prior", "gmm", "flow" or "posterior".
        count: How many.
        seed: Of the draws.
        epoch: Whose model and latents they were drawn from.
        sample: Number of the sample of "posterior"; its mean then stands before the draws.
    """

    using: str
    count: int
    seed: int
    epoch: int
    sample: int | None = None


class Drawn(QObject):
    """Latents (K, D) and which of them the mouse is on.

    Signals:
        changed(): Other draws, or none.
        hovered_changed(int): The number of a draw, -1 for none.
    """

    changed = Signal()
    hovered_changed = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.z: NDArray[np.float32] | None = None
        self.draws: Draws | None = None
        self.hovered = -1
        session.run_changed.connect(self._on_run_changed)

    def set_draws(self, z: NDArray[np.float32] | None, draws: Draws | None = None) -> None:
        """Show other draws, which were drawn so."""
        self.z, self.draws = z, draws
        self.hover(-1)
        self.changed.emit()

    @Slot(int)
    def hover(self, number: int) -> None:
        """The mouse is on a draw, -1 for none."""
        if number != self.hovered:
            self.hovered = number
            self.hovered_changed.emit(number)

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self.set_draws(None)


def drawn_of(session: Session) -> Drawn:
    """The draws of a session, made when they are asked for first."""
    found = session.findChild(Drawn)
    return Drawn(session) if found is None else found
