"""A map with its layers in a window, and answers for them as the engine would post."""

from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.latent_view import LatentView
from aeviz.gui.layers.base import Layer
from aeviz.gui.session import Session
from tests.gui.inspector_setup import READY
from tests.gui.map_scene import session_with
from tests.gui.test_latent_view import view_of

ABILITIES = ("posterior", "prior")


def map_with_layers(
    qtbot: QtBot, dimensions: int = 2, **changes: Any
) -> tuple[LatentView, Session, list[m.Message]]:
    """A map of a run that decodes, at its last epoch, with torch there."""
    changes = {"decodes": True, "abilities": ABILITIES, **changes}
    session, posted = session_with(epochs=4, dimensions=dimensions, **changes)
    view = view_of(session, qtbot)
    session.receive(READY)
    session.set_playhead(4)
    return view, session, posted


def layer(view: LatentView, name: str) -> Any:
    found: list[Layer] = [each for each in view.layers if each.name == name]
    assert found, name
    return found[0]


def asks(posted: list[m.Message], name: str) -> list[m.Ask]:
    """What a layer has asked so far."""
    view = f"layer.{name}"
    return [each for each in posted if isinstance(each, m.Ask) and each.view == view]


def bump(region: tuple[float, float, float, float], side: int = 128) -> np.ndarray:
    """The log density of a standard normal over a region."""
    left, right, low, high = region
    x, y = np.meshgrid(np.linspace(left, right, side), np.linspace(high, low, side))
    return (-(x**2 + y**2) / 2 - np.log(2 * np.pi)).astype(np.float32)


def answer(ask: m.Ask, epoch: int | None = None, **changes: Any) -> m.Answer:
    """The answer to a density's question."""
    region = ask.arguments["region"]
    values = {"region": region, "mass": 0.998, "counted": 1797, "progress": 1.0}
    return m.Answer(
        run="r",
        view=ask.view,
        question=ask.question,
        epoch=ask.epoch if epoch is None else epoch,
        asked=ask.epoch,
        arrays={"density": bump(region)},
        values={**values, **changes},
    )
