"""Trainings in other processes: followed, steered, started and left from the window."""

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtWidgets import QMessageBox, QWidget

from aeviz import messages as m
from aeviz.gui.closing import may_leave_outside
from aeviz.gui.commands import Commands
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session
from aeviz.gui.training_commands import TrainingCommands
from aeviz.gui.training_panel import TrainingPanel
from tests.gui.offers import READY, ROWS, epoch, progress, run

WHERE = "process 4711 on node7, 4 ranks"
FOLLOWED = run(run="/far", path="/far", status="training")


class Panel:
    """The training panel over a session without an engine."""

    def __init__(self, qtbot: Any) -> None:
        self.posted: list[m.Message] = []
        self.session = Session(self.posted.append)
        self.plan = Plan(ROWS)
        self.commands = Commands()
        TrainingCommands(self.session, self.plan, self.commands, self.commands)
        self.widget = TrainingPanel(self.session, self.plan, self.commands)
        qtbot.addWidget(self.widget)
        self.widget.show()
        self.session.receive(READY)

    def follow(self) -> None:
        """Show a run that another process trains."""
        self.session.receive(FOLLOWED)
        self.session.receive(replace(epoch(0), run="/far"))
        self.change("training")
        self.posted.clear()

    def change(self, state: m.TrainingState, reason: str = "", where: str = WHERE) -> None:
        self.session.receive(m.TrainingChanged(run="/far", state=state, reason=reason, where=where))

    def press(self, name: str) -> m.Message:
        self.commands.action(name).trigger()
        return self.posted[-1]

    def may(self, name: str) -> bool:
        return self.commands.action(name).isEnabled()


@pytest.fixture
def panel(qtbot: Any) -> Panel:
    return Panel(qtbot)


def test_the_buttons_reach_a_run_that_another_process_trains(panel: Panel) -> None:
    panel.follow()
    pause = panel.press("train.pause")
    assert (type(pause), pause.run) == (m.Pause, "/far")
    panel.change("paused")
    assert panel.commands.action("train.pause").text() == "&Continue"
    go_on = panel.press("train.pause")
    assert (type(go_on), go_on.run) == (m.Continue, "/far")
    stop = panel.press("train.stop")
    assert (type(stop), stop.run) == (m.Stop, "/far")
    assert not panel.may("train.step")
    assert not panel.may("train.further")
    assert panel.may("train.start")  # another training may begin here beside it


def test_the_monitor_says_where_it_trains_and_how_it_ended(panel: Panel) -> None:
    panel.follow()
    monitor = panel.widget.monitor
    assert monitor.headline.text == "Training outside"
    assert monitor.where.text == f"Trained by {WHERE}"
    panel.session.receive(progress(run="/far", epoch=2, epochs=9))
    assert monitor.headline.text == "Training, epoch 2 of 9"
    panel.change("idle", "stopped at epoch 2")
    assert monitor.headline.text == "Stopped at epoch 2"
    assert monitor.where.isHidden()
    assert panel.session.run is not None
    assert panel.session.run.status == "stopped"


def test_options_are_turned_where_the_run_trains(panel: Panel) -> None:
    panel.follow()
    panel.session.turn("beta", 4.0)
    turn = panel.posted[-1]
    assert isinstance(turn, m.Turn)
    assert (turn.run, turn.name, turn.value) == ("/far", "beta", 4.0)


def test_a_training_here_and_one_outside_are_kept_apart(panel: Panel) -> None:
    panel.session.receive(m.TrainingChanged(run="here", state="training"))
    panel.follow()
    assert panel.session.training.run == "/far"
    assert panel.session.trains_here
    panel.change("idle", "finished")
    assert panel.session.training.run == "here"
    pause = panel.press("train.pause")
    assert (type(pause), pause.run) == (m.Pause, "")


def test_another_run_on_screen_takes_the_buttons_away_from_the_followed_one(panel: Panel) -> None:
    panel.follow()
    panel.session.receive(run(run="near"))
    assert not panel.session.is_training
    panel.change("paused")
    assert not panel.session.is_training


def test_train_outside_is_the_choice_beside_train(panel: Panel) -> None:
    place = panel.widget.setup.place
    assert [place.itemText(row) for row in range(place.count())] == ["In this window", "Outside"]
    panel.session.receive(
        m.EngineReady(device="cuda", reason="", devices=("cpu", "cuda"), versions={}, count=3)
    )
    assert place.itemText(3) == "Outside, 3 devices"
    place.setCurrentIndex(3)
    place.activated.emit(3)
    start = panel.press("train.start")
    assert isinstance(start, m.TrainOutside)
    assert (start.devices, start.resume) == (3, "")
    assert start.settings == panel.plan.settings()
    assert panel.session.trains_here  # until its folder is there
    assert not panel.may("train.start")


def test_a_run_goes_on_outside(panel: Panel) -> None:
    panel.session.receive(run(run="near", path="/runs/near"))
    panel.plan.set_place(1)
    further = panel.press("train.further")
    assert isinstance(further, m.TrainOutside)
    assert further.resume == "/runs/near"
    assert further.epochs > 0


def test_failures_of_a_run_that_is_not_shown_are_told_with_its_name(panel: Panel) -> None:
    told: list[m.Failed] = []
    panel.session.failed.connect(told.append)
    panel.session.receive(run(run="near"))
    panel.session.receive(m.Failed(run="/runs/far", where="training", summary="the disk is full"))
    assert [(failed.run, failed.summary) for failed in told] == [("", "far: the disk is full")]


@pytest.mark.parametrize(
    ("choice", "may", "is_stopped"),
    [
        ("Close, let it run", True, False),
        ("Stop, save and close", True, True),
        ("Cancel", False, False),
    ],
)
def test_closing_beside_a_training_outside_asks(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, choice: str, may: bool, is_stopped: bool
) -> None:
    posted: list[m.Message] = []
    session, window = Session(posted.append), QWidget()
    qtbot.addWidget(window)
    assert may_leave_outside(window, session)

    def answer(box: QMessageBox) -> int:
        assert "/runs/far" in box.informativeText()
        next(button for button in box.buttons() if button.text() == choice).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    session.receive(m.OutsideChanged(runs=("/runs/far",)))
    assert may_leave_outside(window, session) is may
    assert [type(message) for message in posted] == ([m.StopOutside] if is_stopped else [])
