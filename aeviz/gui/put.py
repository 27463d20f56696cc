"""Where the sample that a person puts in has landed."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from aeviz.gui.session import Session
from aeviz.messages import RunOpened


class Put(QObject):
    """Its latent, and the log-variance of its posterior.

    Signals:
        changed(): It landed elsewhere, or is gone.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.z: NDArray[np.float32] | None = None
        self.log_var: NDArray[np.float32] | None = None
        session.run_changed.connect(self._on_run_changed)

    def land(
        self, z: NDArray[np.float32] | None, log_var: NDArray[np.float32] | None = None
    ) -> None:
        """It is at a latent (D,), or nowhere."""
        self.z, self.log_var = z, log_var
        self.changed.emit()

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self.land(None)


def put_of(session: Session) -> Put:
    """What was put in, of a session; made when it is asked for first."""
    found = session.findChild(Put)
    return Put(session) if found is None else found
