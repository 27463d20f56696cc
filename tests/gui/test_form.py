"""Form: options become fields; only valid values that differ from the default come out."""

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from aeviz.catalogue import Option
from aeviz.gui.fields import BoolField, ChoiceField, FloatField, IntField, TextField, WidthsField
from aeviz.gui.form import Fold, Form
from tests.gui.offers import BETA, DECAY, EPOCHS, LR, SCHEDULE, SHARE, WIDTHS

FLAG = Option("bias", "Bias", "Add a constant", "bool", True)
WORD = Option("note", "Note", "Anything", "text", "")
OPTIONS = (EPOCHS, LR, SCHEDULE, WIDTHS, FLAG, WORD, DECAY)


@pytest.fixture
def form(qtbot: Any) -> Form:
    made = Form(OPTIONS)
    qtbot.addWidget(made)
    made.show()
    return made


def heard(form: Form) -> list[str]:
    names: list[str] = []
    form.edited.connect(names.append)
    return names


def test_every_kind_has_its_field_with_name_and_tip(form: Form) -> None:
    kinds = (IntField, FloatField, ChoiceField, WidthsField, BoolField, TextField, FloatField)
    for option, kind in zip(OPTIONS, kinds, strict=True):
        field = form.widget(option.name)
        assert isinstance(field, kind)
        assert field.accessibleName() == option.title
        assert option.description in field.toolTip()


def test_defaults_give_no_values(form: Form) -> None:
    assert form.values() == {}


def test_what_is_put_comes_out_again_and_emits_nothing(form: Form) -> None:
    names = heard(form)
    values = {
        "epochs": 5, "lr": 2.5e-4, "schedule": "cosine", "widths": (512, 64), "bias": False,
        "note": "two", "weight_decay": 0.01,
    }  # fmt: skip
    form.put(values)
    assert form.values() == values
    form.put({})
    assert form.values() == {}
    assert names == []


def test_typing_emits_the_name_of_the_option(form: Form, qtbot: Any) -> None:
    names = heard(form)
    field = form.widget("epochs")
    field.selectAll()
    qtbot.keyClicks(field, "12")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert form.values() == {"epochs": 12}
    assert set(names) == {"epochs"}


def test_numbers_are_shown_as_short_as_they_are_exact(form: Form) -> None:
    assert form.widget("lr").text() == "1e-3"
    form.put({"lr": 0.05})
    assert form.widget("lr").text() == "0.05"


@pytest.mark.parametrize(("typed", "value"), [("2e-4", 2e-4), ("0,02", 0.02), ("3", 3.0)])
def test_numbers_can_be_typed_as_people_write_them(
    form: Form, qtbot: Any, typed: str, value: float
) -> None:
    field = form.widget("lr")
    field.selectAll()
    qtbot.keyClicks(field, typed)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert form.values() == {"lr": value}


def test_letters_and_numbers_outside_the_range_are_not_taken(form: Form, qtbot: Any) -> None:
    field = form.widget("lr")
    field.selectAll()
    qtbot.keyClicks(field, "abc1000")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert 0 <= form.value("lr") <= 100


def test_steps_of_a_logarithmic_number_go_one_two_five(qtbot: Any) -> None:
    field = FloatField(LR)
    qtbot.addWidget(field)
    field.put(1e-3)
    seen = []
    for _ in range(4):
        field.stepBy(1)
        seen.append(field.value())
    assert seen == [2e-3, 5e-3, 1e-2, 2e-2]
    field.stepBy(-4)
    assert field.value() == 1e-3


def test_steps_of_another_number_are_a_round_part_of_its_range(qtbot: Any) -> None:
    field = FloatField(SHARE)
    qtbot.addWidget(field)
    field.put(0.1)
    field.stepBy(1)
    assert field.value() == pytest.approx(0.2)
    field.stepBy(-5)
    assert field.value() == 0


