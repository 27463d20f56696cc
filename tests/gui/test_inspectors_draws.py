"""Draws: what is asked, that their latents stay, where they lie, what is saved."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.drawn import drawn_of
from aeviz.gui.inspectors.draws import CHOOSE, NO_RUN, VIEW, DrawsInspector
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, decoded, image_run, last, show
from tests.gui.test_condition_switch import LABELS, run_told
from tests.gui.test_latent_view import view_of

Z = np.float32([[0, 0], [1, 2], [3, 1], [4, 4]])


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(qapp: QApplication, posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> DrawsInspector:
    made = DrawsInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 420)
    made.show()
    return made


def tell(session: Session, epoch: int = 0, **arrays: Any) -> None:
    session.receive(
        m.Answer(run="r", view=VIEW, question="draws", epoch=epoch, arrays={"z": Z, **arrays},
                 values={"progress": 1.0})
    )  # fmt: skip


def test_a_model_with_a_prior_is_drawn_from_it_and_one_without_from_a_mixture(
    session: Session, posted: list[m.Message], panel: DrawsInspector
) -> None:
    show(session, image_run(abilities=("prior", "posterior")))
    assert last(posted, m.Ask, VIEW).arguments["using"] == "prior"
    show(session, image_run())
    assert last(posted, m.Ask, VIEW).arguments["using"] == "gmm"
    items = [panel.source.model().item(row).isEnabled() for row in range(4)]  # type: ignore[attr-defined]
    assert items == [False, True, True, False]


def test_latents_stay_while_the_timeline_moves(
    session: Session, posted: list[m.Message], panel: DrawsInspector
) -> None:
    show(session, image_run())
    tell(session)
    session.receive(decoded(last(posted, m.Decode, VIEW)))
    assert panel.sheet.columns == 2
    asked = count_of(posted, m.Ask)
    session.set_playhead(2)
    again = last(posted, m.Decode, VIEW)
    assert again.epoch == 2
    np.testing.assert_array_equal(again.z, Z)
    assert count_of(posted, m.Ask) == asked
    panel.grab()


def test_redraw_takes_the_next_seed_and_says_it(
    session: Session, posted: list[m.Message], panel: DrawsInspector
) -> None:
    show(session, image_run())
    tell(session)
    panel.redraw.click()
    assert last(posted, m.Ask, VIEW).arguments["seed"] == 1
    tell(session)
    assert panel.said.text().startswith("Seed 1")


def test_draws_of_a_posterior_come_after_the_decode_of_its_mean(
    session: Session, posted: list[m.Message], panel: DrawsInspector
) -> None:
    show(session, image_run(abilities=("posterior",)))
    panel.source.setCurrentIndex(3)
    panel.source.activated.emit(3)
    assert panel.note.text() == CHOOSE
    session.select([2])
    assert last(posted, m.Ask, VIEW).arguments["row"] == 2
    tell(session, mu=np.float32([[9, 9]]))
    request = last(posted, m.Decode, VIEW)
    assert request.z.tolist()[0] == [9, 9]
    assert len(request.z) == 5
    assert "#102" in panel.said.text()


def test_a_fit_that_is_under_way_is_told(session: Session, panel: DrawsInspector) -> None:
    show(session, image_run())
    session.receive(
        m.Answer(run="r", view=VIEW, question="draws", epoch=0, arrays={}, values={"progress": 0.5})
    )
    assert "50 %" in panel.said.text()


def test_a_click_pins_a_draw_and_the_map_shows_where_they_lie(
    session: Session, posted: list[m.Message], panel: DrawsInspector, qtbot: QtBot
) -> None:
    view = view_of(session, qtbot)
    show(session, image_run())
    tell(session)
    session.receive(decoded(last(posted, m.Decode, VIEW)))
    panel.layer.click()
    layer = next(layer for layer in view.layers if layer.name == "draws")
    np.testing.assert_array_equal(layer.item.positions, Z)  # type: ignore[attr-defined]
    panel.sheet.cell_hovered.emit(2)
    assert layer.item.large == 2  # type: ignore[attr-defined]
    panel.sheet.cell_chosen.emit(1)
    assert session.pin is not None
    assert session.pin.tolist() == [1, 2]
    view.grab()
    session.layers.show("draws", False)
    assert not len(layer.item.positions)  # type: ignore[attr-defined]
    assert drawn_of(session).z is not None


def test_nothing_is_asked_while_it_is_hidden(
    session: Session, posted: list[m.Message], panel: DrawsInspector
) -> None:
    panel.hide()
    show(session, image_run())
    assert count_of(posted, m.Ask) == 0
    panel.show()
    assert last(posted, m.Ask, VIEW).question == "draws"


def test_without_a_run_it_says_what_to_do(panel: DrawsInspector) -> None:
    assert panel.note.text() == NO_RUN
    assert not panel.save.isEnabled()
    assert not panel.redraw.isEnabled()


def test_values_are_asked_for_with_seed_source_and_what_was_told(
    session: Session, posted: list[m.Message], panel: DrawsInspector, tmp_path: Path
) -> None:
    show(session, run_told(LABELS, class_names=LABELS.names))
    session.set_condition(1)
    tell(session)
    request = last(posted, m.Decode, VIEW)
    session.receive(decoded(request, condition=request.condition))
    panel.save_values(tmp_path / "draws.parquet")
    asked = last(posted, m.ExportRun)
    assert (asked.what, asked.target) == ("values", str(tmp_path / "draws.parquet"))
    np.testing.assert_array_equal(asked.options["z"], Z)
    assert asked.options["x"].shape == (4, 4, 4, 1)
    assert asked.options["seed"] == panel.seed
    assert asked.options["how"] == f"drawn from {panel.using}"
    assert asked.options["condition"] == 1
    panel.save_picture(tmp_path / "draws")
    assert (tmp_path / "draws.png").exists()
