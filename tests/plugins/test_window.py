"""Plug-ins in the window: the list, the question, what they bring; over the real views."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from aeviz import catalogue
from aeviz import messages as m
from aeviz.catalogue import Entry, Option
from aeviz.gui.inspectors.base import INSPECTORS, Inspector, register_inspector
from aeviz.gui.main_window import MainWindow
from aeviz.gui.plugin_dialog import PluginDialog
from aeviz.gui.plugin_question import PluginQuestion
from aeviz.gui.session import Session
from tests.gui.offers import run

HASH = "0123456789abcdef" * 4
NEED = m.NeededPlugin("mine.py", "/there/mine.py", HASH, what="the model 'tiny'")
ROW = m.PluginRow("mine.py", "/there/mine.py", "model tiny", is_loaded=True, is_trusted=True)
OPTION = Option("latent_dim", "Latent", "Number of dimensions", "int", 2)
TINY = Entry("tiny", "Tiny one", "Small", "nowhere", ("image",), (OPTION,), origin="mine.py")
RINGS = Entry("rings", "Rings", "Round", "nowhere", ("table",), origin="mine.py")


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def window(qtbot: Any, posted: list[m.Message]) -> Iterator[MainWindow]:
    made = MainWindow(Session(posted.append))
    qtbot.addWidget(made)
    made.show()
    posted.clear()
    yield made
    catalogue.join((), ())


@pytest.fixture
def panel() -> Iterator[Callable[[type[Inspector]], str]]:
    """Register a panel as a plug-in would, once the window is there."""

    def register(kind: type[Inspector]) -> str:
        register_inspector("test-late", title="Late", area="right", order=190)(kind)
        return "test-late"

    yield register
    INSPECTORS.pop("test-late", None)


def changed(**more: Any) -> m.PluginsChanged:
    return m.PluginsChanged(plugins=(ROW,), models=(asdict(TINY),), data=(asdict(RINGS),), **more)


def question() -> PluginQuestion:
    (found,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, PluginQuestion)]
    return found


def questions() -> list[PluginQuestion]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, PluginQuestion)]


def loads(posted: list[m.Message]) -> list[tuple[str, str]]:
    return [(each.path, each.sha256) for each in posted if isinstance(each, m.LoadPlugin)]


def answer(box: PluginQuestion, button: Any) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    box.deleteLater()


def test_a_run_that_needs_a_file_asks_in_plain_words(
    window: MainWindow, posted: list[m.Message]
) -> None:
    window.session.receive(run(needs=(NEED,), decodes=False))
    box = question()
    text = box.informativeText()
    assert "The model 'tiny' of this run comes from it." in text
    assert "/there/mine.py" in text
    assert HASH in text.replace(" ", "").replace("\n", "")
    assert "can do everything on this computer that you can do" in text
    assert "not the same file" not in text
    assert box.defaultButton() is box.no
    assert not loads(posted)
    answer(box, box.yes)
    assert loads(posted) == [("/there/mine.py", HASH)]


def test_a_path_that_would_deceive_the_eye_is_shown_with_escapes(window: MainWindow) -> None:
    need = replace(NEED, path="/there/\u202eyp.fdp\n\nIt is safe.\n.py")
    window.session.receive(run(needs=(need,), decodes=False))
    assert r"/there/\u202eyp.fdp\n\nIt is safe.\n.py" in question().informativeText()


def test_no_shows_the_map_and_is_not_asked_again(
    window: MainWindow, posted: list[m.Message]
) -> None:
    opened = run(needs=(NEED,), decodes=False)
    window.session.receive(opened)
    answer(question(), question().no)
    QApplication.processEvents()
    window.session.receive(opened)
    assert not loads(posted)
    assert not [box for box in questions() if box.isVisible()]
    assert window.session.run is opened


def test_escape_means_no(window: MainWindow, posted: list[m.Message]) -> None:
    window.session.receive(run(needs=(NEED,), decodes=False))
    QTest.keyClick(question(), Qt.Key.Key_Escape)
    assert not loads(posted)


def test_a_changed_file_is_asked_about_as_such(window: MainWindow) -> None:
    need = replace(NEED, has_changed=True)
    window.session.receive(run(needs=(need,), decodes=False))
    assert "not the same file any more" in question().informativeText()


def test_a_file_that_is_not_there_is_not_asked_about(window: MainWindow) -> None:
    window.session.receive(run(needs=(m.NeededPlugin("mine.py", sentence="x"),), decodes=False))
    assert not questions()


def test_a_run_is_opened_again_when_its_plugin_has_come(
    window: MainWindow, posted: list[m.Message]
) -> None:
    window.session.receive(run(needs=(m.NeededPlugin("mine.py"),), decodes=False))
    posted.clear()
    window.session.receive(changed())
    assert [type(each) for each in posted if isinstance(each, m.OpenRun)] == [m.OpenRun]


def test_models_and_data_of_a_plugin_can_be_chosen(window: MainWindow) -> None:
    window.session.receive(changed())
    plan = window.plan
    plan.set_model("tiny")
    assert plan.model.title == "Tiny one"
    plan.set_data("rings")
    assert plan.data.title == "Rings"
    assert plan.model.title == "Tiny one"
    window.session.receive(m.PluginsChanged())
    assert plan.model.name == "vae"
    assert plan.data.name == "digits"


def test_the_plan_takes_the_settings_of_a_run_once_its_model_is_known(window: MainWindow) -> None:
    settings = {"model": {"name": "tiny", "latent_dim": 5}, "data": {"name": "digits"}}
    window.session.receive(run(settings=settings))
    assert window.plan.model.name != "tiny"
    window.session.receive(changed())
    assert window.plan.settings()["model"] == {"name": "tiny", "latent_dim": 5}


def test_a_panel_of_a_plugin_gets_a_dock_and_a_line_in_the_menu(
    window: MainWindow, panel: Callable[[type[Inspector]], str]
) -> None:
    name = panel(Inspector)
    window.session.receive(changed())
    dock = window.docks.docks[name]
    assert not dock.isHidden()
    (menu,) = [each for each in window.findChildren(QMenu) if each.title() == "&Panels"]
    assert dock.toggleViewAction() in menu.actions()
    window.session.receive(changed())
    assert menu.actions().count(dock.toggleViewAction()) == 1
    window.docks.reset()
    assert dock.parent() is window
    assert window.dockWidgetArea(dock) == Qt.DockWidgetArea.RightDockWidgetArea


def test_a_panel_that_breaks_is_said_and_stops_nothing(
    window: MainWindow, panel: Callable[[type[Inspector]], str]
) -> None:
    class Broken(Inspector):
        def __init__(self, session: Session) -> None:
            raise ZeroDivisionError("nothing to divide")

    name = panel(Broken)
    said: list[m.Failed] = []
    window.session.failed.connect(said.append)
    window.session.receive(changed())
    assert [each.summary for each in said] == [
        "Late cannot be shown: ZeroDivisionError: nothing to divide"
    ]
    assert name not in window.docks.docks
    window.session.receive(changed())
    assert len(said) == 1


def dialog_of(window: MainWindow) -> PluginDialog:
    window.commands.action("plugins.show").trigger()
    (found,) = window.findChildren(PluginDialog)
    return found


def test_the_list_says_what_there_is_and_forgets_what_is_removed(
    window: MainWindow, posted: list[m.Message]
) -> None:
    dialog = dialog_of(window)
    assert not dialog.removers
    window.session.receive(changed())
    QTest.mouseClick(dialog.removers["/there/mine.py"], Qt.MouseButton.LeftButton)
    assert [each.path for each in posted if isinstance(each, m.ForgetPlugin)] == ["/there/mine.py"]
    row = m.PluginRow("mine.py", "/there/mine.py", "model tiny", is_loaded=True)
    window.session.receive(m.PluginsChanged(plugins=(row,)))
    assert not dialog.removers


def test_add_looks_at_the_file_first_and_asks(
    window: MainWindow, posted: list[m.Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = str(Path("/there/mine.py"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen, ""))
    QTest.mouseClick(dialog_of(window).add, Qt.MouseButton.LeftButton)
    assert [each.path for each in posted if isinstance(each, m.SeePlugin)] == [chosen]
    assert not loads(posted)
    window.session.receive(m.PluginSeen(path=chosen, sha256=HASH))
    answer(question(), question().yes)
    assert loads(posted) == [(chosen, HASH)]
