"""The training panel: the plan as forms, the model as a drawing, the training in numbers."""

from dataclasses import asdict
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from aeviz import messages as m
from aeviz.gui.commands import Commands
from aeviz.gui.model_drawing import FormulaView, ModelDrawing
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session
from aeviz.gui.term_table import TermTable
from aeviz.gui.training_commands import TrainingCommands
from aeviz.gui.training_monitor import done_share
from aeviz.gui.training_panel import PROGRESS, SETUP, TrainingPanel
from aeviz.gui.training_setup import VIEW
from tests.gui.offers import READY, ROWS, TERMS, epoch, progress, run

ANSWER = m.Answer(
    view=VIEW,
    question="describe",
    epoch=-1,
    values={
        "layout": [784, 256, 2, 256, 784],
        "parameters": 402578,
        "latent_dim": 2,
        "terms": [asdict(term) for term in TERMS],
    },
)


class Panel:
    """The panel over a session without an engine."""

    def __init__(self, qtbot: Any) -> None:
        self.posted: list[m.Message] = []
        self.session = Session(self.posted.append)
        self.plan = Plan(ROWS)
        self.commands = Commands()
        TrainingCommands(self.session, self.plan, self.commands, self.commands)
        self.widget = TrainingPanel(self.session, self.plan, self.commands)
        self.setup, self.monitor = self.widget.setup, self.widget.monitor
        qtbot.addWidget(self.widget)
        self.widget.resize(340, 700)
        self.widget.show()

    def asked(self) -> list[m.Ask]:
        return [message for message in self.posted if isinstance(message, m.Ask)]


@pytest.fixture
def panel(qtbot: Any) -> Panel:
    return Panel(qtbot)


def test_the_model_is_asked_for_once_torch_is_there_and_after_every_change(panel: Panel) -> None:
    assert panel.posted == []
    panel.session.receive(READY)
    panel.plan.set_values("model", {"widths": (64,)})
    before, after = panel.asked()
    assert (before.view, before.question) == (VIEW, "describe")
    assert after.arguments["model"] == {"name": "vae", "widths": (64,)}


def test_the_answer_is_drawn_with_parameters_and_formula(panel: Panel) -> None:
    panel.session.receive(ANSWER)
    assert panel.setup.drawing.layout_text == "784 → 256 → 2 → 256 → 784"
    assert panel.setup.formula.text == "loss = ‖x − x̂‖² + β · KL(q ‖ p)"
    texts = [label.text() for label in panel.setup.findChildren(QLabel)]
    assert "402,578 parameters" in texts


def test_an_answer_to_somebody_else_is_not_shown(panel: Panel) -> None:
    panel.session.receive(m.Answer(view="other", question="describe", epoch=-1))
    assert panel.setup.drawing.layout_text == ""


def test_forms_show_the_options_of_model_data_and_training(panel: Panel) -> None:
    forms = panel.setup.forms
    forms["model"].widget("beta").setValue(4.0)
    forms["train"].widget("epochs").setValue(5)
    panel.setup.seed.setValue(3)
    panel.setup.data.chosen.emit("moons")
    forms["data"].widget("noise").setValue(0.3)
    assert panel.plan.settings() == {
        "data": {"name": "moons", "noise": 0.3},
        "model": {"name": "vae", "beta": 4.0},
        "train": {"epochs": 5},
        "seed": 3,
        "device": "auto",
    }


def test_a_preset_fills_the_forms(panel: Panel) -> None:
    panel.setup.preset.chosen.emit("lecture")
    assert panel.setup.data.currentText() == "MNIST"
    assert panel.setup.forms["model"].value("widths") == (512, 256)
    assert panel.setup.forms["train"].widget("lr").text() == "0.01"
    assert panel.setup.preset.currentText() == "Lecture"
    panel.setup.seed.setValue(1)
    assert panel.setup.preset.currentText() == "none"


def test_models_that_cannot_take_the_data_are_greyed_and_say_why(panel: Panel) -> None:
    box = panel.setup.model
    row = box.findText("Flow")
    assert not box.model().item(row).isEnabled()
    assert box.itemData(row, Qt.ItemDataRole.ToolTipRole).startswith("Flow takes tables")
    panel.plan.set_data("moons")
    assert box.model().item(row).isEnabled()


