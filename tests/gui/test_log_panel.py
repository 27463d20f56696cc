"""Log, status line, details and about: text that can be filtered and copied."""

import logging
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication

from aeviz import messages as m
from aeviz.gui import about
from aeviz.gui.details import DetailsDialog
from aeviz.gui.help_view import HelpDialog, pages
from aeviz.gui.log_panel import LogPanel
from aeviz.gui.session import Session
from aeviz.gui.status_bar import StatusBar
from tests.gui.offers import READY, run

FAILED = m.Failed(where="training", summary="<b>The loss</b> is not finite.", details="Traceback …")


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def status(qtbot: Any, session: Session) -> StatusBar:
    made = StatusBar(session)
    qtbot.addWidget(made)
    made.show()
    return made


def line(level: int, text: str) -> m.Logged:
    return m.Logged(level=level, name="aeviz.runs", text=text, time=0.0)


def test_the_log_is_filtered_by_level_and_copied(qtbot: Any, session: Session) -> None:
    panel = LogPanel(session)
    qtbot.addWidget(panel)
    for level, text in ((10, "small"), (20, "opened"), (30, "thinned"), (40, "broken")):
        session.receive(line(level, text))
    assert [row.rsplit(" ", 1)[1] for row in panel.text.splitlines()] == [
        "opened", "thinned", "broken",
    ]  # fmt: skip
    panel.set_level(logging.WARNING)
    assert len(panel.text.splitlines()) == 2
    panel.set_level(logging.DEBUG)
    assert len(panel.text.splitlines()) == 4
    panel._copy.click()
    assert QGuiApplication.clipboard().text() == panel.text


def test_failures_and_notices_are_logged_as_plain_text(qtbot: Any, session: Session) -> None:
    panel = LogPanel(session)
    qtbot.addWidget(panel)
    session.receive(FAILED)
    session.noticed.emit("The data are gone.")
    assert "<b>The loss</b> is not finite.\nTraceback …" in panel.text
    assert "notice: The data are gone." in panel.text


def test_a_failure_stays_until_it_is_dismissed(status: StatusBar, session: Session) -> None:
    session.receive(FAILED)
    session.noticed.emit("Something small.")
    assert status.sentence.text == FAILED.summary
    assert status.details.isVisible()
    status.dismiss.click()
    assert status.sentence.text == ""
    assert not status.details.isVisible()
    session.noticed.emit("Something small.")
    assert status.sentence.text == "Something small."


def test_a_failure_goes_when_it_is_mended(status: StatusBar, session: Session) -> None:
    session.receive(FAILED)
    session.receive(m.Answer(view="v", question="describe", epoch=-1))
    assert status.sentence.text
    session.receive(m.TrainingChanged(state="loading"))
    assert not status.sentence.text
    session.receive(m.Failed(where="question", summary="A wrong option."))
    session.receive(m.Answer(view="v", question="describe", epoch=-1))
    assert not status.sentence.text
    session.receive(m.Failed(where="open", summary="There is no run."))
    session.receive(run())
    assert not status.sentence.text


def test_the_details_of_a_failure_can_be_copied(
    status: StatusBar, session: Session, qtbot: Any
) -> None:
    session.receive(FAILED)
    status.details.click()
    dialog = status.findChild(DetailsDialog) or status.window().findChild(DetailsDialog)
    dialog._copy.click()
    assert QGuiApplication.clipboard().text() == f"{FAILED.summary}\n\n{FAILED.details}"
    dialog.close()


def test_a_job_shows_its_progress_and_can_be_cancelled(
    status: StatusBar, session: Session, posted: list[m.Message]
) -> None:
    assert not status.job.isVisible()
    session.receive(m.JobProgress(job="j", title="Downloading MNIST", fraction=None))
    assert status.job.isVisible()
    assert status.job.bar.maximum() == 0
    session.receive(
        m.JobProgress(job="j", title="Downloading MNIST", fraction=0.5, detail="5 of 10 MB")
    )
    assert status.job.bar.value() == 500
    assert status.job.left.text() == "5 of 10 MB"
    status.job.cancel.click()
    (message,) = posted
    assert isinstance(message, m.CancelJob)
    assert message.job == "j"
    assert not status.job.cancel.isEnabled()
    session.receive(m.JobDone(job="j", outcome="cancelled", sentence="Cancelled."))
    assert not status.job.isVisible()
    assert status.sentence.text == "Cancelled."


def test_the_time_left_of_a_job_comes_once_it_can_be_reckoned(
    status: StatusBar, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter((100.0, 100.0, 110.0))
    monkeypatch.setattr("aeviz.gui.status_bar.time.monotonic", lambda: next(clock))
    session.receive(m.JobProgress(job="j", title="Downloading", fraction=0.0))
    session.receive(m.JobProgress(job="j", title="Downloading", fraction=0.25))
    assert status.job.left.text() == "30 s left"


def test_about_names_versions_devices_and_licences(qapp: Any) -> None:
    before, after = about.text(None), about.text(READY)
    assert "PySide6" in before
    assert "still being loaded" in before
    assert "There is no GPU." in after
    assert "torch" in after
    assert "Open Font License" in after
    assert "ISC License" in after


def test_help_shows_a_page_by_name_and_the_first_one_otherwise(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    folder = tmp_path / "help"
    folder.mkdir()
    (folder / "map.md").write_text("# The map\n\nPoints.", "utf-8")
    (folder / "index.md").write_text("# Start\n\n<script>x</script> [map](map.md)", "utf-8")
    monkeypatch.setattr("aeviz.paths.resources", lambda: tmp_path)
    assert list(pages()) == ["index", "map"]
    dialog = HelpDialog("map", None)
    qtbot.addWidget(dialog)
    assert dialog.text.startswith("The map")
    dialog.show_page("no such page")
    assert dialog.text.startswith("Start")
