"""What the panels of instruments have in common."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.catalogue import Option
from aeviz.gui.labels import caption_label
from aeviz.gui.session import Session
from aeviz.gui.study_panel import StudyInspector
from tests.gui.inspector_setup import image_run, last, show

COUNT = Option("count", "Count", "How many.", "int", default=3, low=1, high=9)


class Panel(StudyInspector):
    instrument = "sizes"
    empty = "Open a run: its sizes appear here."

    def options(self) -> tuple[Option, ...]:
        return (COUNT,)

    def lay_out_findings(self, body: QWidget) -> None:
        self.size = caption_label("")
        QVBoxLayout(body).addWidget(self.size)

    def show_findings(self, arrays: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self.size.say(f"{values['size']} of {len(arrays['each'])}")

    def clear_findings(self) -> None:
        self.size.say("")


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> Panel:
    made = Panel(session)
    qtbot.addWidget(made)
    made.show()
    return made


def studied(epoch: int = 0, size: int = 5) -> m.Studied:
    return m.Studied(
        run="r",
        view="sizes",
        instrument="sizes",
        epoch=epoch,
        asked=epoch,
        arrays={"each": np.zeros(6)},
        values={"size": size},
        seconds=0.4,
    )


def test_without_a_run_there_is_a_sentence_and_nothing_to_press(panel: Panel) -> None:
    assert panel.note.text() == Panel.empty
    assert not panel.button.isVisible()
    assert not panel.form.isVisible()


def test_compute_asks_for_the_shown_epoch_with_the_options_of_the_form(
    panel: Panel, session: Session, posted: list[m.Message], qtbot: QtBot
) -> None:
    show(session, image_run())
    session.set_playhead(2.0)
    panel.form.put({"count": 4})
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    asked = last(posted, m.StudyRun)
    assert (asked.path, asked.instrument, asked.epoch) == ("r", "sizes", 2)
    assert asked.options == {"count": 4}
    assert panel.cancel.isVisible()
    assert not panel.button.isVisible()


def test_progress_is_shown_until_the_job_is_done(panel: Panel, session: Session) -> None:
    show(session, image_run())
    panel.compute()
    session.receive(m.JobProgress(job="study-sizes", title="Sizes", fraction=0.5, detail="sorting"))
    assert (panel.bar.value(), panel.phrase.text()) == (500, "Sorting")
    session.receive(studied())
    session.receive(m.JobDone(job="study-sizes", outcome="done"))
    assert panel.size.text() == "5 of 6"
    assert panel.about.text() == "Epoch 0 · computed in 0.4 s"
    assert not panel.bar.isVisible()


def test_cancel_ends_the_job_and_keeps_what_was_found(
    panel: Panel, session: Session, posted: list[m.Message], qtbot: QtBot
) -> None:
    show(session, image_run())
    session.receive(studied())
    panel.compute()
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert last(posted, m.CancelJob).job == "study-sizes"
    session.receive(m.JobDone(job="study-sizes", outcome="cancelled"))
    assert panel.button.isVisible()
    assert panel.size.text() == "5 of 6"


def test_findings_of_another_epoch_than_the_shown_one_say_so(
    panel: Panel, session: Session
) -> None:
    show(session, image_run())
    session.receive(studied())
    session.set_playhead(3.0)
    assert panel.about.text().endswith("the map shows epoch 3.")
    assert panel.button.text() == "Compute at epoch 3"
    session.set_playhead(0.0)
    assert panel.button.text() == "Compute"


def test_what_cannot_be_computed_is_said_and_can_be_tried_again(
    panel: Panel, session: Session
) -> None:
    show(session, image_run())
    panel.compute()
    failed = m.JobDone(job="study-sizes", outcome="failed", sentence="There are no labels.")
    session.receive(failed)
    assert panel.about_error.text() == "There are no labels."
    assert panel.button.isEnabled()


def test_another_run_takes_the_findings_away(
    panel: Panel, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.receive(studied())
    panel.compute()
    session.receive(image_run())
    assert panel.findings is None
    assert not panel.body.isVisible()
    assert last(posted, m.CancelJob).job == "study-sizes"


def test_what_is_found_out_about_samples_colours_the_map(session: Session) -> None:
    show(session, image_run())
    heard: list[str] = []
    session.known_changed.connect(heard.append)
    values = np.arange(6, dtype=np.float32)
    session.know(m.Known("error", values))
    session.know(m.Known("error", values + 1))
    assert heard == ["error", "error"]
    assert session.run is not None
    assert [known.name for known in session.run.known] == ["error"]
    session.set_colour("known:error")
    assert session.colour == "known:error"
