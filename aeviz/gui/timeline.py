"""The timeline under the map: play, scrub, follow the training, how fast."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from aeviz import paths
from aeviz.gui import theme
from aeviz.gui.icons import icon
from aeviz.gui.playback import Playback
from aeviz.gui.session import Session
from aeviz.gui.timeline_track import TimelineTrack
from aeviz.messages import EpochDone, RunOpened

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


class Timeline(QWidget):
    """Play button, track, epoch, follow button, speed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.playback = Playback(session, self)
        self.track = TimelineTrack(session)
        self.play_button = self._button("play")
        self.follow_button = self._follow_button()
        self.speed_button = self._speed_button()
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self._lay_out()
        self._connect()
        self._refresh()

    # ── building ──────────────────────────────────────────────────────────────────────────────

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setIconSize(QSize(18, 18))
        button.setAutoRaise(True)
        return button

    def _follow_button(self) -> QToolButton:
        button = QToolButton()
        button.setText(self.tr("Live"))
        button.setCheckable(True)
        button.setChecked(self.session.following)
        button.setAutoRaise(True)
        return button

    def _speed_button(self) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setToolTip(self.tr("How fast the history plays"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu, self._speeds = QMenu(button), QActionGroup(button)
        for speed in SPEEDS:
            action = QAction(f"{speed:g}×", menu, checkable=True, checked=speed == 1.0)
            action.setData(speed)
            self._speeds.addAction(action)
            menu.addAction(action)
        button.setMenu(menu)
        button.setText("1×")
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.play_button)
        row.addWidget(self.track, 1)
        row.addWidget(self.label)
        row.addWidget(self.follow_button)
        row.addWidget(self.speed_button)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _connect(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.playhead_changed.connect(self._on_playhead_changed)
        session.following_changed.connect(self.follow_button.setChecked)
        session.training_changed.connect(self._on_training_changed)
        self.playback.playing_changed.connect(self._on_playing_changed)
        self.play_button.clicked.connect(self._on_play)
        self.follow_button.clicked.connect(self._on_follow)
        self.track.sought.connect(self._on_sought)
        self.track.stepped.connect(self._on_stepped)
        self._speeds.triggered.connect(self._on_speed)

    # ── verbs ─────────────────────────────────────────────────────────────────────────────────

    def toggle(self) -> None:
        """Play or pause."""
        self.playback.toggle()

    def stop(self) -> None:
        """Let nothing move any more; part of shutting down."""
        self.playback.stop()

    # ── showing ───────────────────────────────────────────────────────────────────────────────

    def _refresh(self) -> None:
        session = self.session
        self.track.update()
        self.track.setEnabled(bool(session.epochs))
        self.play_button.setEnabled(session.last_epoch >= 1)
        self.play_button.setToolTip(self._play_tip())
        self.follow_button.setEnabled(bool(session.epochs))
        self.follow_button.setToolTip(
            self.tr("Go along with the newest epoch")
            if session.epochs
            else self.tr("There is no epoch to follow yet: open a run or train.")
        )
        self._show_epoch()

    def _play_tip(self) -> str:
        if self.session.last_epoch < 1:
            return self.tr("There is nothing to play yet: a run needs two epochs.")
        if self.playback.is_playing:
            return self.tr("Pause (Space)")
        return self.tr("Play how the map formed (Space)")

    def _show_epoch(self) -> None:
        """The epoch as text in a column that does not jump."""
        session, last = self.session, max(self.session.last_epoch, 0)
        text = self.tr("epoch {epoch} of {last}")
        widest = text.format(epoch=self.track.end, last=self.track.end)
        self.label.setFixedWidth(QFontMetrics(self.label.font()).horizontalAdvance(widest) + 2)
        shown = text.format(epoch=session.epoch, last=last) if session.epochs else ""
        if self.label.text() != shown:
            self.label.setText(shown)

    # ── slots ─────────────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self._refresh()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        self._refresh()
        if self._shows_demo(self.session.epochs[epoch]):
            self.playback.play()

    def _shows_demo(self, done: EpochDone) -> bool:
        """Whether this was the last epoch of the demo, whose history plays once by itself."""
        run = self.session.run
        return run is not None and done.epoch == run.epochs and run.path == str(paths.demo())

    @Slot(float)
    def _on_playhead_changed(self, time: float) -> None:
        self.track.update()
        self._show_epoch()

    @Slot(object)
    def _on_training_changed(self, message: object) -> None:
        self._refresh()

    @Slot(bool)
    def _on_playing_changed(self, playing: bool) -> None:
        self.play_button.setIcon(icon("pause" if playing else "play"))
        self.play_button.setToolTip(self._play_tip())
        self.play_button.setAccessibleName(self.tr("Pause") if playing else self.tr("Play"))

    @Slot()
    def _on_play(self) -> None:
        self.toggle()

    @Slot(bool)
    def _on_follow(self, following: bool) -> None:
        self.session.set_following(following)

    @Slot(float)
    def _on_sought(self, time: float) -> None:
        self.playback.seek(time)

    @Slot(int)
    def _on_stepped(self, epochs: int) -> None:
        self.playback.step(epochs)

    @Slot(QAction)
    def _on_speed(self, action: QAction) -> None:
        self.playback.speed = float(action.data())
        self.speed_button.setText(action.text())
