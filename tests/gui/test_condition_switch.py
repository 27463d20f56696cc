"""What a conditional model is told: the switch, the session, the swap row, the colours."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from aeviz import colouring
from aeviz import messages as m
from aeviz.gui.condition_switch import STEPS, ConditionSwitch, fits_in_a_bar
from aeviz.gui.inspectors.cursor import CURSOR, CursorInspector
from aeviz.gui.inspectors.reconstruction import SWAP, ReconstructionInspector, swap_title
from aeviz.gui.legend import Legend
from aeviz.gui.session import Session
from tests.gui.inspector_setup import decoded, image_run, last, reconstructed, show

DOMAINS = m.Conditions("domain", "choice", ("hand", "print"))
LABELS = m.Conditions("label", "choice", ("zero", "one", "two"))
NUMBERS = m.Conditions(
    "age,dose", "numbers", ("age", "dose"), ("years", ""), ((20, 60), (0, 1)), (40, 0.25)
)
HALF = m.Conditions("upper-half", "sample", ("upper-half",))
TOLD = np.array([0, 1, 0, 1, -1, 1])


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def switch(session: Session, qtbot: Any) -> ConditionSwitch:
    made = ConditionSwitch(session)
    qtbot.addWidget(made)
    return made


def run_told(about: m.Conditions, **changes: Any) -> m.RunOpened:
    told = TOLD if about.kind == "choice" else None
    return image_run(conditions=about, told=told, abilities=("conditional",), **changes)


# ── the session ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("about", "first"), [(DOMAINS, 0), (NUMBERS, (40, 0.25)), (HALF, 0), (None, None)]
)
def test_a_run_begins_with_its_first_choice_or_the_means(
    session: Session, about: m.Conditions | None, first: Any
) -> None:
    session.set_condition(9)
    session.receive(image_run(conditions=about))
    assert session.condition == first


def test_every_decode_is_told_the_condition(session: Session, posted: list[m.Message]) -> None:
    show(session, run_told(DOMAINS))
    session.set_condition(1)
    session.decode("v", np.zeros(2, np.float32))
    assert last(posted, m.Decode, "v").condition == 1
    each = np.array([0, 1])
    session.decode("v", np.zeros((2, 2), np.float32), condition=each)
    assert last(posted, m.Decode, "v").condition is each


def test_a_selected_sample_is_told_where_a_part_of_it_is_the_condition(session: Session) -> None:
    show(session, run_told(HALF))
    session.select([4, 2])
    assert session.condition == 2
    show(session, run_told(DOMAINS))
    session.select([4])
    assert session.condition == 0


# ── the switch ────────────────────────────────────────────────────────────────────────────────


def test_a_model_without_conditions_has_no_switch(
    session: Session, switch: ConditionSwitch
) -> None:
    show(session, image_run())
    assert switch.isHidden()


def test_a_few_choices_stand_side_by_side(
    session: Session, switch: ConditionSwitch, qtbot: Any
) -> None:
    show(session, run_told(DOMAINS))
    switch.show()
    bar = switch.segments
    assert [segment.text() for segment in bar.segments] == ["hand", "print"]
    assert bar.segments[0].isChecked()
    qtbot.mouseClick(bar.segments[1], Qt.MouseButton.LeftButton)
    assert session.condition == 1
    session.set_condition(0)
    assert bar.segments[0].isChecked()
    assert not switch.box.isVisibleTo(switch)


def test_many_choices_are_listed_in_a_box(session: Session, switch: ConditionSwitch) -> None:
    names = tuple(f"number {place}" for place in range(30))
    show(session, run_told(m.Conditions("label", "choice", names)))
    assert switch.box.isVisibleTo(switch)
    assert switch.box.count() == 30
    switch.box.activated.emit(17)
    assert session.condition == 17
    assert fits_in_a_bar(tuple("0123456789"))
    assert not fits_in_a_bar(("a rather long name", "and one more of these"))


def test_numbers_have_sliders_over_their_ranges(session: Session, switch: ConditionSwitch) -> None:
    show(session, run_told(NUMBERS))
    age, dose = switch.sliders
    assert (age.value(), dose.value()) == (STEPS // 2, STEPS // 4)
    assert [label.text() for label in switch.values] == ["age: 40.0 years", "dose: 0.250"]
    dose.setValue(STEPS)
    assert session.condition == (40, 1.0)
    session.set_condition((20.0, 0.5))
    assert (age.value(), dose.value()) == (0, STEPS // 2)
    assert session.condition == (20.0, 0.5)


def test_the_sample_that_is_told_is_named(session: Session, switch: ConditionSwitch) -> None:
    show(session, run_told(HALF))
    assert switch.caption.text() == "Decode with the upper half of"
    session.select([3])
    assert switch.sample.text().startswith("Sample #103")


def test_another_run_has_another_switch(session: Session, switch: ConditionSwitch) -> None:
    for about in (NUMBERS, DOMAINS, LABELS, HALF):
        show(session, run_told(about))
    assert switch.sliders == []
    show(session, run_told(LABELS))
    assert [segment.text() for segment in switch.segments.segments] == list(LABELS.names)


# ── what follows it ───────────────────────────────────────────────────────────────────────────


def test_the_decode_under_the_mouse_follows_the_switch(
    session: Session, posted: list[m.Message], qtbot: Any
) -> None:
    inspector = CursorInspector(session)
    qtbot.addWidget(inspector)
    show(session, run_told(DOMAINS))
    session.set_pin(np.zeros(2, np.float32))
    before = last(posted, m.Decode, CURSOR)
    session.set_condition(1)
    after = last(posted, m.Decode, CURSOR)
    assert (before.condition, after.condition) == (0, 1)
    session.receive(decoded(before, condition=0))
    assert inspector.decode.coordinates.text() == ""
    session.receive(decoded(after, condition=1))
    assert inspector.decode.coordinates.text().startswith("z = ")


@pytest.fixture
def reconstructions(session: Session, qtbot: Any) -> ReconstructionInspector:
    made = ReconstructionInspector(session)
    qtbot.addWidget(made)
    made.resize(900, 260)
    return made


def test_of_two_domains_every_sample_is_swapped_to_the_other(
    session: Session, posted: list[m.Message], reconstructions: ReconstructionInspector
) -> None:
    run = run_told(DOMAINS)
    show(session, run)
    request = last(posted, m.Reconstruct, SWAP)
    assert request.rows.tolist() == [0, 1, 2]
    assert request.condition.tolist() == [1, 0, 1]
    height = reconstructions.pairs.height()
    answer = reconstructed(request, 0, run)
    session.receive(m.Reconstructed(**{**vars(answer), "condition": request.condition}))
    assert reconstructions.pairs.height() == height
    reconstructions.grab()
    show(session, image_run())
    assert reconstructions.pairs.height() != height


def test_of_more_choices_the_swap_row_is_under_the_sessions(
    session: Session, posted: list[m.Message], reconstructions: ReconstructionInspector
) -> None:
    show(session, run_told(LABELS))
    session.set_condition(2)
    assert last(posted, m.Reconstruct, SWAP).condition == 2


def test_the_swap_row_says_what_it_is() -> None:
    assert swap_title(run_told(DOMAINS), 0) == "Swapped: hand ↔ print"
    assert swap_title(run_told(LABELS), 2) == "As label two"
    assert swap_title(run_told(NUMBERS), (20.0, 0.5)) == "With age 20, dose 0.5"
    assert swap_title(run_told(HALF), 4) == "With the upper half of #104"
    assert swap_title(image_run(), None) == ""


def test_the_map_can_be_coloured_by_a_choice_that_is_not_the_label(session: Session) -> None:
    run = run_told(DOMAINS)
    show(session, run)
    session.set_colour("condition")
    groups = colouring.BY[session.colour](run).groups
    assert [(group.name, group.count) for group in groups[:2]] == [("hand", 2), ("print", 3)]
    assert groups[2].key == colouring.MISSING
    show(session, run_told(LABELS))
    assert session.colour == "label"


def test_the_legend_offers_the_condition_by_its_name(qtbot: Any) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    action = legend.title.menu().actions()[-1]
    assert not action.isVisible()
    legend.offer_condition("domain")
    assert (action.isVisible(), action.text()) == (True, "Domain")
