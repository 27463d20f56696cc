"""Posterior ellipses of the map: of which samples, where, how many."""

from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from tests.gui.layer_setup import asks, layer, map_with_layers


def drawn(ask: m.Ask, left_out: int = 0, **changes: Any) -> m.Answer:
    rows = np.asarray(ask.arguments["rows"][: len(ask.arguments["rows"]) - left_out])
    arrays = {
        "rows": rows,
        "mu": np.column_stack([rows, rows]).astype(np.float32),
        "ellipses": np.tile(np.float32([0.5, 0.2, 0.3]), (len(rows), 1)),
    }
    fields = {"view": ask.view, "question": "posteriors", "epoch": ask.epoch, "asked": ask.epoch}
    return m.Answer(
        run="r", **{**fields, "arrays": arrays, "values": {"left_out": left_out}, **changes}
    )


def test_ellipses_are_those_of_the_hovered_and_the_selected(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot)
    name = "ellipses.some"
    session.move_cursor(None)  # where another test has left the mouse
    session.layers.show(name)
    shown = layer(view, name)
    assert shown.legend.second.text == "Point at a sample, or select some"
    session.select([3, 5])
    old = asks(posted, name)[-1]
    session.move_cursor((1.0, 1.0), 11)
    ask = asks(posted, name)[-1]
    assert ask.arguments["rows"] == [3, 5, 11]
    session.receive(drawn(old))
    assert len(shown.item.middles) == 0, "an answer for other samples"
    session.receive(drawn(ask))
    assert shown.item.middles.tolist() == [[3, 3], [5, 5], [11, 11]]
    assert not view.grab().isNull()
    session.move_cursor(None)
    session.select([])
    assert len(shown.item.middles) == 0


def test_an_epoch_is_asked_anew_and_an_older_one_is_not_shown(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot)
    session.select([3])
    session.layers.show("ellipses.some")
    old = asks(posted, "ellipses.some")[-1]
    session.set_playhead(1)
    session.receive(drawn(old))
    assert len(layer(view, "ellipses.some").item.middles) == 0
    new = asks(posted, "ellipses.some")[-1]
    assert new.epoch == 1
    session.receive(drawn(new, epoch=0))
    assert layer(view, "ellipses.some").legend.first.text == "Posteriors: 1σ and 2σ of epoch 0"


def test_of_many_samples_some_are_drawn_and_that_is_said(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot, count=900)
    session.layers.show("ellipses.all")
    ask = asks(posted, "ellipses.all")[-1]
    assert len(ask.arguments["rows"]) == 300
    session.receive(drawn(ask))
    legend = layer(view, "ellipses.all").legend
    assert legend.second.text == "300 of 900 samples, at random"
    session.hide([0, 1])
    assert set(np.asarray(asks(posted, "ellipses.all")[-1].arguments["rows"]) % 3) == {2}
    session.receive(drawn(asks(posted, "ellipses.all")[-1], left_out=7))
    assert legend.second.text == "7 not kept"


def test_the_two_exclude_each_other_and_a_deterministic_model_has_neither(qtbot: QtBot) -> None:
    view, session, _ = map_with_layers(qtbot)
    session.layers.show("ellipses.some")
    session.layers.show("ellipses.all")
    assert session.layers.shown == {"ellipses.all"}
    assert layer(view, "ellipses.all").is_on
    other, _, _ = map_with_layers(qtbot, abilities=())
    assert not other.bar.actions_of_layers["ellipses.all"].isEnabled()
