"""The window: docks, menus, drops, themes and what it remembers, over the real views."""

import gc
import itertools
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QTabBar

from aeviz import messages as m
from aeviz import paths
from aeviz.gui import theme
from aeviz.gui.about import AboutDialog
from aeviz.gui.command_palette import CommandPalette
from aeviz.gui.help_view import HelpDialog
from aeviz.gui.inspectors.base import INSPECTORS, Inspector, register_inspector
from aeviz.gui.main_window import MainWindow
from aeviz.gui.session import Session
from tests.gui.offers import READY, ROWS, epoch, run

Make = Callable[..., MainWindow]


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "aeviz.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def look(qapp: Any) -> Any:
    """Puts the application's look back after a test that changes the theme."""
    palette, font, style = qapp.palette(), qapp.font(), qapp.style().objectName()
    yield
    qapp.setStyle(style)
    qapp.setPalette(palette)
    qapp.setFont(font)


@pytest.fixture
def make(qtbot: Any, posted: list[m.Message]) -> Make:
    def made(settings: QSettings | None = None) -> MainWindow:
        window = MainWindow(Session(posted.append), settings, ROWS)
        qtbot.addWidget(window)
        return window

    return made


@pytest.fixture
def codes() -> Iterator[str]:
    """The name of a panel that only runs with a codebook have."""

    @register_inspector("test-codes", title="Tried", area="bottom", order=190, needs="codebook")
    class Codes(Inspector):
        """Shows nothing."""

    yield "test-codes"
    del INSPECTORS["test-codes"]


def test_a_panel_for_few_models_comes_and_goes_with_them(make: Make, codes: str) -> None:
    window = make()
    window.show()
    dock = window.docks.docks[codes]
    assert dock.isHidden()
    assert not dock.toggleViewAction().isEnabled()
    window.session.receive(run(abilities=("codebook",)))
    assert not dock.isHidden()
    assert dock.toggleViewAction().isEnabled()
    window.session.receive(run())
    assert dock.isHidden()


def test_such_a_panel_stays_closed_once_it_was_closed(
    make: Make, settings: QSettings, codes: str
) -> None:
    window = make(settings)
    window.show()
    window.session.receive(run(abilities=("codebook",)))
    window.docks.docks[codes].close()
    window.session.receive(run())
    window.session.receive(run(abilities=("codebook",)))
    assert window.docks.docks[codes].isHidden()
    window.stop()
    again = make(settings)
    again.session.receive(run(abilities=("codebook",)))
    assert again.docks.docks[codes].isHidden()
    trigger(again, "view.reset")
    assert not again.docks.docks[codes].isHidden()


def rows_of_tabs(window: MainWindow) -> list[list[str]]:
    """The rows of tabs of its panels that can be seen."""
    QTest.qWait(10)
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    rows = [
        bar
        for bar in window.findChildren(QTabBar, options=direct)
        if bar.isVisible() and window.rect().contains(bar.geometry())
    ]
    return sorted([row.tabText(tab) for tab in range(row.count())] for row in rows)


def test_every_panel_stands_in_one_row_of_tabs(make: Make, codes: str) -> None:
    window = make()
    window.show()
    without = rows_of_tabs(window)
    window.session.receive(run(abilities=("codebook",)))
    rows = rows_of_tabs(window)
    tabs = list(itertools.chain(*rows))
    assert "Tried" in tabs
    assert len(tabs) == len(set(tabs))
    trigger(window, "view.reset")
    assert rows_of_tabs(window) == rows
    window.session.receive(run())
    assert rows_of_tabs(window) == without


def trigger(window: MainWindow, name: str) -> None:
    window.commands.action(name).trigger()


def test_there_is_a_dock_for_every_inspector_beside_training_and_log(make: Make) -> None:
    window = make()
    assert set(window.docks.docks) == {"training", "log", *INSPECTORS}
    assert window.docks.docks["log"].isHidden()
    assert not window.docks.docks["training"].isHidden()
    for dock in window.docks.docks.values():
        assert dock.accessibleName()


