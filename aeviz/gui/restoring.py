"""Shows what a session file says: the run first, then its epoch, the plane, and what lies on it."""

import math
import os

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from aeviz.gui.screen import Screen
from aeviz.gui.session import Session
from aeviz.messages import Failed, RunOpened
from aeviz.plane import PCA
from aeviz.session_messages import SessionOpened


class Restoring(QObject):
    """Waits for what every step needs, and gives up where a person opens something else.

    Signals:
        finished(SessionOpened): Everything that fits is shown.
        ended(): Nothing more will come of the last session: it is shown, or was given up.
    """

    finished = Signal(object)
    ended = Signal()

    def __init__(self, session: Session, screen: Screen, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._screen = screen
        self._opened: SessionOpened | None = None
        self._awaits_plane = False
        # Views hear of runs and epochs in the order in which they were made: this is after them.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timeout)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.planes.wanted_changed.connect(self._on_wanted_changed)
        session.failed.connect(self._on_failed)

    @property
    def is_under_way(self) -> bool:
        """Whether something is still to be shown."""
        return self._opened is not None

    def begin(self, opened: SessionOpened) -> None:
        """Show the session; without its run what needs none."""
        session = self._session
        self._awaits_plane = False
        if not opened.run_path:
            self._screen.show_window(opened.shown)
            session.receive(Failed(where="session", summary=opened.notice))
            self._give_up()
            return
        self._opened = opened
        session.set_following(False)
        session.open_run(opened.run_path)

    def _give_up(self) -> None:
        self._timer.stop()
        self._opened, self._awaits_plane = None, False
        self.ended.emit()

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        opened = self._opened
        if opened is None:
            return
        if run is None or os.path.realpath(run.path) != os.path.realpath(opened.run_path):
            self._give_up()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        opened = self._opened
        if opened is not None and epoch >= math.ceil(opened.shown.playhead):
            self._timer.start(0)

    @Slot()
    def _on_timeout(self) -> None:
        """The run is there with the epoch: everything but what lies on the map, then the plane."""
        opened, session = self._opened, self._session
        if opened is None or self._awaits_plane:
            return
        shown, run = opened.shown, session.run
        self._screen.show_choices(shown, is_same=opened.is_same)
        session.set_following(shown.following)
        session.set_playhead(shown.playhead)
        is_fitting = run is not None and shown.latent_dim == run.latent_dim
        if is_fitting and opened.is_same and shown.plane != PCA:
            session.planes.choose(shown.plane)
        self._awaits_plane = True
        self._on_wanted_changed()

    @Slot()
    def _on_wanted_changed(self) -> None:
        """Where a plane is wanted, everything else waits for it: it lies on it."""
        opened, session = self._opened, self._session
        if opened is None or not self._awaits_plane or session.planes.wanted is not None:
            return
        self._opened, self._awaits_plane = None, False
        self._screen.show_window(opened.shown)
        self._screen.show_layers(opened.shown.layers)
        self._screen.show_places(opened.shown)
        self._say(opened)
        self.finished.emit(opened)
        self.ended.emit()

    def _say(self, opened: SessionOpened) -> None:
        """Say what has changed: what is left out stays on the screen until it is dismissed."""
        if opened.notice and opened.is_same:
            self._session.noticed.emit(opened.notice)
        elif opened.notice:
            self._session.receive(Failed(where="session", summary=opened.notice))

    @Slot(object)
    def _on_failed(self, failure: Failed) -> None:
        if self._opened is not None and failure.where == "open":
            self._give_up()
