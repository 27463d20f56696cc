"""Exports from the window: asked for by name, with the ending of the chosen format."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.commands import Commands
from aeviz.gui.export_commands import NO_IMAGES, ExportCommands
from aeviz.gui.exports import EXPORTS, with_ending
from aeviz.gui.film_dialog import SUBJECTS, FilmDialog
from aeviz.gui.film_options import NO_PATH, NO_RUN, OWN, look_of
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
    assert {export.what for export in EXPORTS} <= set(WRITERS)
    assert {subject.what for subject in SUBJECTS} <= set(WRITERS)


def test_without_a_run_each_says_why_not(commands: Commands) -> None:
    for export in EXPORTS:
        action = commands.action(f"export.{export.what}")
        assert not action.isEnabled()
        assert action.toolTip() == NO_RUN


def test_a_sheet_of_samples_is_one_of_images(commands: Commands) -> None:
    action = commands.action("export.sprites")
    fill(session_of(commands))
    assert action.isEnabled()
    fill(session_of(commands), sample_shape=(13,))
    assert action.toolTip() == NO_IMAGES


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
    named = {export.what: export for export in EXPORTS}
    latents, projector = named["latents"], named["projector"]
    assert with_ending(Path("z.npz"), latents, "CSV table (*.csv)") == Path("z.npz")
    assert with_ending(Path("z"), latents, "") == Path("z.csv")
    assert with_ending(Path("folder"), projector, "") == Path("folder")


@pytest.fixture
def dialog(commands: Commands) -> FilmDialog:
    fill(session_of(commands))
    commands.action("export.film").trigger()
    window = commands.parent()
    assert isinstance(window, QWidget)
    found = window.findChild(FilmDialog)
    assert isinstance(found, FilmDialog)
    return found


def choose(dialog: FilmDialog, what: str, kind: str = "gif") -> None:
    dialog.subject.setCurrentIndex(dialog.subject.findData(what))
    dialog.format.setCurrentIndex(dialog.format.findData(kind))


def test_a_film_of_the_training_takes_what_the_map_shows_along(
    commands: Commands,
    posted: list[m.Message],
    dialog: FilmDialog,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    session = session_of(commands)
    session.hide([1])
    choose(dialog, "film", "webp")
    dialog.size_box.setCurrentIndex(0)
    dialog.length.setValue(7)
    dialog.has_title.setChecked(False)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "map"), ""))
    dialog.save.click()
    request = posted[-1]
    assert isinstance(request, m.ExportRun)
    assert (request.what, request.target) == ("film", str(tmp_path / "map.webp"))
    assert request.options["cut"] == {
        "seconds": 7.0,
        "size": 480,
        "has_title": False,
        "has_note": True,
        "has_legend": True,
    }
    look = request.options["look"]
    assert [name for name, _ in look["legend"]] == ["class 0", "class 2"]
    np.testing.assert_array_equal(look["rows"], np.flatnonzero(np.arange(60) % 3 != 1))
    assert look["codes"].tolist() == [row % 3 for row in range(60)]


def test_a_film_of_the_path_takes_the_path_along(
    commands: Commands, posted: list[m.Message], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = session_of(commands)
    fill(session)
    session.route.add(Anchor(np.float32([0, 0])))
    session.route.add(Anchor(np.float32([1, 2])))
    commands.action("export.film").trigger()
    dialog = commands.parent().findChild(FilmDialog)  # type: ignore[union-attr]
    assert isinstance(dialog, FilmDialog)
    choose(dialog, "path")
    dialog.length.setValue(2)
    chosen = (str(tmp_path / "path"), "")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    dialog.save.click()
    request = posted[-1]
    assert isinstance(request, m.ExportRun)
    assert (request.what, request.target) == ("path", str(tmp_path / "path.gif"))
    along = request.options["z"]
    assert along.shape == (50, 2)
    assert along[0].tolist() == [0, 0]
    assert along[-1].tolist() == [1, 2]


def test_a_film_of_a_traversal_goes_through_the_selected_sample(
    commands: Commands,
    posted: list[m.Message],
    dialog: FilmDialog,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    session_of(commands).select([7])
    choose(dialog, "traversal")
    assert "sample #7" in dialog.note.text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "t.gif"), ""))
    dialog.save.click()
    request = posted[-1]
    assert isinstance(request, m.ExportRun)
    assert (request.what, request.options["sample"]) == ("traversal", 7)


def test_without_a_path_there_is_no_film_of_one_and_it_says_why(dialog: FilmDialog) -> None:
    choose(dialog, "path")
    assert dialog.note.text() == NO_PATH
    assert not dialog.save.isEnabled()
    choose(dialog, "film")
    assert dialog.save.isEnabled()


def test_the_dialog_stays_where_no_file_was_named(
    dialog: FilmDialog, posted: list[m.Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    before = len(posted)
    dialog.save.click()
    assert dialog.isVisible()
    assert len(posted) == before


def test_a_film_of_a_map_coloured_by_numbers_says_its_scale(commands: Commands) -> None:
    session = session_of(commands)
    values = np.linspace(0, 1, 60).astype(np.float32)
    values[0] = np.nan
    fill(session, known=(m.Known("weight", values, unit="g"),))
    session.set_colour("known:weight")
    look = look_of(session, frozenset())
    assert look["rows"] is None
    assert 3 <= len(look["legend"]) <= 7
    first, last = look["colours"][look["codes"][1]], look["colours"][look["codes"][-1]]
    assert abs(first.astype(int) - last).sum() > 100
    assert tuple(first) == look["legend"][0][1]