def test_every_menu_command_stands_in_a_menu_and_does_something(make: Make) -> None:
    window = make()
    for command in window.commands.table:
        action = window.commands.action(command.id)
        assert action.receivers("2triggered()") or action.receivers("2triggered(bool)"), command.id
    titles = [action.text() for action in window.menuBar().actions()]
    assert titles == ["&File", "&Edit", "&Training", "T&ools", "&View", "&Help"]


def test_a_shown_run_names_the_window_fills_the_plan_and_is_remembered(
    make: Make, settings: QSettings, look: Any
) -> None:
    window = make(settings)
    window.session.receive(run(notice="The data are gone."))
    assert window.windowTitle() == "VAE on digits – aeviz"
    assert window.plan.settings()["model"] == {"name": "vae", "beta": 2.0}
    assert window.plan.seed == 7
    assert window.recent.paths == ("/runs/r",)
    assert window.status.sentence.text == "The data are gone."
    assert make(settings).recent.paths == ("/runs/r",)


def test_the_demo_is_not_a_recent_run_and_a_new_training_keeps_the_plan(make: Make) -> None:
    window = make()
    window.session.receive(run(path=str(paths.demo())))
    assert window.recent.paths == ()
    window.plan.set_values("model", {"beta": 9.0})
    window.session.receive(m.TrainingChanged(state="loading"))
    window.session.receive(run(run="t", status="training"))
    assert window.plan.settings()["model"]["beta"] == 9.0


def test_recent_runs_that_are_gone_are_greyed_and_the_list_can_be_cleared(
    make: Make, tmp_path: Path, posted: list[m.Message]
) -> None:
    window = make()
    there = tmp_path / "a & b"
    there.mkdir()
    window.recent.add("/nowhere/old")
    window.recent.add(str(there))
    menu = window._recent_menu
    menu.aboutToShow.emit()
    first, second, _, clear = menu.actions()
    assert (first.isEnabled(), second.isEnabled()) == (True, False)
    assert second.toolTip() == "/nowhere/old is gone."
    first.trigger()
    assert isinstance(posted[-1], m.OpenRun)
    assert posted[-1].path == str(there)
    clear.trigger()
    assert window.recent.paths == ()


@pytest.mark.parametrize("spoilt", [17, [1, None], "", {"a": 1}])
def test_spoilt_settings_are_ignored(
    make: Make, settings: QSettings, look: Any, spoilt: Any
) -> None:
    for key in ("recent/runs", "layout/state", "layout/geometry", "theme"):
        settings.setValue(key, spoilt)
    window = make(settings)
    assert window.recent.paths == ()
    assert window.commands.action("theme.system").isChecked()


def test_layout_and_theme_are_remembered(make: Make, settings: QSettings, look: Any) -> None:
    window = make(settings)
    window.show()
    window.docks.docks["log"].show()
    window.docks.docks["training"].hide()
    trigger(window, "theme.dark")
    window.close()
    again = make(settings)
    again.show()
    assert again.docks.docks["log"].isVisible()
    assert not again.docks.docks["training"].isVisible()
    assert again.commands.action("theme.dark").isChecked()
    assert QApplication.palette().window().color().lightness() < 60
    trigger(again, "view.reset")
    assert not again.docks.docks["log"].isVisible()
    assert again.docks.docks["training"].isVisible()


def test_without_settings_nothing_is_written_and_the_look_is_left_alone(make: Make) -> None:
    before = QApplication.palette().window().color()
    window = make()
    window.show()
    window.close()
    assert QApplication.palette().window().color() == before


