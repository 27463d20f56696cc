"""The traversal: its rows and their order, what is asked, dragging a strip, dead dimensions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from aeviz import messages as m
from aeviz.gui.inspectors.traversal import (
    BASE,
    NO_RUN,
    SLOPES,
    VIEW,
    TraversalInspector,
    name_of,
)
from aeviz.gui.session import Session
from aeviz.gui.traversal_sheet import STEPS
from tests.gui.inspector_setup import count_of, decoded, image_run, last, reconstructed, show

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: Any) -> TraversalInspector:
    made = TraversalInspector(session)
    qtbot.addWidget(made)
    made.resize(640, 240)
    made.show()
    return made


def found(dimensions: int = 2, **arrays: Any) -> dict[str, Any]:
    fields = {
        "order": np.arange(dimensions)[::-1],
        "weight": np.arange(dimensions, dtype=np.float64),
        "dead": np.arange(dimensions) == 0,
        "low": np.full(dimensions, -2, np.float32),
        "high": np.full(dimensions, 2, np.float32),
        "median": np.full(dimensions, 0.5, np.float32),
    }
    return {**fields, **arrays}


def tell(session: Session, dimensions: int = 2) -> None:
    session.receive(
        m.Answer(run="r", view=VIEW, question="traversal", epoch=0, arrays=found(dimensions),
                 values={"is_kl": True, "counted": 6})
    )  # fmt: skip


def test_dimensions_that_carry_most_come_first_and_dead_ones_say_so(
    session: Session, panel: TraversalInspector
) -> None:
    show(session, image_run())
    tell(session)
    rows = panel.sheet.rows
    assert [row.name for row in rows] == ["z₂", "z₁"]
    assert [row.detail for row in rows] == ["1.00 nats", "dead"]
    assert panel.base_note.text() == "Through the median latent"
    panel.grab()


def test_strips_vary_one_dimension_over_its_range(
    session: Session, posted: list[m.Message], panel: TraversalInspector
) -> None:
    show(session, image_run())
    tell(session)
    request = last(posted, m.Decode, VIEW)
    assert request.z.shape == (2 * STEPS, 2)
    np.testing.assert_allclose(request.z[:STEPS, 1], np.linspace(-2, 2, STEPS))
    assert (request.z[:STEPS, 0] == 0.5).all()
    session.receive(decoded(request))
    assert panel.sheet.rows[0].frames is not None
    panel.grab()


def test_the_base_is_the_pin_else_the_selected_sample(
    session: Session, posted: list[m.Message], panel: TraversalInspector
) -> None:
    run = image_run()
    show(session, run)
    tell(session)
    session.select([2])
    session.receive(reconstructed(last(posted, m.Reconstruct, BASE), 0, run))
    assert panel.base_note.text() == "Through sample #102"
    session.set_pin(np.float32([1, -1]))
    assert panel.base_note.text() == "Through the pin"
    assert [row.value for row in panel.sheet.rows] == [-1, 1]


def test_dragging_a_strip_moves_the_pin_along_its_dimension(
    session: Session, panel: TraversalInspector, qtbot: Any
) -> None:
    show(session, image_run())
    tell(session)
    sheet = panel.sheet
    strip = sheet._strip(0)
    end = QPoint(round(strip.right() - sheet.cell / 2), round(strip.center().y()))
    qtbot.mousePress(sheet, LEFT, pos=strip.center().toPoint())
    qtbot.mouseMove(sheet, end)
    qtbot.mouseRelease(sheet, LEFT, pos=end)
    assert session.pin is not None
    np.testing.assert_allclose(session.pin, [0.5, 2], atol=0.05)


def test_keys_choose_a_dimension_and_change_it(
    session: Session, panel: TraversalInspector, qtbot: Any
) -> None:
    show(session, image_run())
    tell(session)
    qtbot.keyClick(panel.sheet, Qt.Key.Key_Down)
    qtbot.keyClick(panel.sheet, Qt.Key.Key_Right)
    assert session.pin is not None
    np.testing.assert_allclose(session.pin, [0.6, 0.5], atol=1e-6)


def test_of_many_dimensions_only_those_in_view_are_decoded(
    session: Session, posted: list[m.Message], panel: TraversalInspector
) -> None:
    show(session, image_run(latent_dim=512))
    tell(session, 512)
    assert len(panel.sheet.rows) == 512
    request = last(posted, m.Decode, VIEW)
    assert request.z.shape[1] == 512
    assert len(request.z) <= 10 * STEPS
    panel.search.setText("z511")
    assert [row.name for row in panel.sheet.rows] == [name_of(510)]
    panel.search.setText("dead")
    assert [row.name for row in panel.sheet.rows] == ["z₁"]
    panel.search.setText("999")
    assert not panel.sheet.rows
    assert "No dimension" in panel.note.text()


def test_slopes_share_one_scale(
    session: Session, posted: list[m.Message], panel: TraversalInspector
) -> None:
    show(session, image_run())
    tell(session)
    asked = last(posted, m.Ask, SLOPES)
    assert asked.arguments["dimensions"].tolist() == [1, 0]
    slopes = np.zeros((2, 4, 4, 1), np.float32)
    slopes[0, 0, 0], slopes[1, 1, 1] = 4, 1
    session.receive(
        m.Answer(run="r", view=SLOPES, question="slopes", epoch=0, arrays={"slopes": slopes},
                 values={})
    )  # fmt: skip
    first, second = panel.sheet.rows
    assert first.slope is not None
    assert second.slope is not None
    assert (first.slope.max(), second.slope.max()) == (255, 64)


def test_nothing_is_asked_while_it_is_hidden(
    session: Session, posted: list[m.Message], panel: TraversalInspector
) -> None:
    panel.hide()
    show(session, image_run())
    assert count_of(posted, m.Ask) == 0
    panel.show()
    assert last(posted, m.Ask, VIEW).question == "traversal"


def test_without_a_run_it_says_what_to_do(panel: TraversalInspector) -> None:
    assert panel.note.text() == NO_RUN
    assert not panel.save.isEnabled()


def test_it_is_saved_as_a_picture(
    session: Session, posted: list[m.Message], panel: TraversalInspector, tmp_path: Path
) -> None:
    failures: list[m.Failed] = []
    session.failed.connect(failures.append)
    show(session, image_run())
    tell(session)
    panel.save_picture(tmp_path / "rows")
    assert "nothing to be saved yet" in failures[-1].summary
    session.receive(decoded(last(posted, m.Decode, VIEW)))
    panel.save_picture(tmp_path / "rows")
    assert QImage(str(tmp_path / "rows.png")).width() > 300


def test_the_values_are_those_of_every_listed_dimension(
    session: Session,
    posted: list[m.Message],
    panel: TraversalInspector,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    show(session, image_run())
    tell(session)
    chosen = (str(tmp_path / "rows"), "Parquet (*.parquet)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    panel.save.click()
    asked = last(posted, m.ExportRun)
    assert (asked.what, asked.target) == ("values", str(tmp_path / "rows.parquet"))
    z, columns = asked.options["z"], asked.options["columns"]
    for row in panel.sheet.rows:
        of_row = z[columns["dimension"] == row.dimension + 1]
        assert len(of_row) == STEPS
        assert of_row[0, row.dimension] == pytest.approx(row.low)
        assert of_row[-1, row.dimension] == pytest.approx(row.high)
