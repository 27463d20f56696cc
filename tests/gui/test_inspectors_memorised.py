"""The panel of memorised decodes: when it asks, and how carefully it speaks."""

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.inspectors.memorised import NO_RUN, POINT, VIEW, MemorisedInspector, verdict
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, image_run, last, show, table_run

PLACE = np.array([0.5, 0.25], np.float32)
VALUES = {
    "asked": 0,
    "distance_train": 2.0,
    "distance_validation": 4.0,
    "ratio": 0.5,
    "percentile": 40.0,
    "judged": 128,
    "usual_ratio": 0.9,
    "usual_train": 3.0,
    "train": 5,
    "validation": 200,
}


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> MemorisedInspector:
    made = MemorisedInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 600)
    made.show()
    return made


def rested(panel: MemorisedInspector) -> None:
    assert panel._rest.isActive()
    panel._rest.stop()
    panel._on_rested()


def tell(session: Session, x: Any = None, z: Any = PLACE, **values: Any) -> None:
    decode = np.full((4, 4, 1), 0.5, np.float32) if x is None else x
    arrays = {"z": z, "x": decode, "nearest": np.array([1, 5])}
    told = {**VALUES, **values}
    session.receive(m.Answer(run="r", view=VIEW, question="", epoch=0, arrays=arrays, values=told))


def test_it_says_what_to_do_until_there_is_a_place(
    panel: MemorisedInspector, session: Session
) -> None:
    assert panel.note.text() == NO_RUN
    show(session, image_run())
    assert panel.note.text() == POINT


def test_it_asks_for_the_pin_when_the_mouse_rests(
    panel: MemorisedInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.set_pin(PLACE)
    assert count_of(posted, m.Ask) == 0
    rested(panel)
    asked = last(posted, m.Ask, VIEW)
    np.testing.assert_array_equal(asked.arguments["z"], PLACE)
    assert asked.arguments["asked"] == 0


def test_hidden_it_asks_nothing(session: Session, qtbot: QtBot) -> None:
    panel = MemorisedInspector(session)
    qtbot.addWidget(panel)
    show(session, image_run())
    session.set_pin(PLACE)
    assert not panel._rest.isActive()
    panel.show()
    assert panel._rest.isActive()
    panel._rest.stop()


def test_the_decode_stands_between_the_nearest_samples(
    panel: MemorisedInspector, session: Session
) -> None:
    show(session, image_run())
    session.set_pin(PLACE)
    panel._rest.stop()
    tell(session)
    assert [name.text for name in panel.names] == ["<b>one</b> · #101", "", "two · #105"]
    assert {name: label.text() for name, label in panel.figures.items()} == {
        "distance_train": "2.00",
        "distance_validation": "4.00",
        "ratio": "0.500",
        "usual_ratio": "0.900",
    }
    assert panel.about.text() == ("Epoch 0 · 5 training samples, 200 held out, 128 of them judged")


def test_of_a_table_there_are_two_profiles(panel: MemorisedInspector, session: Session) -> None:
    show(session, table_run())
    session.set_pin(PLACE)
    panel._rest.stop()
    tell(session, x=np.array([1.0, 2.0, 3.0], np.float32))
    assert all(profile.bars.bars is not None for profile in panel.profiles)
    assert "nearest held-out sample" in panel.profiles[1].legend.text()
    assert not panel.pictures[0].isVisible()


def test_an_answer_of_another_place_is_not_shown(
    panel: MemorisedInspector, session: Session
) -> None:
    show(session, image_run())
    session.set_pin(PLACE)
    panel._rest.stop()
    tell(session, z=PLACE + 1)
    tell(session, asked=2)
    assert not panel._body.isVisible()


def test_samples_that_the_run_does_not_keep_are_counted(
    panel: MemorisedInspector, session: Session
) -> None:
    show(session, image_run(total=1000))
    session.set_pin(PLACE)
    panel._rest.stop()
    tell(session)
    assert panel.about.text().endswith("795 that the run does not keep are left out")


def test_only_an_unusual_ratio_is_called_perhaps_memorised() -> None:
    close = verdict({**VALUES, "percentile": 100 * 2 / 128})
    assert close.startswith("Closer to a training sample than is usual: 2 of 128 real")
    assert verdict(VALUES).startswith("Nothing says that it is memorised: 51 of 128")
    few = verdict({**VALUES, "percentile": 0.0, "judged": 18})
    assert few.startswith("Nothing says that it is memorised: none of 18")
    assert verdict({**VALUES, "percentile": None}).startswith("Comparing")
    assert "too few" in verdict({**VALUES, "percentile": None, "validation": 1})


def test_why_nothing_can_be_said_is_said(panel: MemorisedInspector, session: Session) -> None:
    show(session, image_run())
    session.set_pin(PLACE)
    panel._rest.stop()
    failed = m.Failed(where="question", summary="All kept samples were trained on.", view=VIEW)
    session.receive(failed)
    assert panel.note.text() == "All kept samples were trained on."