def test_a_wrong_list_of_widths_is_explained_and_kept_out(form: Form, qtbot: Any) -> None:
    field, names = form.widget("widths"), heard(form)
    field.selectAll()
    qtbot.keyClicks(field, "512, x")
    assert form.problems() == ("Layer widths: Whole numbers from 1 to 65536, with commas between",)
    assert form.values() == {"widths": (512,)}
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    qtbot.keyClicks(field, "64")
    assert form.problems() == ()
    assert form.values() == {"widths": (512, 64)}
    assert set(names) == {"widths"}


@pytest.mark.parametrize("kind", ["int", "float", "choice", "ints", "text"])
def test_what_has_no_default_is_left_to_the_program(qtbot: Any, kind: Any) -> None:
    option = Option("free", "Free", "", kind, None, 1, 10, ("a", "b"))
    form = Form((option,))
    qtbot.addWidget(form)
    assert form.value("free") is None
    assert form.values() == {}


def test_while_training_only_live_options_can_be_changed(qtbot: Any) -> None:
    form = Form((LR, EPOCHS))
    qtbot.addWidget(form)
    form.lock("Fixed while a training is under way.")
    assert form.widget("lr").isEnabled()
    assert not form.widget("epochs").isEnabled()
    assert form.widget("epochs").toolTip() == "Fixed while a training is under way."
    form.lock("")
    assert form.widget("epochs").isEnabled()
    assert form.widget("epochs").toolTip() == "Passes."


def test_advanced_options_are_folded_away_until_asked_for(form: Form) -> None:
    assert form.widget("epochs").isVisible()
    assert not form.widget("weight_decay").isVisible()
    form.findChild(Fold).set_open(True)
    assert form.widget("weight_decay").isVisible()


def test_a_model_may_change_defaults(form: Form) -> None:
    form.set_options(OPTIONS, {"lr": 0.01})
    form.put({})
    assert form.value("lr") == 0.01
    assert form.values() == {}
    form.put({"lr": 1e-3})
    assert form.values() == {"lr": 1e-3}


def test_the_wheel_scrolls_the_panel_and_changes_no_number(form: Form) -> None:
    field = form.widget("epochs")
    field.clearFocus()
    event = QWheelEvent(
        QPointF(3, 3), QPointF(3, 3), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(field, event)
    assert form.values() == {}


def test_the_names_of_changed_options_stand_out(form: Form) -> None:
    weight = form._labels["epochs"].font().weight()
    form.put({"epochs": 3})
    assert form._labels["epochs"].font().weight() > weight
    form.put({})
    assert form._labels["epochs"].font().weight() == weight


def test_other_options_replace_the_rows(form: Form) -> None:
    form.set_options((replace(BETA, default=2.0),))
    assert form.value("beta") == 2.0
    with pytest.raises(KeyError):
        form.widget("epochs")


def test_an_option_is_there_only_where_it_matters(qtbot: Any) -> None:
    body = Option("body", "Body", "", "choice", "dense", choices=("dense", "conv"))
    channels = Option("channels", "Channels", "", "ints", (32,), 1, 9, when=("body", "conv"))
    form = Form((body, channels))
    qtbot.addWidget(form)
    form.show()
    assert not form.widget("channels").isVisible()
    form.put({"body": "conv"})
    assert form.widget("channels").isVisible()
    form.put({})
    assert not form.widget("channels").isVisible()


def test_what_hangs_on_a_hidden_option_is_hidden_too(qtbot: Any) -> None:
    first = Option("prior", "Prior", "", "choice", "normal", choices=("normal", "flow"))
    second = Option("kind", "Kind", "", "choice", "maf", choices=("maf",), when=("prior", "flow"))
    third = Option("bins", "Bins", "", "int", 8, 1, 9, when=("kind", "maf"))
    form = Form((first, second, third))
    qtbot.addWidget(form)
    form.show()
    assert not form.widget("bins").isVisible()
    form.put({"prior": "flow"})
    assert form.widget("bins").isVisible()
