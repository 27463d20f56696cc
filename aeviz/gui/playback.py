"""Moves the playhead: plays the history, follows a live training; one timer that rests."""

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from aeviz.gui.session import Session
from aeviz.messages import RunOpened

FRAME_MS = 16
GLIDE_SECONDS = 0.3
"""Longest time in which the playhead glides to a new epoch when it follows."""

WHOLE_SECONDS = 5.0
"""A whole history plays in about this time at speed 1, but never slower than `SLOWEST`."""

SLOWEST = 4.0
"""Epochs per second at least at speed 1."""


class Playback(QObject):
    """Plays and follows. The timer runs only while the playhead moves.

    Signals:
        playing_changed(bool): Play was pressed, or the end was reached.
    """

    playing_changed = Signal(bool)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.speed = 1.0
        self.is_playing = False
        self._target = 0.0
        self._rate = SLOWEST
        self._frame_at = 0.0
        self._epoch_at = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._on_frame)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.following_changed.connect(self._on_following_changed)

    @property
    def is_moving(self) -> bool:
        """Whether the timer runs."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Play, from the start when the end is shown; or pause."""
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Play from the playhead to the last epoch."""
        last = self.session.last_epoch
        if last < 1:
            return
        if self.session.playhead >= last:
            self.session.set_playhead(0.0)
        self.session.set_following(False)
        self._set_playing(True)
        self._start()

    def pause(self) -> None:
        """Stay where the playhead is."""
        self._timer.stop()
        self._set_playing(False)

    def seek(self, position: float) -> None:
        """Go to a time at once; a person who scrubs neither plays nor follows."""
        self.pause()
        self.session.set_following(False)
        self.session.set_playhead(position)

    def step(self, epochs: int) -> None:
        """Go to the next whole epoch, or back to the one before."""
        now = self.session.playhead
        whole = int(now)
        back = epochs < 0 and now > whole
        self.seek(whole + epochs + (1 if back else 0))

    def stop(self) -> None:
        """Let nothing move any more; part of shutting down."""
        self.pause()

    def _start(self) -> None:
        if not self._timer.isActive():
            self._frame_at = time.monotonic()
            self._timer.start()

    def _set_playing(self, playing: bool) -> None:
        if playing != self.is_playing:
            self.is_playing = playing
            self.playing_changed.emit(playing)

    def _glide(self, epoch: int) -> None:
        """Follow to an epoch in the time that epochs take, at most `GLIDE_SECONDS`."""
        now = time.monotonic()
        seconds = min(GLIDE_SECONDS, max(now - self._epoch_at, FRAME_MS / 1000))
        self._epoch_at = now
        self._target = float(epoch)
        self._rate = max(self._target - self.session.playhead, 0.0) / seconds
        self._start()

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self.pause()
        self._epoch_at = time.monotonic()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if self.session.following and not self.is_playing:
            self._glide(self.session.last_epoch)

    @Slot(bool)
    def _on_following_changed(self, following: bool) -> None:
        if following:
            self._set_playing(False)
            self._epoch_at = time.monotonic() - GLIDE_SECONDS
            self._glide(max(self.session.last_epoch, 0))

    @Slot()
    def _on_frame(self) -> None:
        now = time.monotonic()
        passed, self._frame_at = now - self._frame_at, now
        if self.is_playing:
            last = self.session.last_epoch
            rate = max(SLOWEST, last / WHOLE_SECONDS) * self.speed
            self._advance(passed * rate, float(last))
        else:
            self._advance(passed * self._rate, self._target)

    def _advance(self, by: float, target: float) -> None:
        position = min(self.session.playhead + by, target)
        self.session.set_playhead(position)
        if position >= target:
            self.pause()
