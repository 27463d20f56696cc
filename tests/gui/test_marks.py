"""Stages and events on the timeline and on the loss chart."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from aeviz.gui.loss_plot import LossPlot
from aeviz.gui.marks import Mark, Section, marks, sections, spoken
from aeviz.gui.scrubber import Scrubber
from aeviz.gui.session import Session
from aeviz.messages import Message
from tests.gui.offers import epoch, run

STAGES = ("outer", "inner", "joint")
Feed = Callable[..., Session]


def empty() -> Session:
    posted: list[Message] = []
    return Session(posted.append)


@pytest.fixture
def feed(qtbot: Any) -> Feed:
    """A session with a run of six epochs in two stages, turned in the second and the fifth."""

    def give(**changes: Any) -> Session:
        session = empty()
        session.receive(run(**{"stages": STAGES, "epochs": 9, **changes}))
        for number in range(7):
            events = {
                1: ("stage: outer",),
                2: ("β: 1 → 4",),
                4: ("stage: inner", "learning rate: 0.001 → 0.01"),
            }.get(number, ())
            session.receive(replace(epoch(number), events=events, stage=int(number > 3)))
        return session

    return give


def test_a_stage_begins_between_two_epochs(feed: Feed) -> None:
    assert sections(feed(), 9) == [Section(0.0, 3.5, "outer"), Section(3.5, 9.0, "inner")]


def test_a_model_that_is_trained_as_a_whole_has_none(feed: Feed) -> None:
    assert sections(feed(stages=()), 9) == []
    assert sections(feed(stages=("autoencoder",)), 9) == []
    assert sections(empty(), 9) == []


def test_every_event_has_a_mark_but_the_beginning_of_a_stage_alone(feed: Feed) -> None:
    found = marks(feed(), float, 0.5)
    assert found == [Mark(2, ("β: 1 → 4",)), Mark(4, ("learning rate: 0.001 → 0.01",))]


def test_events_too_near_to_each_other_share_a_mark(feed: Feed) -> None:
    found = marks(feed(), float, 5.0)
    assert found == [Mark(2, ("β: 1 → 4", "learning rate: 0.001 → 0.01"))]
    assert spoken(found[0]) == "Epoch 2. β: 1 → 4. learning rate: 0.001 → 0.01"
    assert spoken(Mark(3, ("a.",) * 20)).endswith("a. And 12 more")


@pytest.fixture
def plot(qtbot: Any, feed: Feed) -> LossPlot:
    made = LossPlot(feed())
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    QApplication.processEvents()
    return made


def test_the_chart_marks_stages_and_turns(plot: LossPlot) -> None:
    drawn, events = plot.marked
    assert [(part.start, part.name) for part in drawn] == [(0.0, "outer"), (3.5, "inner")]
    assert [mark.epoch for mark in events] == [2, 4]


def test_no_curve_leads_from_a_stage_to_the_next(plot: LossPlot) -> None:
    data = plot.curve("validation_loss")
    assert data is not None
    epochs, heights = data
    assert epochs.tolist() == [0, 1, 2, 3, 3.5, 4, 5, 6]
    assert np.isnan(heights[4])
    assert np.isfinite(np.delete(heights, 4)).all()


def test_the_marks_go_with_the_run(plot: LossPlot, feed: Feed) -> None:
    session = plot._session
    session.receive(run(stages=(), epochs=3))
    session.receive(epoch(0))
    QApplication.processEvents()
    assert plot.marked == ([], [])


def test_the_timeline_has_room_for_names_only_where_there_are_stages(
    qtbot: Any, feed: Feed
) -> None:
    plain, staged = Scrubber(feed(stages=())), Scrubber(feed())
    for made in (plain, staged):
        qtbot.addWidget(made)
        made.resize(400, made.sizeHint().height())
        assert not made.grab().isNull()
    assert staged.sizeHint().height() > plain.sizeHint().height() + 5


def test_the_timeline_says_the_stage_of_an_epoch(qtbot: Any, feed: Feed) -> None:
    made = Scrubber(feed())
    qtbot.addWidget(made)
    assert made.words_on(4) == "Epoch 4, stage inner. learning rate: 0.001 → 0.01"
    assert made.words_on(0) == "Epoch 0, before training"
