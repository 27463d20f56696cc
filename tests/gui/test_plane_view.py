"""Samples with two features: decodes as places in their plane, with the density behind them."""

import math

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui import density_image, theme
from aeviz.gui.density_image import SPAN, DensityImage, DensityScale, bands_of, finer
from aeviz.gui.inspectors.cursor import DENSITY, INEXACT, CursorInspector, note_on
from aeviz.gui.plane_view import is_planar
from aeviz.gui.session import Session
from tests.gui.inspector_setup import image_run, last, show, table_run


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def inspector(qtbot: QtBot, posted: list[m.Message]) -> CursorInspector:
    made = CursorInspector(Session(post=posted.append))
    qtbot.addWidget(made)
    made.resize(300, 600)
    made.show()
    return made


def decoded(request: m.Decode, values: tuple[float, float]) -> m.Decoded:
    return m.Decoded(
        run="r",
        view=request.view,
        z=request.z,
        epoch=request.epoch,
        asked=request.epoch,
        values=np.array([values], np.float32),
        pictures=None,
    )


def test_only_rows_of_two_features_lie_in_a_plane() -> None:
    assert is_planar(table_run(2))
    assert not is_planar(table_run(3))
    assert not is_planar(image_run())


def test_a_decode_is_a_place_among_the_samples(
    inspector: CursorInspector, posted: list[m.Message]
) -> None:
    session, view = inspector.session, inspector.decode
    run = table_run(2)
    show(session, run)
    session.set_pin(np.array([1.0, 0.0], np.float32))
    session.receive(decoded(last(posted, m.Decode), (2.5, 300.0)))
    assert view.plane.isVisible()
    assert not view.profile.isVisible()
    assert len(view.plane.plot.points.positions) == len(run.samples)
    place = view.plane.plot.mark.at
    assert (place.x(), place.y()) == (2.5, 300.0)
    left, right, low, high = view.plane.region
    assert left < run.samples[:, 0].min() < run.samples[:, 0].max() < right
    assert low < run.samples[:, 1].min() < run.samples[:, 1].max() < high


def test_other_samples_are_no_places(inspector: CursorInspector) -> None:
    show(inspector.session, table_run(3))
    inspector.session.set_pin(np.array([1.0, 0.0], np.float32))
    assert not inspector.decode.plane.isVisible()
    assert inspector.decode.profile.isVisible()


def test_the_density_is_asked_for_where_the_model_has_one(
    inspector: CursorInspector, posted: list[m.Message]
) -> None:
    session, plane = inspector.session, inspector.decode.plane
    show(session, table_run(2))
    assert not [p for p in posted if isinstance(p, m.Ask)]
    show(session, table_run(2, abilities=("invertible",)))
    asked = last(posted, m.Ask, DENSITY)
    assert asked.arguments["region"] == plane.region
    session.receive(
        m.Answer(
            run="r",
            view=DENSITY,
            question="sample-density",
            epoch=0,
            arrays={"density": np.linspace(-8, -1, 64, dtype=np.float32).reshape(8, 8)},
            values={"region": plane.region, "mass": 0.98},
        )
    )
    assert plane.plot.density.top == -1
    assert "0.980" in plane.told.text()
    session.set_playhead(2)
    assert last(posted, m.Ask, DENSITY).epoch == 2


def test_what_cannot_be_inverted_is_not_shown(
    inspector: CursorInspector, posted: list[m.Message]
) -> None:
    session = inspector.session
    show(session, table_run(2, abilities=("invertible",)))
    session.set_pin(np.array([1.0, 0.0], np.float32))
    session.receive(decoded(last(posted, m.Decode), (math.nan, math.nan)))
    assert inspector.decode.plane.plot.mark.at is None
    assert inspector.note.text() == INEXACT


def test_a_picture_that_cannot_be_inverted_is_blank(
    inspector: CursorInspector, posted: list[m.Message]
) -> None:
    session = inspector.session
    show(session, image_run(abilities=("invertible",)))
    session.set_pin(np.array([1.0, 0.0], np.float32))
    request = last(posted, m.Decode)
    black = np.zeros((1, 4, 4, 1), np.uint8)
    answer = m.Decoded(
        run="r",
        view=request.view,
        z=request.z,
        epoch=0,
        asked=0,
        values=np.full((1, 4, 4, 1), np.nan, np.float32),
        pictures=black,
    )
    session.receive(answer)
    assert note_on(answer, bounded=True) == (INEXACT, "warning")
    assert inspector.note.text() == INEXACT


def test_bands_are_one_nat_each_and_end_nine_below_the_highest() -> None:
    density = np.array([[0.0, -0.5, -1.5], [-8.5, -9.5, -np.inf], [np.nan, -3.0, -20.0]])
    bands = bands_of(density.astype(np.float32), 0.0)
    assert bands.tolist() == [[SPAN, SPAN, SPAN - 1], [1, 0, 0], [0, SPAN - 3, 0]]


def test_a_finer_density_keeps_its_corners_and_planes() -> None:
    plane = (np.arange(5)[:, None] + 10 * np.arange(4)[None]).astype(np.float32)
    made = finer(plane)
    assert made.shape == (20, 16)
    assert made[0, 0] == plane[0, 0]
    assert made[-1, -1] == plane[-1, -1]
    assert np.ptp(np.diff(made, axis=0)) < 1e-5


def test_nothing_is_drawn_of_a_density_without_a_number(qapp: QApplication) -> None:
    image = DensityImage()
    image.set_density(np.full((4, 4), np.nan, np.float32))
    assert math.isnan(image.top)
    image.set_density(np.zeros((4, 4), np.float32), (0, 2, 1, 4))
    assert image.top == 0
    assert image.boundingRect().getRect() == (0, 1, 2, 3)


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_higher_bands_are_further_from_the_ground(colours: theme.Tokens) -> None:
    pixels = density_image.colours_of_bands(colours)
    ground = np.array(list(bytes.fromhex(colours.surface[1:])))
    parts = np.stack([pixels >> 16 & 255, pixels >> 8 & 255, pixels & 255], axis=-1)
    away = np.abs(parts.astype(int) - ground).sum(axis=1)
    assert away[0] == 0
    assert (np.diff(away[: SPAN + 1]) > 0).all()
    assert (away[SPAN + 1 :] > away[: SPAN + 1]).all()


def test_the_scale_says_its_ends_and_vanishes_without_a_density(qtbot: QtBot) -> None:
    scale = DensityScale()
    qtbot.addWidget(scale)
    scale.show_top(-0.25)
    assert scale.accessibleName() == "Log density from -9.2 to -0.2 nats"
    scale.grab()
    scale.show_top(math.nan)
    assert not scale.isVisibleTo(None)
