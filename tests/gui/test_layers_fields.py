"""Stretch and hatching over the map: what is drawn, what its scale says."""

import math

import numpy as np
import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui import theme
from aeviz.gui.field_image import colours_of
from tests.gui.layer_setup import answer, asks, bump, layer, map_with_layers


def stretched(ask: m.Ask, values: np.ndarray, progress: float = 1.0) -> m.Answer:
    return m.Answer(
        run="r",
        view=ask.view,
        question=ask.question,
        epoch=ask.epoch,
        asked=ask.epoch,
        arrays={"stretch": values},
        values={"region": ask.arguments["region"], "progress": progress},
    )


def test_the_stretch_is_drawn_with_its_scale_by_logarithm_or_plain(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot)
    session.layers.show("stretch")
    shown = layer(view, "stretch")
    values = np.logspace(-1, 2, 64 * 64).reshape(64, 64)
    session.receive(stretched(asks(posted, "stretch")[-1], values))
    assert shown.image.is_shown
    assert shown.scale.ends == pytest.approx((10**-0.97, 10**1.97), rel=0.01)
    shown.log.click()
    assert shown.scale.ends == pytest.approx(tuple(np.quantile(values, (0.01, 0.99))))
    assert "area" in shown.legend.second.text
    assert not view.grab().isNull()


def test_a_stretch_on_its_way_says_how_far_it_is(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot)
    session.layers.show("stretch")
    values = np.full((64, 64), math.nan)
    values[:32] = 3.0
    session.receive(stretched(asks(posted, "stretch")[-1], values, 0.5))
    assert layer(view, "stretch").legend.first.text == "Stretch; 50 % computed"
    assert layer(view, "stretch").image.is_shown


def test_a_decoder_that_goes_in_jumps_is_said_to_be_flat(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot)
    session.layers.show("stretch")
    session.receive(stretched(asks(posted, "stretch")[-1], np.zeros((64, 64))))
    assert layer(view, "stretch").legend.first.text == "0 everywhere"
    assert not layer(view, "stretch").image.is_shown


def test_another_condition_is_asked_anew(qtbot: QtBot) -> None:
    about = m.Conditions(kind="choice", name="label", names=("a", "b"))
    _, session, posted = map_with_layers(qtbot, conditions=about)
    session.layers.show("stretch")
    assert asks(posted, "stretch")[-1].arguments["condition"] == 0
    session.set_condition(1)
    assert asks(posted, "stretch")[-1].arguments["condition"] == 1


@pytest.mark.parametrize("dark", [False, True])
def test_colours_of_values_leave_the_ground_in_equal_steps(dark: bool) -> None:
    pixels = colours_of(dark=dark)
    lightness = np.array([QColor(int(pixel)).lightnessF() for pixel in pixels[::32]])
    steps = np.diff(lightness)
    assert (steps > 0).all() if dark else (steps < 0).all()
    ground = QColor((theme.DARK if dark else theme.LIGHT).surface)
    assert QColor(int(pixels[0])).rgb() == ground.rgb()


def test_unlikely_places_are_hatched(qtbot: QtBot) -> None:
    view, session, posted = map_with_layers(qtbot)
    session.layers.show("unlikely")
    ask = asks(posted, "unlikely")[-1]
    assert ask.arguments["kind"] == "gmm"
    shown = layer(view, "unlikely")
    session.receive(answer(ask, rare=-400.0))
    assert not shown.hatching.is_shown
    session.layers.show("unlikely", False)
    session.layers.show("unlikely")
    ask = asks(posted, "unlikely")[-1]
    session.receive(answer(ask, rare=float(bump(ask.arguments["region"]).max()) - 3))
    assert shown.hatching.is_shown
    assert shown.legend.first.text == "Hatched: rarest 1 %"
    assert not view.grab().isNull()
    session.layers.show("unlikely", False)
    assert not shown.hatching.is_shown