def test_files_can_be_fetched_where_a_data_set_needs_some(panel: Panel) -> None:
    assert not panel.setup.download.isVisibleTo(panel.setup)
    panel.plan.set_data("mnist")
    assert panel.setup.download.isVisibleTo(panel.setup)
    panel.setup.download.click()
    (message,) = panel.posted
    assert isinstance(message, m.Download)
    assert message.name == "mnist"


def test_a_wrong_field_keeps_train_disabled_with_its_sentence(panel: Panel, qtbot: Any) -> None:
    panel.session.receive(READY)
    field = panel.setup.forms["model"].widget("widths")
    field.selectAll()
    qtbot.keyClicks(field, "12, many")
    action = panel.commands.action("train.start")
    assert not action.isEnabled()
    assert action.toolTip().startswith("Layer widths")
    field.selectAll()
    qtbot.keyClicks(field, "12")
    assert action.isEnabled()


def test_what_is_being_typed_is_not_tidied_up(panel: Panel, qtbot: Any) -> None:
    field = panel.setup.forms["model"].widget("widths")
    field.selectAll()
    qtbot.keyClicks(field, "12,")
    assert field.text() == "12,"
    assert panel.plan.values("model") == {"widths": (12,)}


def test_live_options_are_turned_while_training_and_the_rest_is_fixed(panel: Panel) -> None:
    panel.session.receive(READY)
    panel.commands.action("train.start").trigger()
    panel.session.receive(run(status="training"))
    panel.session.receive(m.TrainingChanged(run="r", state="training"))
    forms = panel.setup.forms
    assert not forms["train"].widget("epochs").isEnabled()
    assert not panel.setup.data.isEnabled()
    assert not panel.setup.seed.isEnabled()
    panel.posted.clear()
    forms["model"].widget("beta").setValue(4.0)
    panel.monitor.live.forms["train"].widget("lr").setValue(0.01)
    turns = [message for message in panel.posted if isinstance(message, m.Turn)]
    assert [(turn.name, turn.value) for turn in turns] == [("beta", 4.0), ("lr", 0.01)]
    assert panel.monitor.live.forms["model"].value("beta") == 4.0
    assert forms["train"].value("lr") == 0.01


def test_the_panel_turns_to_the_progress_of_a_run(panel: Panel) -> None:
    assert panel.widget.pages.currentIndex() == SETUP
    assert panel.monitor.headline.text == "No run yet"
    panel.session.receive(run())
    assert panel.widget.pages.currentIndex() == PROGRESS
    panel.widget.show_setup()
    panel.session.receive(READY)
    panel.commands.action("train.start").trigger()
    assert panel.widget.pages.currentIndex() == PROGRESS
    assert panel.monitor.headline.text == "Preparing…"


def test_progress_is_told_in_words_with_the_time_left(panel: Panel) -> None:
    panel.session.receive(run(status="training"))
    panel.session.receive(m.TrainingChanged(run="r", state="training"))
    panel.session.receive(progress())
    assert panel.monitor.headline.text == "Training, epoch 2 of 4"
    assert panel.monitor.detail.text == "3 min 20 s left · 52,310 samples/s · step 5 of 10"
    assert panel.monitor.bar.value() == 375
    panel.session.receive(m.TrainingChanged(run="r", state="paused"))
    assert panel.monitor.headline.text == "Paused, epoch 2 of 4"


def test_the_end_is_told_with_its_reason(panel: Panel) -> None:
    panel.session.receive(run(status="stopped"))
    panel.session.receive(epoch(0))
    panel.session.receive(epoch(1))
    assert panel.monitor.headline.text == "Stopped after 1 of 3 epochs"
    panel.session.receive(m.TrainingChanged(run="r", state="idle", reason="stopped at epoch 1"))
    assert panel.monitor.headline.text == "Stopped at epoch 1"
    assert panel.monitor.detail.text == "VAE on digits"
    assert not panel.monitor.bar.isVisible()


def test_values_are_those_of_the_shown_epoch_or_of_now(panel: Panel) -> None:
    values = panel.monitor.terms._values
    panel.session.receive(run(status="training"))
    for number in (0, 1, 2):
        panel.session.receive(epoch(number))
    panel.session.set_playhead(2)
    assert values["loss"].text() == "8.000"
    assert values["validation_loss"].text() == "10.00"
    assert values["validation_kl"].text() == "–"
    panel.session.receive(m.TrainingChanged(run="r", state="training"))
    panel.session.receive(progress())
    assert values["loss"].text() == "8.500"
    panel.session.set_following(False)
    panel.session.set_playhead(1)
    assert values["loss"].text() == "9.000"