def drop(window: MainWindow, *paths_or_urls: Path | str) -> bool:
    data = QMimeData()
    data.setUrls(
        [QUrl.fromLocalFile(str(p)) if isinstance(p, Path) else QUrl(p) for p in paths_or_urls]
    )
    arguments = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
    enter = QDragEnterEvent(QPoint(9, 9), *arguments, Qt.KeyboardModifier.NoModifier)
    enter.ignore()
    window.dragEnterEvent(enter)
    if enter.isAccepted():
        window.dropEvent(QDropEvent(QPointF(9, 9), *arguments, Qt.KeyboardModifier.NoModifier))
    return enter.isAccepted()


def test_dropped_run_folders_are_opened(
    make: Make, tmp_path: Path, posted: list[m.Message]
) -> None:
    window = make()
    (tmp_path / "run.json").write_text("{}")
    for dropped in (tmp_path, tmp_path / "run.json"):
        assert drop(window, dropped)
        assert isinstance(posted[-1], m.OpenRun)
        assert posted[-1].path == str(tmp_path)


def test_dropped_things_that_are_no_run_are_looked_at_as_data(
    make: Make, tmp_path: Path, posted: list[m.Message]
) -> None:
    window = make()
    assert not drop(window, "https://example.org/run")
    (tmp_path / "picture.png").write_bytes(b"")
    drop(window, tmp_path / "picture.png")
    assert isinstance(posted[-1], m.PreviewData)
    assert posted[-1].path == str(tmp_path / "picture.png")
    assert drop(window, *[tmp_path / f"{n}" for n in range(10_000)])
    assert not [message for message in posted if isinstance(message, m.OpenRun)]


def test_closing_tells_the_program_once(make: Make) -> None:
    window, told = make(), []
    window.close_requested.connect(lambda: (told.append(1), window.close()))
    window.show()
    assert window.close()
    window.close()
    assert told == [1]


@pytest.mark.parametrize("choice", ["Stop, save and close", "Keep training"])
def test_closing_while_training_asks(
    make: Make, settings: QSettings, look: Any, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    window, told, asked = make(settings), [], []

    def answer(box: QMessageBox) -> int:
        asked.append(box.text())
        next(button for button in box.buttons() if button.text() == choice).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    window.close_requested.connect(lambda: told.append(1))
    window.session.receive(m.TrainingChanged(state="training"))
    window.show()
    closes = choice != "Keep training"
    assert window.close() == closes
    assert bool(told) == closes
    assert asked == ["A training is under way. Stop it and close?"]
    window.session.receive(m.TrainingChanged(state="idle"))
    window.close()


def test_a_program_that_shuts_down_closes_without_a_question(
    make: Make, settings: QSettings, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMessageBox, "exec", lambda box: pytest.fail("asked"))
    window, told = make(settings), []
    window.close_requested.connect(lambda: told.append(1))
    window.session.receive(m.TrainingChanged(state="training"))
    window.show()
    window.stop()
    assert window.close()
    assert told == []
    assert settings.contains("layout/state")


def test_escape_takes_pin_and_selection_away(make: Make) -> None:
    window = make()
    window.session.receive(run())
    window.session.receive(epoch(0))
    window.session.set_pin(np.zeros(2, np.float32))
    window.session.select([1])
    trigger(window, "view.clear")
    assert window.session.pin is None
    assert len(window.session.selection) == 0


def test_palette_help_and_about_open(make: Make) -> None:
    window = make()
    window.session.receive(READY)
    window.show()
    trigger(window, "help.palette")
    palette = window.findChild(CommandPalette)
    assert palette is not None
    palette.close()
    trigger(window, "help.about")
    about = window.findChild(AboutDialog)
    assert "There is no GPU." in about.text
    about.close()
    trigger(window, "help.show")
    helped = window.findChild(HelpDialog)
    assert helped.text
    helped.close()


def test_every_panel_has_a_help_page(make: Make) -> None:
    window = make()
    names = {path.stem for path in (paths.resources() / "help").glob("*.md")}
    for name, dock in window.docks.docks.items():
        if name != "log":
            assert window.docks.help_of(dock.widget()) in names, name


def test_the_toolbar_shows_the_plan_and_the_device(make: Make) -> None:
    from aeviz.gui.toolbar import DeviceButton, ToolBar

    window = make()
    bar, device = window.findChild(ToolBar), window.findChild(DeviceButton)
    assert (bar.data.currentText(), bar.model.currentText()) == ("Handwritten digits", "VAE")
    bar.model.chosen.emit("linear")
    assert window.plan.model.name == "linear"
    assert window.panel.pages.currentIndex() == 0
    assert device.text() == "…"
    window.session.receive(READY)
    assert device.text() == "CPU"
    assert device.toolTip() == "There is no GPU."
    window.session.receive(m.TrainingChanged(state="training"))
    assert not bar.data.isEnabled()
    assert bar.data.toolTip() == "Fixed while a training is under way."


def test_all_buttons_and_fields_have_names_for_a_screen_reader(make: Make) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit

    window = make()
    window.session.receive(READY)
    window.session.receive(run())
    nameless = []
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit):
        for widget in window.findChildren(kind):
            inner = isinstance(widget.parent(), (QAbstractSpinBox, QComboBox))
            own = type(widget).__module__.startswith("aeviz") or widget.isVisibleTo(window)
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            if own and not inner and not (widget.accessibleName() or text):
                nameless.append((type(widget).__name__, widget.toolTip()))
    assert not nameless


