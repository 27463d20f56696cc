"""Points coloured by whatever is known of their samples."""

import numpy as np
import pytest
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from aeviz import colouring
from aeviz.gui.latent_view import LatentView
from aeviz.gui.session import Session
from aeviz.messages import Known, RunOpened
from tests.gui.map_scene import epoch_done, run_opened

AGES = Known("age", np.append(np.arange(59, dtype=np.float32), np.nan), unit="years")
TISSUES = Known(
    "tissue", (np.arange(60) % 4 - 1).astype(np.float32), ("skin", "liver", "blood & bone")
)


def known_run() -> RunOpened:
    return run_opened(known=(AGES, TISSUES))


def test_choices_are_coloured_as_labels_are() -> None:
    found = colouring.colouring_of(known_run(), "known:tissue")
    assert [group.name for group in found.groups] == ["skin", "liver", "blood & bone", "no label"]
    assert [group.count for group in found.groups] == [15] * 4
    assert found.codes[:5].tolist() == [3, 0, 1, 2, 3]
    assert found.scale is None


def test_numbers_have_shades_in_their_order_and_grey_where_they_are_missing() -> None:
    found = colouring.colouring_of(known_run(), "known:age")
    assert found.scale is not None
    assert np.all(np.diff(found.codes[:59].astype(int)) >= 0)
    assert found.codes[0] == 0
    assert found.codes[58] == colouring.SHADES - 1
    assert found.groups[found.codes[59]].colour is None
    assert sum(group.count for group in found.groups) == 60
    assert found.scale.words() == ("≤ 0.580", "≥ 57.4 years")
    assert len(found.said) == 6


def test_single_numbers_do_not_stretch_a_scale() -> None:
    values = np.append(np.random.default_rng(0).random(1000), 1e9).astype(np.float32)
    found = colouring.by_known(run_opened(1001), Known("x", values))
    assert found.scale is not None
    assert found.scale.high < 1.1
    assert found.scale.is_above


@pytest.mark.parametrize("value", [np.nan, 4.0])
def test_one_number_or_none_is_one_colour(value: float) -> None:
    found = colouring.by_known(run_opened(20), Known("x", np.full(20, value, np.float32)))
    assert len(set(found.codes.tolist())) == 1


def test_what_is_not_known_is_coloured_by_label() -> None:
    found = colouring.colouring_of(known_run(), "known:weight")
    assert [group.name for group in found.groups] == ["class 0", "class 1", "class 2"]


def test_the_legend_offers_what_is_known_and_shows_its_scale(qtbot: QtBot) -> None:
    session = Session(lambda message: None)
    view = LatentView(session)
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    session.receive(known_run())
    session.receive(epoch_done(0))
    offered = {action.text(): action for action in view.legend.findChildren(QAction)}
    assert {"age", "tissue"} <= set(offered)
    offered["age"].trigger()
    assert session.colour == "known:age"
    assert view.legend.title.text() == "age"
    assert view.legend.scale.isVisible()
    assert [group.name for group in view.legend.rows.groups] == ["missing"]
    offered["tissue"].trigger()
    assert not view.legend.scale.isVisible()
    assert view.legend.rows.groups[2].name == "blood & bone"
    session.receive(run_opened(run="other"))
    assert session.colour == "label"
    assert "age" not in {action.text() for action in view.legend._choices.actions()}
