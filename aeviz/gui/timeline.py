"""The epoch timeline: plays, scrubs, follows a training; it alone moves the playhead by itself."""

import time

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from aeviz.gui import theme
from aeviz.gui.icons import icon
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.scrubber import Scrubber
from aeviz.gui.session import Session
from aeviz.messages import RunOpened, TrainingChanged

SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0)
_WHOLE = 5.0
_SLOWEST, _FASTEST = 4.0, 8.0
_FOLLOW = 0.3
_FRAME = 16
_LONGEST_FRAME = 0.1


def play_rate(epochs: int) -> float:
    """Epochs per second that play a run of so many in about five seconds, between 4 and 8.

    Example:
        >>> play_rate(30), play_rate(5), play_rate(500)
        (6.0, 4.0, 8.0)
    """
    return min(max(epochs / _WHOLE, _SLOWEST), _FASTEST)


class Timeline(QWidget):
    """Play, the line of the epochs, the epoch in words, speed, and following a training."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.button = QToolButton()
        self.scrubber = Scrubber(session)
        self.label = QLabel()
        self.speed_button = QuietButton("1×")
        self.live = QuietButton(self.tr("Live"), has_light=True)
        self._speed = 1.0
        self._is_playing = False
        self._is_stopped = False
        self._follow: tuple[float, float, float] | None = None
        self._last_frame = 0.0
        self._last_added = 0.0
        # The only timer; it runs only while something moves.
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_FRAME)
        self._build()
        self._connect()
        self._on_run_changed(session.run)

    def _build(self) -> None:
        self.button.setIconSize(QSize(18, 18))
        self.button.setAutoRaise(True)
        self.speed_button.setToolTip(self.tr("How fast the epochs play."))
        self.speed_button.setAccessibleName(self.tr("Speed"))
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.speed_button.setMenu(self._speed_menu())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, 4, theme.SPACE, 2)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.scrubber, 1, Qt.AlignmentFlag.AlignTop)
        beside: tuple[QWidget, ...] = (self.label, self.speed_button, self.live)
        for widget in beside:
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        # Everything is centred on the line, over its numbers.
        for widget in (self.button, *beside):
            widget.setFixedHeight(self.scrubber.line_height)

    def _speed_menu(self) -> QMenu:
        menu = QMenu(self.speed_button)
        self._speeds = QActionGroup(self)
        for speed in SPEEDS:
            action = QAction(f"{speed:g}×", self._speeds)
            action.setCheckable(True)
            action.setChecked(speed == 1.0)
            action.setData(speed)
            menu.addAction(action)
        self._speeds.triggered.connect(self._on_speed)
        return menu

    def _connect(self) -> None:
        session = self.session
        self._timer.timeout.connect(self._on_frame)
        self.button.clicked.connect(self.toggle)
        self.live.clicked.connect(self._on_live)
        self.scrubber.scrubbed.connect(self._on_scrubbed)
        self.scrubber.settled.connect(self._on_scrubbed)
        self.scrubber.stepped.connect(self.step)
        self.scrubber.toggled.connect(self.toggle)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.playhead_changed.connect(self._on_playhead_changed)
        session.following_changed.connect(self._on_following_changed)
        session.training_changed.connect(self._on_training_changed)

    # ── verbs ─────────────────────────────────────────────────────────────────────────────────

    @property
    def is_playing(self) -> bool:
        """Whether the epochs play."""
        return self._is_playing

    @property
    def is_moving(self) -> bool:
        """Whether the playhead moves by itself, playing or following."""
        return self._timer.isActive()

    @Slot()
    def play(self) -> None:
        """Play from the playhead on, from the start when it is at the end."""
        if self._is_stopped or self.session.last_epoch < 1:
            return
        if self.session.playhead >= self.session.last_epoch:
            self.session.set_playhead(0.0)
        self.session.set_following(False)
        self._is_playing, self._follow = True, None
        self._start()
        self._refresh()

    @Slot()
    def pause(self) -> None:
        """Stop playing, on the nearest whole epoch."""
        if self._is_playing:
            self._is_playing = False
            self._timer.stop()
            self.session.set_playhead(float(round(self.session.playhead)))
            self._refresh()

    @Slot()
    def toggle(self) -> None:
        """Play, or pause."""
        if self._is_playing:
            self.pause()
        else:
            self.play()

    @Slot(int)
    def step(self, epochs: int) -> None:
        """Go so many whole epochs on, or back."""
        whole = self.session.playhead // 1
        inside = self.session.playhead - whole
        # A step back from between two epochs goes to the one before.
        self._go(whole + epochs + (1 if epochs < 0 and inside > 0 else 0))

    def stop(self) -> None:
        """Stop for good; part of shutting down."""
        self._is_stopped = True
        self._is_playing, self._follow = False, None
        self._timer.stop()

    def _go(self, playhead: float) -> None:
        """The person chooses a time: nothing moves by itself any more."""
        self._is_playing, self._follow = False, None
        self._timer.stop()
        self.session.set_following(False)
        self.session.set_playhead(playhead)
        self._refresh()

    def _start(self) -> None:
        if not self._timer.isActive() and not self._is_stopped:
            self._last_frame = time.perf_counter()
            self._timer.start()

    # ── what moves ────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_frame(self) -> None:
        now = time.perf_counter()
        # After a pause of the computer the film goes on where it was.
        passed, self._last_frame = min(now - self._last_frame, _LONGEST_FRAME), now
        if self._is_playing:
            self._advance(passed)
        elif self._follow is not None:
            self._go_along(now)
        else:
            self._timer.stop()

    def _advance(self, passed: float) -> None:
        session = self.session
        reached = session.playhead + passed * self._speed * play_rate(session.last_epoch)
        session.set_playhead(reached)
        if reached >= session.last_epoch:
            self._is_playing = False
            self._timer.stop()
            session.set_following(True)
            self._refresh()

    def _go_along(self, now: float) -> None:
        """Be at the newest epoch when the time for it is over."""
        begun, start, lasts = self._follow or (now, self.session.playhead, 0.0)
        share = 1.0 if lasts < _FRAME / 1000 else min((now - begun) / lasts, 1.0)
        newest = float(self.session.last_epoch)
        # Ease out: quick at first, at rest at the end.
        self.session.set_playhead(start + (newest - start) * (1 - (1 - share) ** 2))
        if share >= 1.0:
            self._follow = None
            self._timer.stop()

    def _follow_newest(self, lasts: float) -> None:
        if self._is_stopped or self._is_playing or self.scrubber.is_held:
            return
        self._follow = (time.perf_counter(), self.session.playhead, lasts)
        self._start()

    # ── the session ───────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self._is_playing, self._follow = False, None
        self._timer.stop()
        self._last_added = 0.0
        self.scrubber.updateGeometry()
        self.session.set_following(True)
        if self.session.last_epoch > 0:
            self._follow_newest(0.0)
        self._refresh()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        now = time.perf_counter()
        since, self._last_added = now - self._last_added, now
        if self.session.following and self.session.playhead < self.session.last_epoch:
            # Epochs that come faster than frames, as when a run is opened, are jumped over.
            self._follow_newest(min(_FOLLOW, since))
        self._refresh()

    @Slot(float)
    def _on_playhead_changed(self, playhead: float) -> None:
        self._refresh()

    @Slot(bool)
    def _on_following_changed(self, is_following: bool) -> None:
        if not is_following:
            self._follow = None  # it stays where it is, or is put
        elif self.session.playhead < self.session.last_epoch:
            self._follow_newest(_FOLLOW)
        self._refresh()

    @Slot(object)
    def _on_training_changed(self, training: TrainingChanged) -> None:
        self._refresh()

    # ── the person ────────────────────────────────────────────────────────────────────────────

    @Slot(float)
    def _on_scrubbed(self, playhead: float) -> None:
        self._go(playhead)

    @Slot()
    def _on_live(self) -> None:
        self._is_playing = False
        self.session.set_following(self.live.isChecked())
        self._refresh()

    @Slot(QAction)
    def _on_speed(self, action: QAction) -> None:
        self._speed = float(action.data())
        self.speed_button.setText(action.text())

    def _refresh(self) -> None:
        session = self.session
        last, can_play = session.last_epoch, session.last_epoch > 0
        self.button.setEnabled(can_play)
        self.button.setIcon(icon("pause" if self._is_playing else "play"))
        self.button.setAccessibleName(self.tr("Pause") if self._is_playing else self.tr("Play"))
        self.button.setToolTip(self._play_tip(can_play))
        self.label.setText("" if last < 0 else self.words())
        self.label.setFixedWidth(self.label.fontMetrics().horizontalAdvance(self._widest()) + 4)
        self.speed_button.setEnabled(can_play)
        is_live = self._trains()
        self.live.setEnabled(is_live)
        self.live.setChecked(is_live and session.following)
        self.live.setToolTip(
            self.tr("Show every epoch as soon as it is there.")
            if is_live
            else self.tr("There is no training to follow.")
        )
        self.scrubber.update()

    def _trains(self) -> bool:
        run = self.session.run
        return self.session.is_training or (run is not None and run.status == "training")

    def _play_tip(self, can_play: bool) -> str:
        if self._is_playing:
            return self.tr("Pause (Space)")
        if can_play:
            return self.tr("Play the epochs (Space)")
        return self.tr("There is nothing to play before the first epoch of a training.")

    def words(self) -> str:
        """The shown epoch and how many there are."""
        text = self.tr("epoch {epoch} of {last}")
        return text.format(epoch=self.session.epoch, last=self._total())

    def _total(self) -> int:
        return self.scrubber.end if self.session.last_epoch > 0 or self._trains() else 0

    def _widest(self) -> str:
        return (
            ""
            if self.session.last_epoch < 0
            else self.words().replace(f"epoch {self.session.epoch}", f"epoch {self._total()}")
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of the line work on the buttons beside it too."""
        self.scrubber.keyPressEvent(event)
