"""The panel of the evidence: what it asks, when, and what it says of the answer."""

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.inspectors.evidence import DRAWS, NO_RUN, VIEW, EvidenceInspector
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, image_run, last, show

VALUES = {
    "asked": 0,
    "samples": 1,
    "done": 1,
    "is_standard": True,
    "reason": "",
    "elbo": -137.08,
    "reconstruction": -129.84,
    "divergence": 7.24,
    "iwae": -135.73,
    "elbo_error": 0.5,
    "reconstruction_error": 0.5,
    "divergence_error": 0.02,
    "iwae_error": 0.49,
}


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> EvidenceInspector:
    made = EvidenceInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 500)
    made.show()
    return made


def rested(panel: EvidenceInspector) -> None:
    assert panel._rest.isActive()
    panel._rest.stop()
    panel._on_rested()


def tell(session: Session, kl: Any = (2.5, 0.001), **values: Any) -> None:
    arrays = {"kl": np.array(kl, np.float32), "active": np.array(kl) > 0.01}
    told = {**VALUES, **values}
    session.receive(m.Answer(run="r", view=VIEW, question="", epoch=0, arrays=arrays, values=told))


def figures(panel: EvidenceInspector) -> dict[str, str]:
    return {name: value.text() for name, (value, _) in panel.figures.items()}


def test_without_a_run_it_says_what_will_be_there(panel: EvidenceInspector) -> None:
    assert panel.note.text() == NO_RUN


def test_it_asks_for_held_out_samples_when_the_timeline_rests(
    panel: EvidenceInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    assert count_of(posted, m.Ask) == 0
    rested(panel)
    request = last(posted, m.Ask, VIEW)
    assert request.arguments["rows"].tolist() == [5]
    assert request.arguments["draws"] == DRAWS
    assert not request.arguments["binarise"]


def test_hidden_it_asks_nothing_until_it_is_shown(session: Session, qtbot: QtBot) -> None:
    panel = EvidenceInspector(session)
    qtbot.addWidget(panel)
    show(session, image_run())
    assert not panel._rest.isActive()
    panel.show()
    assert panel._rest.isActive()
    panel._rest.stop()


def test_the_split_adds_up_as_it_is_written(panel: EvidenceInspector, session: Session) -> None:
    show(session, image_run())
    panel._rest.stop()
    tell(session)
    assert figures(panel) == {
        "reconstruction": "−129.84",
        "divergence": "7.24",
        "elbo": "−137.08",
        "iwae": "−135.73",
        "gap": "1.35",
    }
    assert panel.figures["iwae"][1].text() == "± 0.49"
    assert "nats per sample" in panel.figures["elbo"][0].toolTip()
    assert panel.about.text() == "Epoch 0 · 1 validation sample · nats per sample"


def test_dimensions_stand_in_order_and_dead_ones_are_grey(
    panel: EvidenceInspector, session: Session
) -> None:
    show(session, image_run())
    panel._rest.stop()
    tell(session, kl=(0.001, 2.5, 1.0))
    bars = panel.bars.bars
    assert bars is not None
    assert bars.names == ("z2", "z3", "z1")
    assert bars.texts == ("2.500", "1.000", "0.001 dead")
    assert bars.faint == (False, False, True)
    assert panel.dimensions.text() == "KL per dimension · 2 of 3 active"


def test_bars_of_a_collapsed_model_are_short(panel: EvidenceInspector, session: Session) -> None:
    show(session, image_run())
    panel._rest.stop()
    tell(session, kl=(0.001, 0.0002, 0.0))
    bars = panel.bars.bars
    assert bars is not None
    assert max(bars.lengths) < 0.05


def test_a_model_without_bounds_keeps_its_bars(panel: EvidenceInspector, session: Session) -> None:
    show(session, image_run())
    panel._rest.stop()
    tell(session, reason="mse states no likelihood", done=0, elbo=None)
    assert panel.reason.text() == "No bound: mse states no likelihood."
    assert panel.bars.bars is not None


def test_an_answer_of_another_epoch_is_not_shown(
    panel: EvidenceInspector, session: Session
) -> None:
    show(session, image_run())
    panel._rest.stop()
    tell(session, asked=2)
    assert panel.bars.bars is None


def test_while_it_is_estimated_it_says_how_far_it_is(
    panel: EvidenceInspector, session: Session
) -> None:
    show(session, image_run())
    panel._rest.stop()
    tell(session, samples=180, done=60)
    assert panel.about.text().endswith("60 so far")
