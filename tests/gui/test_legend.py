import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import colouring
from aeviz.gui import theme
from aeviz.gui.legend import Legend
from tests.gui.map_scene import run_opened

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def legend(qapp: QApplication, qtbot: QtBot) -> Legend:
    made = Legend()
    qtbot.addWidget(made)
    made.set_colouring(colouring.by_label(run_opened(60, 3)), frozenset(), "label")
    made.show()
    return made


def middle_of(legend: Legend, row: int) -> QPoint:
    return legend.rows.row_rect(row).center()


def test_rows_have_names_colours_and_counts(legend: Legend) -> None:
    groups = legend.rows.groups
    assert [(group.name, group.count) for group in groups] == [
        ("class 0", 20),
        ("class 1", 20),
        ("class 2", 20),
    ]
    assert groups[1].colour is not None
    assert groups[1].colour.tolist() == theme.label_colours(3)[1].tolist()
    assert "class 2 20" in legend.rows.accessibleDescription()


def test_a_click_hides_and_shows(legend: Legend, qtbot: QtBot) -> None:
    with qtbot.waitSignal(legend.hidden_changed) as hidden:
        qtbot.mouseClick(legend.rows, LEFT, pos=middle_of(legend, 1))
    assert hidden.args == [frozenset({1})]
    assert legend.all.isVisible()
    with qtbot.waitSignal(legend.hidden_changed) as hidden:
        qtbot.mouseClick(legend.rows, LEFT, pos=middle_of(legend, 1))
    assert hidden.args == [frozenset()]
    assert not legend.all.isVisible()


def test_a_double_click_solos_and_a_second_one_shows_all(legend: Legend, qtbot: QtBot) -> None:
    for expected in (frozenset({0, 2}), frozenset()):
        qtbot.mouseClick(legend.rows, LEFT, pos=middle_of(legend, 1))
        qtbot.mouseDClick(legend.rows, LEFT, pos=middle_of(legend, 1))
        assert legend.rows.hidden == expected


def test_a_hidden_row_can_be_soloed(legend: Legend, qtbot: QtBot) -> None:
    legend.set_hidden(frozenset({0, 1}))
    qtbot.mouseClick(legend.rows, LEFT, pos=middle_of(legend, 1))
    qtbot.mouseDClick(legend.rows, LEFT, pos=middle_of(legend, 1))
    assert legend.rows.hidden == {0, 2}


def test_the_keyboard_reaches_every_row(legend: Legend, qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Space):
        qtbot.keyClick(legend.rows, key)
    assert legend.rows.hidden == {2}
    qtbot.keyClick(legend.rows, Qt.Key.Key_Home)
    qtbot.keyClick(legend.rows, Qt.Key.Key_Return)
    assert legend.rows.hidden == {1, 2}


def test_show_all_shows_all(legend: Legend, qtbot: QtBot) -> None:
    legend.set_hidden(frozenset({0, 1}))
    with qtbot.waitSignal(legend.hidden_changed) as hidden:
        legend.all.click()
    assert hidden.args == [frozenset()]


def test_the_tooltip_says_what_a_click_does_and_names_what_is_cut(legend: Legend) -> None:
    assert "double-click" in legend.rows.tooltip_of(0)
    assert "class 0" not in legend.rows.tooltip_of(0)
    long = "a name that is far too long for a column beside a map"
    run = run_opened(60, 3, class_names=(long, "b", "c"))
    legend.set_colouring(colouring.by_label(run), frozenset(), "label")
    assert long in legend.rows.tooltip_of(0)


def test_many_labels_scroll_in_little_room(legend: Legend) -> None:
    run = run_opened(600, 60)
    legend.set_colouring(colouring.by_label(run), frozenset(), "label")
    legend.resize(legend.sizeHint().width(), 200)
    assert legend.rows.height() > 1000
    assert legend.minimumSizeHint().height() < 200
    assert not legend.grab().isNull()


def test_another_colouring_can_be_chosen(legend: Legend, qtbot: QtBot) -> None:
    part = next(a for a in legend.title.menu().actions() if a.data() == "part")
    with qtbot.waitSignal(legend.colour_chosen) as chosen:
        part.trigger()
    assert chosen.args == ["part"]


# ── colouring ─────────────────────────────────────────────────────────────────────────────────


def test_samples_without_a_label_are_a_grey_group_at_the_end() -> None:
    labels = np.array([0, -1, 1, -1])
    run = run_opened(4, 2, labels=labels)
    made = colouring.by_label(run)
    assert made.codes.tolist() == [0, 2, 1, 2]
    assert (made.groups[-1].key, made.groups[-1].name) == (colouring.MISSING, "no label")
    palette = made.palette(theme.LIGHT, frozenset({0}))
    assert palette.tolist()[0] == 0
    assert palette.tolist()[2] == 0xFF000000 | int(theme.LIGHT.missing[1:], 16)


def test_a_run_without_labels_has_one_colour() -> None:
    made = colouring.by_label(run_opened(5, 0))
    assert made.codes.tolist() == [0] * 5
    assert len(made.groups) == 1


def test_parts_are_told_apart() -> None:
    made = colouring.by_part(run_opened(20, 3))
    assert [(group.name, group.count) for group in made.groups] == [
        ("training", 18),
        ("validation", 2),
    ]
    assert made.codes.sum() == 2


def test_labels_beyond_all_colours_still_have_one() -> None:
    labels = np.array([0, 5, 70_000])
    made = colouring.by_label(run_opened(3, 0, labels=labels))
    assert made.codes.max() < len(made.groups) < 4096
    assert len(made.palette(theme.LIGHT, frozenset())) == len(made.groups)
