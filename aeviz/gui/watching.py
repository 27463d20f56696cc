"""Tells that something on screen has changed: not each time, but soon after."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from aeviz.gui.latent_view import LatentView
from aeviz.gui.session import Session

INTERVAL = 400
"""Milliseconds between two looks while things change."""


class Watching(QObject):
    """Listens to all that a session file holds, but the panels.

    Signals:
        looked(): Something has changed a moment ago.
    """

    looked = Signal()

    def __init__(self, session: Session, view: LatentView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self._on_timeout)
        route = session.route
        for signal in (
            session.run_changed,
            session.epoch_changed,
            session.playhead_changed,
            session.following_changed,
            session.plane_changed,
            session.pin_changed,
            session.selection_changed,
            session.condition_changed,
            session.hidden_changed,
            session.masked_changed,
            session.colour_changed,
            session.tool_changed,
            session.layers.changed,
            session.groups.changed,
            route.anchors_changed,
            route.active_changed,
            route.method_changed,
            route.steps_changed,
            route.compares_changed,
            route.at_changed,
            view.plot.moved_by_hand,
            view.reset_action.triggered,
            view.aspect_action.toggled,
            view.legend.hidden_changed,
        ):
            self._listen(signal)

    def _listen(self, signal: Any) -> None:
        signal.connect(self._on_changed)

    def look(self) -> None:
        """Say at once that something may have changed."""
        self._on_timeout()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    @Slot()
    def _on_changed(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _on_timeout(self) -> None:
        self._timer.stop()
        self.looked.emit()
