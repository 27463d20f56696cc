"""The panel of features: what it asks for each choice, its bars, its file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.inspectors.base import abilities_of
from aeviz.gui.inspectors.features import (
    EXPORT,
    MOST_ROWS,
    NO_PATH,
    NO_POINT,
    NO_RUN,
    VIEW,
    FeaturesInspector,
)
from aeviz.gui.route import Anchor
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, image_run, last, show, table_run

PLACE = np.array([0.5, 0.25], np.float32)


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> FeaturesInspector:
    made = FeaturesInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 500)
    made.show()
    return made


def rested(panel: FeaturesInspector) -> None:
    assert panel._rest.isActive()
    panel._rest.stop()
    panel._on_rested()


def choose(panel: FeaturesInspector, about: str) -> None:
    panel.what.setCurrentIndex(panel.what.findData(about))


def asked(posted: list[m.Message]) -> Any:
    return last(posted, m.Ask, VIEW).arguments


def tell(
    panel: FeaturesInspector,
    about: str = "point",
    features: int = 3,
    tag: int | None = None,
    **more: Any,
) -> None:
    change = np.linspace(-30, 20, features).astype(np.float32)
    deviations = change / 10
    deviations[-1] = np.nan
    arrays = {
        "change": change,
        "deviations": deviations,
        "start": np.zeros(features, np.float32),
        "end": change,
        "order": np.arange(features),
        **more,
    }
    values = {"counted": 6, "about": about, "tag": panel._tag if tag is None else tag}
    answer = m.Answer(run="r", view=VIEW, question="", epoch=0, arrays=arrays, values=values)
    panel.session.receive(answer)


def test_only_runs_on_tables_have_the_panel(panel: FeaturesInspector, session: Session) -> None:
    assert panel.note.text() == NO_RUN
    assert "table" in abilities_of(table_run())
    assert "table" not in abilities_of(image_run())
    show(session, table_run())
    assert panel.note.text() == NO_POINT


def test_a_point_is_that_under_the_mouse_or_the_pin(
    panel: FeaturesInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, table_run())
    session.set_pin(PLACE)
    rested(panel)
    assert asked(posted)["about"] == "point"
    np.testing.assert_array_equal(asked(posted)["z"], PLACE)
    session.move_cursor((3.0, 1.0))
    rested(panel)
    np.testing.assert_array_equal(asked(posted)["z"], session.cursor)


def test_a_path_is_asked_as_it_runs(
    panel: FeaturesInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, table_run())
    choose(panel, "path")
    assert panel.note.text() == NO_PATH
    for place in ((0.0, 0.0), (2.0, 2.0)):
        session.route.add(Anchor(np.array(place, np.float32)))
    rested(panel)
    z = asked(posted)["z"]
    np.testing.assert_allclose(z[[0, -1]], [[0, 0], [2, 2]], atol=1e-6)
    assert len(z) > 10


def test_a_dimension_needs_no_place_and_goes_through_the_pin(
    panel: FeaturesInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, table_run())
    choose(panel, "dimension")
    panel.dimension.setValue(2)
    rested(panel)
    assert (asked(posted)["dimension"], asked(posted)["z"]) == (1, None)
    low, high = np.array([0, -1.5], np.float32), np.array([0, 1.5], np.float32)
    tell(panel, "dimension", low=low, high=high)
    assert "decode where z2 is 1.5 (its 99 % quantile) minus" in panel.about.text()
    assert "others stay at their medians" in panel.about.text()


def test_bars_have_signs_in_both_units(panel: FeaturesInspector, session: Session) -> None:
    show(session, table_run())
    session.set_pin(PLACE)
    rested(panel)
    tell(panel)
    bars = panel.bars.bars
    assert bars is not None
    assert bars.texts == ("−30.0 (−3.0 σ)", "−5.00 (−0.5 σ)", "+20.0")
    assert bars.kind == "difference"
    np.testing.assert_allclose(bars.lengths[:2], [-1, -0.5 / 3], rtol=1e-6)
    assert "of 6 samples; they end at ±3.0 σ" in panel.about.text()
    assert bars.tips[0].endswith("from 0.000 to −30.00, a change of −30.0 (−3.0 σ).")


def test_a_variation_has_no_sign(panel: FeaturesInspector, session: Session) -> None:
    show(session, table_run())
    choose(panel, "variation")
    for place in ((0.0, 0.0), (2.0, 2.0)):
        session.route.add(Anchor(np.array(place, np.float32)))
    rested(panel)
    tell(panel, "variation")
    assert panel.bars.bars is not None
    assert panel.bars.bars.kind == "error"
    assert not panel.bars.bars.texts[0].startswith(("+", "−"))


def test_of_many_features_the_first_are_drawn(panel: FeaturesInspector, session: Session) -> None:
    show(session, table_run(MOST_ROWS + 5))
    session.set_pin(PLACE)
    rested(panel)
    tell(panel, features=MOST_ROWS + 5)
    assert panel.bars.bars is not None
    assert len(panel.bars.bars.names) == MOST_ROWS
    assert panel.more.text() == "5 features that change less are in the export."


def test_an_answer_to_an_older_question_is_not_shown(
    panel: FeaturesInspector, session: Session
) -> None:
    show(session, table_run())
    session.set_pin(PLACE)
    rested(panel)
    panel._on_rested()  # asks anew
    tell(panel, tag=panel._tag - 1)
    assert panel.bars.bars is None


def test_the_ranking_is_written_as_a_table(
    panel: FeaturesInspector, session: Session, posted: list[m.Message], tmp_path: Path
) -> None:
    show(session, table_run())
    session.set_pin(PLACE)
    panel._rest.stop()
    panel.save_as(tmp_path / "ranking")
    request = last(posted, m.Ask, EXPORT).arguments
    assert request["csv"]
    assert request["names"] == ("feature a0", "feature b1", "feature c2")
    values = {"csv": "rank,feature\n1,ä\n", "tag": 0, "about": "point", "counted": 6}
    session.receive(m.Answer(run="r", view=EXPORT, question="", epoch=0, arrays={}, values=values))
    assert (tmp_path / "ranking.csv").read_text("utf-8") == "rank,feature\n1,ä\n"


def test_hidden_it_asks_nothing(session: Session, posted: list[m.Message], qtbot: QtBot) -> None:
    panel = FeaturesInspector(session)
    qtbot.addWidget(panel)
    show(session, table_run())
    session.set_pin(PLACE)
    assert not panel._rest.isActive()
    assert count_of(posted, m.Ask) == 0


def test_why_nothing_can_be_said_is_said(panel: FeaturesInspector, session: Session) -> None:
    show(session, table_run())
    session.set_pin(PLACE)
    panel._rest.stop()
    session.receive(m.Failed(where="question", summary="No samples are kept.", view=VIEW))
    assert panel.note.text() == "No samples are kept."