def test_session_and_window_die(qapp: Any, posted: list[m.Message]) -> None:
    session = Session(posted.append)
    window = MainWindow(session, None, ROWS)
    window.show()
    session.receive(run())
    session.receive(epoch(0))
    QApplication.processEvents()
    window.stop()
    window.close()
    window.deleteLater()
    dead = [weakref.ref(session), weakref.ref(window)]
    del session, window
    posted.clear()
    for _ in range(3):
        QApplication.sendPostedEvents(None, 52)  # QEvent.DeferredDelete
        QApplication.processEvents()
        gc.collect()
    assert [ref() for ref in dead] == [None, None]


@pytest.mark.qt_log_ignore("does not support grabbing the (keyboard|mouse)", extend=True)
def test_the_menu_of_the_map_offers_what_the_edit_menu_does(make: Make) -> None:
    window = make()
    window.show()
    window.latent_view.plot.menu_asked.emit(QPoint(40, 40))
    (menu,) = [each for each in window.latent_view.findChildren(QMenu) if each.isVisible()]
    offered = [action.objectName() for action in menu.actions()]
    assert {"edit.undo", "select.all", "select.isolate"} <= set(offered)
    menu.close()


def test_a_panel_behind_another_tab_is_not_seen_and_told_when_it_comes_to_the_front(
    make: Make,
) -> None:
    window = make()
    window.show()
    QApplication.processEvents()
    behind, front = window.docks.docks["grid"], window.docks.docks["samples"]
    front.raise_()
    assert front.widget().isVisible()
    assert not behind.widget().isVisible()
    behind.raise_()
    assert behind.widget().isVisible()
    assert not front.widget().isVisible()


def test_a_panel_chosen_from_the_menu_comes_to_the_front(make: Make) -> None:
    window = make()
    window.show()
    QApplication.processEvents()
    behind, front = window.docks.docks["grid"], window.docks.docks["samples"]
    front.raise_()
    behind.toggleViewAction().trigger()
    assert behind.widget().isVisible()
    behind.toggleViewAction().trigger()
    assert behind.isHidden()
    behind.toggleViewAction().trigger()
    assert behind.widget().isVisible()


def test_every_tab_of_a_small_window_can_be_read(make: Make, look: Any, qapp: Any) -> None:
    theme.apply(qapp, "light")
    window = make()
    window.resize(1280, 800)
    window.show()
    window.docks.reset()
    QApplication.processEvents()
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    for row in window.findChildren(QTabBar, options=direct):
        if row.isVisible():
            assert row.sizeHint().width() <= row.width()
