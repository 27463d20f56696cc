from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui import timeline as module
from aeviz.gui.session import Session
from aeviz.gui.timeline import Timeline
from tests.gui.map_scene import epoch_done, fill, run_opened, session_with

LEFT = Qt.MouseButton.LeftButton
Made = tuple[Timeline, Session]


class Clock:
    """Stands in for the time, so that no test waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def made(qapp: QApplication, qtbot: QtBot, clock: Clock) -> Made:
    session, _ = session_with(epochs=4)
    timeline = Timeline(session)
    qtbot.addWidget(timeline)
    timeline.resize(600, 44)
    timeline.show()
    run_frames(timeline, clock)
    return timeline, session


def run_frames(timeline: Timeline, clock: Clock, most: int = 1000) -> list[float]:
    """Let frames pass until nothing moves; the playheads that were shown."""
    shown = []
    while timeline.is_moving and len(shown) < most:
        clock.now += 0.016
        timeline._on_frame()
        shown.append(timeline.session.playhead)
    return shown


def place(timeline: Timeline, epoch: float) -> QPoint:
    return QPoint(round(timeline.scrubber.place_of(epoch)), 15)


def test_an_opened_run_shows_its_last_epoch_and_nothing_moves(made: Made) -> None:
    timeline, session = made
    assert session.playhead == 4
    assert not timeline.is_moving
    assert timeline.label.text() == "epoch 4 of 4"


def test_playing_from_the_end_shows_all_epochs_smoothly_and_stops(made: Made, clock: Clock) -> None:
    timeline, session = made
    timeline.play()
    assert timeline.is_playing
    assert session.playhead == 0
    shown = run_frames(timeline, clock)
    assert shown == sorted(shown)
    assert max(b - a for a, b in pairwise(shown)) < 0.1
    assert shown[-1] == 4
    assert len(shown) * 0.016 == pytest.approx(1.0, abs=0.1)  # 4 epochs at 4 a second
    assert not timeline.is_playing
    assert not timeline.is_moving


def test_a_run_plays_in_about_five_seconds() -> None:
    assert module.play_rate(30) == 6
    assert module.play_rate(2) == 4
    assert module.play_rate(1000) == 8


def test_speed_changes_the_rate(made: Made, clock: Clock) -> None:
    timeline, _ = made
    double = next(a for a in timeline.speed_button.menu().actions() if a.data() == 2.0)
    double.trigger()
    assert timeline.speed_button.text() == "2×"
    timeline.play()
    assert len(run_frames(timeline, clock)) * 0.016 == pytest.approx(0.5, abs=0.1)


def test_pause_settles_on_a_whole_epoch(made: Made, clock: Clock) -> None:
    timeline, session = made
    timeline.play()
    run_frames(timeline, clock, most=40)
    timeline.toggle()
    assert session.playhead == round(session.playhead)
    assert not timeline.is_moving


def test_the_playhead_is_dragged_and_settles_on_a_whole_epoch(made: Made, qtbot: QtBot) -> None:
    timeline, session = made
    qtbot.mousePress(timeline.scrubber, LEFT, pos=place(timeline, 1.0))
    assert session.playhead == pytest.approx(1.0, abs=0.02)
    assert not session.following
    qtbot.mouseMove(timeline.scrubber, place(timeline, 2.4))
    assert session.playhead == pytest.approx(2.4, abs=0.02)
    qtbot.mouseRelease(timeline.scrubber, LEFT, pos=place(timeline, 2.4))
    assert session.playhead == 2


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Qt.Key.Key_Left, 2),
        (Qt.Key.Key_Right, 4),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, 4),
        (Qt.Key.Key_PageDown, 0),
    ],
)
def test_keys_step(made: Made, qtbot: QtBot, key: Qt.Key, expected: int) -> None:
    timeline, session = made
    session.set_playhead(3)
    qtbot.keyClick(timeline.scrubber, key)
    assert session.playhead == expected


def test_a_step_back_from_between_two_epochs_goes_to_the_one_before(made: Made) -> None:
    timeline, session = made
    session.set_playhead(2.5)
    timeline.step(-1)
    assert session.playhead == 2
    session.set_playhead(2.5)
    timeline.step(1)
    assert session.playhead == 3


def test_space_plays(made: Made, qtbot: QtBot) -> None:
    timeline, _ = made
    qtbot.keyClick(timeline.scrubber, Qt.Key.Key_Space)
    assert timeline.is_playing
    qtbot.keyClick(timeline.scrubber, Qt.Key.Key_Space)
    assert not timeline.is_playing


def test_the_wheel_steps(made: Made) -> None:
    timeline, session = made
    session.set_playhead(2)
    for angle in (60, 60):
        event = QWheelEvent(
            QPointF(50, 15),
            QPointF(50, 15),
            QPoint(),
            QPoint(0, angle),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        timeline.scrubber.wheelEvent(event)
    assert session.playhead == 3


# ── following a training ──────────────────────────────────────────────────────────────────────


@pytest.fixture
def training(qapp: QApplication, qtbot: QtBot, clock: Clock) -> Made:
    session = Session(post=[].append)
    timeline = Timeline(session)
    qtbot.addWidget(timeline)
    session.receive(run_opened(status="training", epochs=30))
    session.receive(m.TrainingChanged(run="r", state="training"))
    session.receive(epoch_done(0))
    return timeline, session


def test_each_epoch_of_a_training_is_approached_in_at_most_300_ms(
    training: Made, clock: Clock
) -> None:
    timeline, session = training
    for epoch, since in ((1, 2.0), (2, 0.3), (3, 0.1), (4, 5.0)):
        timeline._last_added = clock.now - since
        session.receive(epoch_done(epoch))
        shown = run_frames(timeline, clock)
        assert shown[-1] == epoch
        assert len(shown) * 0.016 <= min(0.3, since) + 0.032
        assert any(time != round(time) for time in shown)


def test_epochs_that_come_faster_than_frames_are_jumped_over(training: Made, clock: Clock) -> None:
    timeline, session = training
    for epoch in range(1, 200):
        clock.now += 0.001
        session.receive(epoch_done(epoch))
    assert run_frames(timeline, clock) == [199]


def test_who_looks_back_is_left_alone_until_live_is_pressed(training: Made, clock: Clock) -> None:
    timeline, session = training
    for epoch in (1, 2, 3):
        session.receive(epoch_done(epoch))
    run_frames(timeline, clock)
    assert timeline.live.isEnabled()
    assert timeline.live.isChecked()
    timeline.step(-2)
    assert not timeline.live.isChecked()
    session.receive(epoch_done(4))
    assert session.playhead == 1
    assert not timeline.is_moving
    timeline.live.click()
    assert session.following
    assert run_frames(timeline, clock)[-1] == 4


def test_planned_epochs_have_their_place_on_the_line(training: Made) -> None:
    timeline, session = training
    session.receive(epoch_done(1))
    assert timeline.scrubber.end == 30
    assert timeline.words() == "epoch 0 of 30"
    assert timeline.scrubber.time_at(10_000) == 1
    session.receive(m.TrainingChanged(run="r", state="idle", epoch=1))
    assert timeline.scrubber.end == 1


def test_live_says_why_it_cannot_be_used(made: Made) -> None:
    timeline, _ = made
    assert not timeline.live.isEnabled()
    assert timeline.live.toolTip() == "There is no training to follow."


# ── words, nothing, the end ───────────────────────────────────────────────────────────────────


def test_the_tooltip_tells_epoch_events_and_missing_weights(made: Made) -> None:
    timeline, session = made
    session.receive(epoch_done(2, events=("β turned to 4",), has_weights=False))
    words = timeline.scrubber.words_on(2)
    assert words.startswith("Epoch 2. β turned to 4. ")
    assert "nearest kept epoch" in words
    assert "before training" in timeline.scrubber.words_on(0)
    assert timeline.scrubber.words_on(9) == ""


@pytest.mark.parametrize("epochs", [-1, 0])
def test_without_epochs_nothing_can_be_played(
    qapp: QApplication, qtbot: QtBot, epochs: int
) -> None:
    session = Session(post=[].append)
    timeline = Timeline(session)
    qtbot.addWidget(timeline)
    if epochs >= 0:
        fill(session, epochs)
    timeline.play()
    timeline.step(5)
    assert not timeline.is_moving
    assert not timeline.button.isEnabled()
    assert "nothing to play" in timeline.button.toolTip()
    assert not timeline.grab().isNull()


def test_another_run_ends_the_play_of_the_last_one(made: Made, clock: Clock) -> None:
    timeline, session = made
    timeline.play()
    session.receive(replace(run_opened(), run="other"))
    assert not timeline.is_playing
    assert not timeline.is_moving


def test_after_stop_nothing_moves_any_more(made: Made) -> None:
    timeline, session = made
    timeline.play()
    timeline.stop()
    assert not timeline.is_moving
    timeline.play()
    session.receive(epoch_done(5))
    session.set_following(True)
    assert not timeline.is_moving


def test_a_timeline_of_a_thousand_epochs_is_painted(made: Made, qtbot: QtBot, clock: Clock) -> None:
    timeline, session = made
    for epoch in range(5, 1000):
        session.receive(epoch_done(epoch, count=1, has_weights=bool(epoch % 3)))
    run_frames(timeline, clock)
    assert session.playhead == 999
    timeline.scrubber.setFocus()
    assert not timeline.grab().isNull()


def test_the_real_timer_moves_and_stops(qapp: QApplication, qtbot: QtBot) -> None:
    session, _ = session_with(epochs=1)
    timeline = Timeline(session)
    qtbot.addWidget(timeline)
    qtbot.waitUntil(lambda: not timeline.is_moving)
    timeline.play()
    qtbot.waitUntil(lambda: not timeline.is_moving)
    assert session.playhead == 1
