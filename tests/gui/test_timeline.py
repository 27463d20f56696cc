"""The timeline: playing, scrubbing, following."""

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.session import Session
from aeviz.gui.timeline import Timeline
from tests.gui.test_session import done, opened


@pytest.fixture
def session() -> Session:
    session = Session(list[m.Message]().append)
    session.set_following(False)
    return session


@pytest.fixture
def timeline(qtbot: QtBot, session: Session) -> Timeline:
    timeline = Timeline(session)
    qtbot.addWidget(timeline)
    timeline.resize(600, 48)
    timeline.show()
    return timeline


def fill(session: Session, epochs: int) -> None:
    session.receive(opened())
    for epoch in range(epochs):
        session.receive(done(epoch))


def test_nothing_can_be_played_without_a_run_and_the_tooltip_says_why(timeline: Timeline) -> None:
    assert not timeline.play_button.isEnabled()
    assert "two epochs" in timeline.play_button.toolTip()


def test_playing_moves_the_playhead_to_the_end_and_rests(
    qtbot: QtBot, session: Session, timeline: Timeline
) -> None:
    fill(session, 3)
    timeline.playback.speed = 20.0
    timeline.toggle()
    assert timeline.playback.is_playing
    qtbot.waitUntil(lambda: session.playhead == 2.0, timeout=3000)
    assert not timeline.playback.is_playing
    assert not timeline.playback.is_moving


def test_playing_at_the_end_starts_again(session: Session, timeline: Timeline) -> None:
    fill(session, 3)
    session.set_playhead(2.0)
    timeline.toggle()
    assert session.playhead == 0.0
    timeline.stop()


def test_a_click_on_the_track_goes_there_and_rests_on_a_whole_epoch(
    qtbot: QtBot, session: Session, timeline: Timeline
) -> None:
    fill(session, 5)
    x = round(timeline.track.x_of(2.8))
    qtbot.mouseClick(timeline.track, Qt.MouseButton.LeftButton, pos=QPoint(x, 14))
    assert session.playhead == 3.0


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Qt.Key.Key_Right, 3.0),
        (Qt.Key.Key_Left, 1.0),
        (Qt.Key.Key_Home, 0.0),
        (Qt.Key.Key_End, 4.0),
    ],
)
def test_keys_step_through_the_epochs(
    qtbot: QtBot, session: Session, timeline: Timeline, key: Qt.Key, expected: float
) -> None:
    fill(session, 5)
    session.set_playhead(2.0)
    qtbot.keyClick(timeline.track, key)
    assert session.playhead == expected


def test_left_between_epochs_goes_to_the_one_before(session: Session, timeline: Timeline) -> None:
    fill(session, 5)
    session.set_playhead(2.5)
    timeline.playback.step(-1)
    assert session.playhead == 2.0


def test_following_glides_to_every_new_epoch(
    qtbot: QtBot, session: Session, timeline: Timeline
) -> None:
    session.set_following(True)
    fill(session, 3)
    qtbot.waitUntil(lambda: session.playhead == 2.0, timeout=2000)
    session.receive(done(3))
    qtbot.waitUntil(lambda: session.playhead == 3.0, timeout=2000)
    assert not timeline.playback.is_moving


def test_scrubbing_ends_following(session: Session, timeline: Timeline) -> None:
    session.set_following(True)
    fill(session, 3)
    timeline.playback.seek(1.0)
    assert not session.following
    assert not timeline.follow_button.isChecked()
    session.receive(done(3))
    assert session.playhead == 1.0


def test_the_label_says_the_shown_epoch(session: Session, timeline: Timeline) -> None:
    fill(session, 5)
    session.set_playhead(2.7)
    assert timeline.label.text() == "epoch 2 of 4"


def test_a_thousand_epochs_have_few_labels(session: Session, timeline: Timeline) -> None:
    fill(session, 1000)
    labels = timeline.track.end // timeline.track._label_step()
    assert 4 <= labels <= 15
    assert not timeline.grab().isNull()