def test_the_devices_are_those_of_the_engine_with_the_reason(panel: Panel) -> None:
    panel.session.receive(READY)
    box = panel.setup.device
    assert [box.itemText(row) for row in range(box.count())] == ["Automatic (CPU)", "CPU"]
    assert box.toolTip() == "There is no GPU."
    box.activated.emit(1)
    assert panel.plan.device == "cpu"


def test_the_share_that_is_done_counts_the_phases_after_the_steps() -> None:
    assert done_share(progress(epoch=1, step=0)) == 0
    assert done_share(progress(epoch=4, step=10)) == 1
    assert done_share(progress(epoch=1, phase="encoding", step=0)) == 0.25


def test_the_latent_layer_is_the_narrow_one_in_the_middle(qtbot: Any) -> None:
    drawing = ModelDrawing()
    qtbot.addWidget(drawing)
    drawing.resize(300, 90)
    drawing.show_layout((2, 64, 2, 64, 2), 2)
    assert drawing._latent == 2
    bars = drawing.bars()
    assert len(bars) == 5
    assert bars[0].left() >= 0
    assert bars[-1].right() <= 300
    drawing.grab()
    drawing.show_layout((), 2)
    assert drawing.bars() == []
    drawing.grab()


def test_labels_of_many_layers_do_not_overlap(qtbot: Any) -> None:
    drawing = ModelDrawing()
    qtbot.addWidget(drawing)
    drawing.resize(200, 90)
    drawing.show_layout((12288, *[1024] * 15, 2, *[1024] * 15, 12288), 2)
    bars = drawing.bars()
    shown = drawing._labelled(bars)
    assert {0, 16, 32} <= set(shown)
    assert len(shown) < 33
    drawing.grab()


def test_a_long_formula_is_wrapped(qtbot: Any) -> None:
    formula = FormulaView()
    qtbot.addWidget(formula)
    formula.show_terms(TERMS * 3)
    assert formula.heightForWidth(120) > 2 * formula.heightForWidth(2000)
    formula.resize(120, formula.heightForWidth(120))
    formula.grab()


def test_a_negative_term_is_subtracted(qtbot: Any) -> None:
    view = FormulaView()
    qtbot.addWidget(view)
    terms = (
        m.Term("base", "Base density", "\N{MINUS SIGN}log p(z)", "nats", ""),
        m.Term("volume", "Volume change", "\N{MINUS SIGN}log|det J|", "nats", ""),
        m.Term("kl", "KL", "KL", "nats", "", weight="beta"),
    )
    view.show_terms(terms)
    assert view.text == "loss = −log p(z) − log|det J| + β · KL"


def test_terms_of_another_run_leave_no_gap(qtbot: Any) -> None:
    table, fresh = TermTable(), TermTable()
    for each in (table, fresh):
        qtbot.addWidget(each)
    many = tuple(m.Term(f"t{n}", f"T{n}", "t", f"unit {n}", "") for n in range(5))
    table.set_terms(tuple(term.name for term in many), many, "loss")
    for each in (table, fresh):
        each.set_terms(("t0",), many[:1], "unit 0")
    QTest.qWait(10)
    assert table.sizeHint() == fresh.sizeHint()


def test_a_model_that_cannot_be_made_says_why_where_it_is_chosen(panel: Panel) -> None:
    panel.session.receive(READY)
    panel.session.receive(ANSWER)
    problem = {"problem": "the model 'flow' takes at most 512 features"}
    panel.session.receive(m.Answer(view=VIEW, question="describe", epoch=-1, values=problem))
    sentence = "The model 'flow' takes at most 512 features"
    assert sentence in [label.text() for label in panel.setup.findChildren(QLabel)]
    assert not panel.setup.drawing.isVisible()
    train = panel.commands.action("train.start")
    assert not train.isEnabled()
    assert sentence in train.toolTip()
    panel.session.receive(ANSWER)
    assert panel.setup.drawing.isVisible()
    assert train.isEnabled()
