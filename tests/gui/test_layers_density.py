"""Densities under the map: asked about what is seen, never stale, with their integral."""

import math
from itertools import combinations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.iso_labels import label_places
from tests.gui.layer_setup import answer, asks, bump, layer, map_with_layers
from tests.gui.map_scene import run_opened

KINDS = ("histogram", "prior", "posterior", "gmm", "flow")


@pytest.mark.parametrize("kind", KINDS)
def test_a_density_is_asked_about_what_is_seen_and_drawn_with_its_integral(
    kind: str, qtbot: QtBot
) -> None:
    view, session, posted = map_with_layers(qtbot)
    name = f"density.{kind}"
    session.layers.show(name)
    shown, ask = layer(view, name), asks(posted, name)[-1]
    (left, right), (low, high) = view.plot.viewRange()
    assert ask.arguments["region"] == (left, right, low, high)
    assert ask.epoch == 4
    session.receive(answer(ask))
    assert shown.legend.first.text == "∫p = 0.998 in view"
    assert ("1,797" in shown.legend.second.text) == (kind != "prior")
    assert shown.scale.top == -1
    assert shown.image.boundingRect().getRect() == pytest.approx(
        (left, low, right - left, high - low)
    )
    assert bool(shown.labels.labels) == (kind != "histogram")
    assert not view.grab().isNull()


def test_only_one_density_is_shown_and_what_is_off_asks_nothing(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot)
    assert not any(asks(posted, f"density.{kind}") for kind in KINDS)
    for kind in KINDS:
        session.layers.show(f"density.{kind}")
    assert session.layers.shown == {"density.flow"}
    before = len(posted)
    session.layers.show("density.flow", False)
    view.plot.box.scaleBy((0.5, 0.5))
    assert len(posted) == before
    assert math.isnan(layer(view, "density.gmm").scale.top)


def test_a_moved_view_is_asked_anew_and_the_answer_for_the_old_one_is_not_shown(
    qtbot: QtBot,
) -> None:
    view, session, posted = map_with_layers(qtbot)
    session.layers.show("density.gmm")
    old = asks(posted, "density.gmm")[-1]
    view.plot.box.scaleBy((0.5, 0.5))
    new = asks(posted, "density.gmm")[-1]
    assert new.arguments["region"] != old.arguments["region"]
    session.receive(answer(old))
    assert layer(view, "density.gmm").legend.first.text == ""
    session.receive(answer(new))
    assert layer(view, "density.gmm").legend.first.text == "∫p = 0.998 in view"


def test_another_epoch_is_asked_at_once_and_says_so_where_its_weights_were_thinned(
    qtbot: QtBot,
) -> None:
    view, session, posted = map_with_layers(qtbot)
    session.layers.show("density.posterior")
    session.set_playhead(2)
    ask = asks(posted, "density.posterior")[-1]
    assert ask.epoch == 2
    session.receive(answer(ask, epoch=1))
    assert layer(view, "density.posterior").legend.second.text == (
        "exact over 1,797 samples of epoch 1"
    )


def test_a_flow_stays_with_its_epoch_until_it_is_fitted_again(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot)
    session.layers.show("density.flow")
    flow = layer(view, "density.flow")
    session.receive(answer(asks(posted, "density.flow")[-1], progress=0.34))
    assert flow.legend.second.text == "fitting to epoch 4: 34 %"
    session.set_playhead(2)
    assert {ask.epoch for ask in asks(posted, "density.flow")} == {4}
    assert flow.refit.isVisibleTo(flow.legend)
    session.receive(answer(asks(posted, "density.flow")[-1]))
    assert flow.legend.second.text == "1,797 latents of epoch 4"
    flow.refit.click()
    assert asks(posted, "density.flow")[-1].epoch == 2
    assert not flow.refit.isVisibleTo(flow.legend)


def test_above_two_dimensions_it_says_that_a_plane_holds_no_mass(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot, dimensions=3)
    session.layers.show("density.gmm")
    ask = asks(posted, "density.gmm")[-1]
    assert np.asarray(ask.arguments["axes"]).shape == (3, 2)
    session.receive(answer(ask, mass=math.nan))
    assert layer(view, "density.gmm").legend.first.text == "No mass on a plane"


def test_what_a_run_cannot_show_is_greyed_with_the_reason(qtbot: QtBot) -> None:
    view, _, _ = map_with_layers(qtbot, dimensions=1, abilities=())
    actions = view.bar.actions_of_layers
    assert not actions["density.gmm"].isEnabled()
    assert actions["density.gmm"].toolTip() == "It needs 2 latent dimensions; this run has 1."
    assert actions["density.prior"].toolTip() == "The model of this run has none."


def test_a_run_without_weights_and_a_failure_are_said_in_the_bar(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot, decodes=False)
    session.layers.show("density.gmm")
    assert "keeps no weights" in layer(view, "density.gmm").legend.first.text
    assert not asks(posted, "density.gmm")
    view, session, posted = map_with_layers(qtbot)
    session.layers.show("density.gmm")
    session.receive(m.Failed(where="question", summary="It broke.", view="layer.density.gmm"))
    assert layer(view, "density.gmm").legend.first.text == "It broke."


def test_another_run_takes_the_density_away_and_asks_for_its_own(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot)
    session.layers.show("density.gmm")
    session.receive(answer(asks(posted, "density.gmm")[-1]))
    session.receive(run_opened())
    assert math.isnan(layer(view, "density.gmm").scale.top)


def test_numbers_lie_on_their_lines_apart_from_each_other() -> None:
    region, levels = (-4.0, 4.0, -4.0, 4.0), [-3.0, -5.0, -7.0]
    places = label_places(bump(region), region, levels, (500, 500))
    assert [place.level for place in places] == levels
    for place in places:
        known = -(place.x**2 + place.y**2) / 2 - math.log(2 * math.pi)
        assert known == pytest.approx(place.level, abs=0.05)
    for one, other in combinations(places, 2):
        assert math.hypot(one.x - other.x, one.y - other.y) > 1
    assert label_places(bump(region), region, [3.0], (500, 500)) == []
