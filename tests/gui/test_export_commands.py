"""Exports from the window: asked for by name, with the ending of the chosen format."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.commands import Commands
from aeviz.gui.export_commands import NO_PATH, NO_RUN, OWN, ExportCommands
from aeviz.gui.exports import EXPORTS, with_ending
from aeviz.gui.route import Anchor
from aeviz.gui.session import Session
from aeviz.results import WRITERS
from tests.gui.map_scene import fill


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def commands(posted: list[m.Message], qtbot: QtBot) -> Iterator[Commands]:
    window = QWidget()
    qtbot.addWidget(window)
    session = Session(posted.append)
    table = Commands(parent=window)
    ExportCommands(session, table, window)
    window.session = session  # type: ignore[attr-defined]
    yield table
    assert window.children()  # it was there to the end


def session_of(commands: Commands) -> Session:
    found = commands.parent().session  # type: ignore[union-attr]
    assert isinstance(found, Session)
    return found


def test_everything_that_is_offered_can_be_written() -> None:
    assert {export.what for export in EXPORTS} == set(WRITERS)


def test_without_a_run_each_says_why_not(commands: Commands) -> None:
    for export in EXPORTS:
        action = commands.action(f"export.{export.what}")
        assert not action.isEnabled()
        assert action.toolTip() == NO_RUN


def test_an_own_model_can_save_what_needs_no_model(commands: Commands) -> None:
    fill(session_of(commands), settings={"model": {"name": "own"}})
    assert commands.action("export.metrics").isEnabled()
    assert commands.action("export.decoder").toolTip() == OWN


def test_what_is_chosen_is_asked_for_at_the_shown_epoch(
    commands: Commands, posted: list[m.Message], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = session_of(commands)
    fill(session)
    session.set_playhead(2)
    asked: list[str] = []

    def ask(parent: QWidget, title: str, name: str, filters: str) -> tuple[str, str]:
        asked.append(name)
        return str(tmp_path / "z"), "Parquet (*.parquet)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    commands.action("export.latents").trigger()
    request = posted[-1]
    assert asked == ["Demo-latents.csv"]
    assert isinstance(request, m.ExportRun)
    assert (request.what, request.epoch) == ("latents", 2)
    assert request.target == str(tmp_path / "z.parquet")


def test_an_ending_that_was_written_stays() -> None:
    latents, projector = EXPORTS[0], EXPORTS[4]
    assert with_ending(Path("z.npz"), latents, "CSV table (*.csv)") == Path("z.npz")
    assert with_ending(Path("z"), latents, "") == Path("z.csv")
    assert with_ending(Path("folder"), projector, "") == Path("folder")


def test_a_film_of_the_path_takes_the_path_along(
    commands: Commands, posted: list[m.Message], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = session_of(commands)
    fill(session)
    action = commands.action("export.path")
    assert action.toolTip() == NO_PATH
    session.route.add(Anchor(np.float32([0, 0])))
    session.route.add(Anchor(np.float32([1, 2])))
    assert action.isEnabled()
    chosen = (str(tmp_path / "path"), "WebP, smaller and exact (*.webp)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    action.trigger()
    request = posted[-1]
    assert isinstance(request, m.ExportRun)
    assert request.target == str(tmp_path / "path.webp")
    along = np.array(request.options["z"])
    assert along[0].tolist() == [0, 0]
    assert along[-1].tolist() == [1, 2]
