"""Plug-ins in the real program: loaded by its threads, trained, decoded, asked about."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QLabel

from aeviz import catalogue, trust_store
from aeviz.compute import plugins
from aeviz.gui.plugin_question import PluginQuestion
from aeviz.program import Program
from tests.cli.conftest import Command, command
from tests.plugins.conftest import DATA, EXAMPLE, forget

__all__ = ["command"]

PATIENCE = 30_000
Start = Callable[..., Program]


@pytest.fixture
def start(qtbot: Any, qapp: QApplication, tmp_path: Path) -> Iterator[Start]:
    """Start the program, with settings or without; all are stopped at the end."""
    look, made = QPalette(qapp.palette()), []

    def begin(*, remembers: bool = False) -> Program:
        ini = QSettings(str(tmp_path / "aeviz.ini"), QSettings.Format.IniFormat)
        program = Program(ini if remembers else None, own_process=False, runs_dir=tmp_path / "runs")
        made.append(program)
        qtbot.addWidget(program.window)
        program.show()
        return program

    yield begin
    for program in made:
        program.shutdown()
    catalogue.join((), ())
    qapp.setPalette(look)


@pytest.fixture
def run(command: Command, own_model: Path, tmp_path: Path) -> Path:
    """A run whose model came from a plug-in that is not loaded any more."""
    out = tmp_path / "run"
    words = ("--plugin", own_model, "--model", "tied-linear", "--epochs", "1", "--out", out)
    assert command("train", *words).code == 0
    forget()
    return out


def questions() -> list[PluginQuestion]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, PluginQuestion)]


def test_a_named_model_and_panel_come_and_the_model_trains_and_decodes(
    start: Start, qtbot: Any, own_model: Path
) -> None:
    for path in (own_model, EXAMPLE / "aeviz_example" / "panel.py", DATA):
        plugins.name_file(path)
    plugins.name_file(EXAMPLE / "aeviz_example" / "question.py")
    program = start()
    session, window = program.session, program.window
    qtbot.waitUntil(lambda: "example-spread" in window.docks.docks, timeout=PATIENCE)
    window.plan.set_data("spiral")
    window.plan.set_model("tied-linear")
    window.plan.set_values("train", {"epochs": 2})
    session.train(window.plan.settings())
    qtbot.waitUntil(lambda: session.run is not None and session.last_epoch == 2, timeout=PATIENCE)
    assert session.run is not None
    assert session.run.decodes
    assert not session.run.needs
    found: list[Any] = []
    session.decoded.connect(found.append)
    session.decode("test", np.zeros((1, 2), np.float32))
    qtbot.waitUntil(lambda: any(each.view == "test" for each in found), timeout=PATIENCE)
    window.docks.docks["example-spread"].raise_()
    label = window.docks.docks["example-spread"].findChildren(QLabel)
    qtbot.waitUntil(lambda: any("third turn: " in each.text() for each in label), timeout=PATIENCE)


def test_a_run_asks_for_its_plugin_and_decodes_after_a_yes_that_is_remembered(
    start: Start, qtbot: Any, run: Path, own_model: Path
) -> None:
    program = start(remembers=True)
    session = program.session
    session.open_run(str(run))
    qtbot.waitUntil(lambda: bool(questions()), timeout=PATIENCE)
    assert session.run is not None
    assert not session.run.decodes
    assert "Its map is shown without decoding" in session.run.notice
    assert session.positions is None or session.positions.shape[1] == 2
    assert not plugins.loaded()
    (box,) = questions()
    assert str(own_model) in box.informativeText()
    box.yes.click()
    qtbot.waitUntil(lambda: session.run is not None and session.run.decodes, timeout=PATIENCE)
    assert trust_store.is_trusted(own_model)
    assert [row.name for row in session.plugins.rows if row.is_trusted] == ["mine.py"]
    program.shutdown()
    forget()

    again = start(remembers=True)
    again.session.open_run(str(run))
    qtbot.waitUntil(lambda: bool(again.session.plugins.rows), timeout=PATIENCE)
    qtbot.waitUntil(lambda: again.session.run is not None, timeout=PATIENCE)
    assert again.session.run is not None
    assert again.session.run.decodes
    assert [row.name for row in again.session.plugins.rows if row.is_loaded] == ["mine.py"]


def test_a_file_that_cannot_be_loaded_is_not_trusted_and_is_said(
    start: Start, qtbot: Any, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("x = (\n")
    program = start()
    said: list[Any] = []
    program.session.failed.connect(said.append)
    program.session.plugins.load(str(broken), trust_store.fingerprint(broken))
    qtbot.waitUntil(lambda: bool(said), timeout=PATIENCE)
    assert "broken.py, line 1" in said[0].summary
    assert not trust_store.trusted()


def test_a_named_file_that_cannot_be_loaded_is_said_and_the_window_goes_on(
    start: Start, qtbot: Any, tmp_path: Path, own_model: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0\n")
    for path in (broken, own_model):
        plugins.name_file(path)
    program = start()
    said: list[Any] = []
    program.session.failed.connect(said.append)
    qtbot.waitUntil(lambda: program.session.engine is not None, timeout=PATIENCE)
    assert [each.summary for each in said] == [
        f"{broken}, line 1: ZeroDivisionError: division by zero"
    ]
    rows = {row.name: row for row in program.session.plugins.rows}
    assert rows["mine.py"].is_loaded
    assert "line 1" in rows["broken.py"].sentence


def test_a_file_exchanged_while_the_question_stood_is_not_run(
    start: Start, qtbot: Any, own_model: Path
) -> None:
    program = start()
    said: list[Any] = []
    program.session.failed.connect(said.append)
    asked = trust_store.fingerprint(own_model)
    own_model.write_text("raise RuntimeError('not what was asked about')\n")
    program.session.plugins.load(str(own_model), asked)
    qtbot.waitUntil(lambda: bool(said), timeout=PATIENCE)
    assert "has changed since it was allowed" in said[0].summary
    assert not trust_store.trusted()


def test_what_was_removed_is_gone_at_the_next_start(
    start: Start, qtbot: Any, own_model: Path, tmp_path: Path
) -> None:
    other = own_model.with_name("other.py")
    other.write_text(own_model.read_text().replace("tied-linear", "other"))
    for path in (own_model, other):
        trust_store.trust(path)
    other.write_text(other.read_text() + "\n# changed\n")
    program = start(remembers=True)
    session = program.session
    qtbot.waitUntil(lambda: len(session.plugins.rows) == 2, timeout=PATIENCE)
    loaded, unloaded = session.plugins.rows
    assert loaded.is_loaded
    assert "has changed since it was allowed" in unloaded.sentence
    session.plugins.forget(str(own_model))
    qtbot.waitUntil(lambda: not session.plugins.rows[0].is_trusted, timeout=PATIENCE)
    assert not trust_store.is_trusted(own_model)


def test_a_data_set_of_a_plugin_is_described_by_the_child_process(start: Start, qtbot: Any) -> None:
    plugins.name_file(DATA)
    program = start()
    session = program.session
    qtbot.waitUntil(lambda: bool(session.plugins.rows), timeout=PATIENCE)
    found: list[Any] = []
    session.data_described.connect(found.append)
    session.describe_data("test", {"name": "spiral"})
    qtbot.waitUntil(lambda: any(each.view == "test" for each in found), timeout=PATIENCE)
    assert next(each for each in found if each.view == "test").samples == 600
