"""Commands: one table for menus, shortcuts and palette; what cannot act says why."""

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QTreeView, QWidget

from aeviz import messages as m
from aeviz.gui.command_palette import CommandPalette
from aeviz.gui.commands import Commands
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session
from aeviz.gui.training_commands import TrainingCommands
from tests.gui.offers import READY, ROWS, epoch, run


@pytest.fixture
def commands(qapp: Any) -> Commands:
    return Commands()


def test_names_and_shortcuts_are_unique() -> None:
    names = [command.id for command in Commands().table]
    keys = [command.shortcut for command in Commands().table if command.shortcut]
    assert len(set(names)) == len(names)
    assert len(set(keys)) == len(keys)


def test_tooltips_name_the_keys(commands: Commands) -> None:
    assert commands.action("run.open").toolTip() == "Show a run folder.  (Ctrl+O)"


def test_a_command_that_cannot_act_is_disabled_and_says_why(commands: Commands) -> None:
    commands.allow("train.stop", "Nothing is being trained.")
    assert not commands.action("train.stop").isEnabled()
    assert commands.action("train.stop").toolTip() == "Nothing is being trained."
    commands.allow("train.stop")
    assert commands.action("train.stop").isEnabled()


class Training:
    """The training commands over a session without an engine."""

    def __init__(self) -> None:
        self.posted: list[m.Message] = []
        self.session = Session(self.posted.append)
        self.plan = Plan(ROWS)
        self.commands = Commands()
        self.training = TrainingCommands(self.session, self.plan, self.commands, self.commands)

    def allowed(self) -> set[str]:
        names = ("start", "pause", "step", "stop", "further")
        return {name for name in names if self.commands.action(f"train.{name}").isEnabled()}

    def tip(self, name: str) -> str:
        return self.commands.action(f"train.{name}").toolTip()

    def turn_to(self, state: Any) -> None:
        self.session.receive(m.TrainingChanged(state=state))


@pytest.fixture
def training(qapp: Any) -> Training:
    return Training()


def test_nothing_can_be_trained_before_torch_is_there(training: Training) -> None:
    assert training.allowed() == set()
    assert "PyTorch is still being loaded" in training.tip("start")
    training.session.receive(READY)
    assert training.allowed() == {"start"}


def test_train_posts_the_plan(training: Training) -> None:
    training.session.receive(READY)
    training.plan.set_values("model", {"beta": 4.0})
    training.commands.action("train.start").trigger()
    (message,) = training.posted
    assert isinstance(message, m.Train)
    assert message.settings["model"] == {"name": "vae", "beta": 4.0}
    assert training.allowed() == {"stop"}
    assert training.tip("start") == "A training is under way: stop it first."


def test_pause_becomes_continue(training: Training) -> None:
    training.session.receive(READY)
    training.turn_to("training")
    assert training.allowed() == {"pause", "step", "stop"}
    training.commands.action("train.pause").trigger()
    training.turn_to("paused")
    assert training.commands.action("train.pause").iconText() == "Continue"
    training.commands.action("train.pause").trigger()
    training.commands.action("train.step").trigger()
    training.commands.action("train.stop").trigger()
    kinds = [type(message) for message in training.posted]
    assert kinds == [m.Pause, m.Continue, m.StepOnce, m.Stop]
    training.turn_to("idle")
    assert training.commands.action("train.pause").iconText() == "Pause"


def test_a_field_without_a_valid_value_keeps_train_disabled(training: Training) -> None:
    training.session.receive(READY)
    training.plan.set_problems(("Layer widths: whole numbers",))
    assert training.tip("start") == "Layer widths: whole numbers"
    training.plan.set_problems(())
    training.plan.set_model("flow")
    assert training.tip("start") == "Flow takes tables; Handwritten digits has none."


def test_a_run_can_be_trained_further(training: Training) -> None:
    training.session.receive(READY)
    training.session.receive(run(status="stopped"))
    training.session.receive(epoch(0))
    assert training.commands.action("train.further").iconText() == "Train further, to epoch 3"
    for number in (1, 2, 3):
        training.session.receive(epoch(number))
    training.commands.action("train.further").trigger()
    (message,) = training.posted
    assert isinstance(message, m.TrainOn)
    assert message.epochs == 6


def test_epochs_are_asked_for_by_stage(training: Training) -> None:
    settings = {"data": {"name": "digits"}, "model": {"name": "vae"}, "train": {"epochs": 3}}
    training.session.receive(READY)
    training.session.receive(run(stages=("a", "b"), epochs=6, settings=settings))
    for number in range(4):
        training.session.receive(epoch(number))
    assert training.training.further == (6, 3)
    training.session.receive(replace(epoch(4), stage=1))  # of a first stage of three epochs
    assert training.training.further == (6, 3)
    for number in (5, 6):
        training.session.receive(replace(epoch(number), stage=1))
    assert training.training.further == (9, 6)
    training.commands.action("train.further").trigger()
    assert [message.epochs for message in training.posted if isinstance(message, m.TrainOn)] == [6]


def test_the_palette_finds_by_words_and_runs_what_is_chosen(qtbot: Any) -> None:
    window, commands, done = QWidget(), Commands(), []
    qtbot.addWidget(window)
    window.resize(800, 600)
    commands.connect_to("view.reset", lambda: done.append("reset"))
    palette = CommandPalette(commands.actions(), [], window)
    qtbot.addWidget(palette)
    palette.show()
    field, rows = palette.findChild(QLineEdit), palette.findChild(QTreeView).model()
    assert rows.rowCount() == len(commands.table)
    qtbot.keyClicks(field, "lay res")
    assert [rows.index(row, 0).data() for row in range(rows.rowCount())] == ["Reset layout"]
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert done == ["reset"]
    assert not palette.isVisible()


def test_the_palette_moves_with_the_arrows_and_leaves_disabled_ones_alone(qtbot: Any) -> None:
    window, commands, done = QWidget(), Commands(), []
    qtbot.addWidget(window)
    window.resize(800, 600)
    commands.allow("train.stop", "Nothing is being trained.")
    commands.connect_to("train.stop", lambda: done.append("stop"))
    palette = CommandPalette(commands.actions(), [], window)
    qtbot.addWidget(palette)
    palette.show()
    field, view = palette.findChild(QLineEdit), palette.findChild(QTreeView)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert view.currentIndex().row() == 1
    qtbot.keyClicks(field, "stop")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert done == []
    assert palette.isVisible()
