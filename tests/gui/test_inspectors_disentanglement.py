"""The panel of disentanglement: where it has something to compute, and what it shows of it."""

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from aeviz import data
from aeviz import messages as m
from aeviz.gui.inspectors.disentanglement import (
    MOST_ROWS,
    NO_FACTORS,
    SCORES,
    WITH_FACTORS,
    DisentanglementInspector,
)
from aeviz.gui.session import Session
from tests.gui.inspector_setup import image_run, show

VALUES = {
    **{name: 0.5 for name, _, _ in SCORES},
    "factors": ["shape", "rotation"],
    "informed": [0.9, 0.4],
    "chance": 0.5,
    "factor_vae_score_error": 0.018,
    "beta_vae_score_error": 0.018,
    "samples": 10_000,
    "of": 12_000,
    "part": "validation",
}


@pytest.fixture
def session() -> Session:
    posted: list[m.Message] = []
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> DisentanglementInspector:
    made = DisentanglementInspector(session)
    qtbot.addWidget(made)
    made.show()
    return made


def findings(rows: int = 3, **values: Any) -> m.Studied:
    table = np.linspace(0, 1, 2 * rows, dtype=np.float32).reshape(rows, 2)
    return m.Studied(
        run="r",
        view="disentanglement",
        instrument="disentanglement",
        epoch=0,
        asked=0,
        arrays={"information": table, "importance": table[::-1], "predictability": table},
        values={**VALUES, **values},
        seconds=2.0,
    )


def shapes() -> m.RunOpened:
    return image_run(settings={"data": {"name": "shapes"}})


def test_data_without_factors_are_told_apart(
    panel: DisentanglementInspector, session: Session
) -> None:
    show(session, image_run())
    assert panel.note.text() == NO_FACTORS
    assert not panel.button.isEnabled()
    show(session, shapes())
    assert panel.note.text() == ""
    assert panel.button.isEnabled()
    known = (m.Known("age", np.zeros(6, np.float32)),)
    show(session, image_run(settings={"data": {"name": "/own/table.csv"}}, known=known))
    assert panel.button.isEnabled()


def test_the_data_sets_that_are_named_have_factors(tmp_path: Any) -> None:
    for name in WITH_FACTORS:
        loaded = data.load(name, tmp_path, options={"samples": 50})
        assert any(column.is_factor for column in loaded.columns), name
        assert f"“{loaded.title}”" in NO_FACTORS


def test_the_table_has_a_row_for_each_dimension_and_says_what_a_cell_means(
    panel: DisentanglementInspector, session: Session
) -> None:
    show(session, shapes())
    session.receive(findings())
    matrix = panel.matrix.matrix
    assert matrix is not None
    assert (matrix.rows, matrix.columns) == (("z1", "z2", "z3"), ("shape", "rotation"))
    assert matrix.tip_of(2, 1).startswith("z3 and rotation: 1.00 of what there is to know")
    assert "shape: most in z3, 0.800." in panel.matrix.accessibleDescription()
    panel.table.setCurrentIndex(1)
    assert panel.matrix.matrix is not matrix
    assert panel.matrix.accessibleDescription().startswith("shape: most in z1")


def test_of_many_dimensions_those_that_say_most_are_drawn(
    panel: DisentanglementInspector, session: Session
) -> None:
    show(session, shapes())
    session.receive(findings(rows=MOST_ROWS + 6))
    assert panel.matrix.matrix is not None
    assert panel.matrix.matrix.rows[0] == "z7"
    assert panel.left_out.text() == "6 dimensions that say less are left out."


def test_scores_have_their_error_and_their_definition(
    panel: DisentanglementInspector, session: Session
) -> None:
    show(session, shapes())
    session.receive(findings(dci=None))
    assert panel.scores["factor_vae_score"][1].text() == "0.500"
    assert panel.scores["factor_vae_score"][2].text() == "± 0.018"
    assert panel.scores["dci"][1].text() == "none"
    assert "chance is 0.5" in panel.scores["beta_vae_score"][0].accessibleDescription()
    assert panel.of_what.text().startswith("10,000 of 12,000 validation samples")


def test_a_cell_is_found_under_the_mouse(panel: DisentanglementInspector, session: Session) -> None:
    show(session, shapes())
    session.receive(findings())
    view = panel.matrix
    view.resize(200, view.sizeHint().height())
    inside = view._cell(1, 1).center().toPoint()
    assert view.cell_at(inside) == (1, 1)
    assert view.cell_at(view._cell(-1, 0).center().toPoint()) == (-1, 0)
    assert view.cell_at(view.rect().topLeft()) is None
    assert not view.grab().isNull()


def test_another_run_takes_the_table_away(
    panel: DisentanglementInspector, session: Session
) -> None:
    show(session, shapes())
    session.receive(findings())
    session.receive(image_run())
    assert panel.matrix.matrix is None
