"""The panel of the path: strips and curves, scrubbing and playing, what is asked and saved."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from aeviz import messages as m
from aeviz.gui.inspectors.cursor import INEXACT, NO_WEIGHTS, WAITING
from aeviz.gui.inspectors.path import HERE, HINT, NO_RUN, ONE, PathInspector
from aeviz.gui.route import METHODS, Anchor
from aeviz.gui.session import Session
from aeviz.gui.walk import VIEW
from tests.gui.inspector_setup import READY, decoded, image_run, last, show, table_run
from tests.gui.test_route import answer


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def inspector(session: Session, qtbot: Any) -> PathInspector:
    made = PathInspector(session)
    qtbot.addWidget(made)
    made.resize(640, 360)
    made.show()
    return made


def walk(session: Session, *places: tuple[float, float]) -> None:
    for place in places or ((0.0, 0.0), (4.0, 4.0)):
        session.route.add(Anchor(np.array(place, np.float32)))


def reply(session: Session, posted: list[m.Message], **values: Any) -> m.Ask:
    request: m.Ask = last(posted, m.Ask, VIEW)
    session.receive(answer(request, **values))
    return request


def test_it_says_how_to_begin(session: Session, inspector: PathInspector) -> None:
    assert inspector.note.text() == NO_RUN
    show(session, image_run(), ready=False)
    assert inspector.note.text() == HINT
    walk(session, (0.0, 0.0))
    assert inspector.note.text() == ONE
    walk(session, (1.0, 0.0))
    assert inspector.note.text() == WAITING
    assert not inspector.sheet.isVisible()
    session.receive(READY)
    assert inspector.sheet.isVisible()
    assert inspector.note.text() == ""
    show(session, image_run(decodes=False))
    assert inspector.note.text() == NO_WEIGHTS


def test_strip_curves_and_length_are_shown(
    session: Session, posted: list[m.Message], inspector: PathInspector
) -> None:
    show(session, image_run())
    walk(session)
    assert last(posted, m.Ask, VIEW).arguments["decodes"]
    reply(session, posted)
    scene = inspector.sheet.scene
    assert scene is not None
    row = scene.rows[0]
    assert (row.method, row.length, len(row.frames)) == ("straight", 2.5, session.route.steps)
    assert row.frames[0] is not None
    assert row.frames[0].dtype == np.uint8
    assert "decoded length 2.50" in inspector.sheet.accessibleDescription()
    inspector.grab()


def test_methods_are_compared_and_chosen_by_their_names(
    session: Session, posted: list[m.Message], inspector: PathInspector, qtbot: Any
) -> None:
    show(session, image_run())
    walk(session)
    inspector.bar.compare.click()
    request = reply(session, posted, why={"slerp": "zero has no direction"})
    scene = inspector.sheet.scene
    assert scene is not None
    assert [row.method for row in scene.rows] == [n for n in METHODS if n != "freehand"]
    count = len(posted)
    inspector.sheet.row_chosen.emit(1)
    assert session.route.method == "slerp"
    assert "zero has no direction" in inspector.note.text()
    assert not [each for each in posted[count:] if isinstance(each, m.Ask)]
    inspector.grab()
    inspector.bar.compare.click()
    assert last(posted, m.Ask, VIEW).arguments["methods"] == ("slerp",)
    assert request.arguments["methods"] != ("slerp",)


def test_a_drawn_row_stays_until_its_successor_is_done(
    session: Session, posted: list[m.Message], inspector: PathInspector
) -> None:
    show(session, image_run())
    session.route.set_method("geodesic")
    walk(session)
    reply(session, posted)
    session.route.move(1, Anchor(np.array([3, 3], np.float32)))
    scene = inspector.sheet.scene
    assert scene is not None
    assert math.isnan(scene.rows[0].length)
    assert scene.rows[0].frames
    reply(session, posted, done={"geodesic": False}, length=(1.0,))
    assert math.isnan(inspector.sheet.scene.rows[0].length)  # type: ignore[union-attr]
    reply(session, posted, length=(1.0,))
    assert inspector.sheet.scene.rows[0].length == 1.0  # type: ignore[union-attr]


def test_scrubbing_decodes_the_place_and_a_cell_pins_its_latent(
    session: Session, posted: list[m.Message], inspector: PathInspector, qtbot: Any
) -> None:
    show(session, image_run())
    walk(session)
    reply(session, posted)
    sheet = inspector.sheet
    places = sheet.places()
    assert places is not None
    ruler = QPoint(round(places.x_of(0.5)), 5)
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=ruler)
    assert abs(session.route.at - 0.5) < 0.01
    request = last(posted, m.Decode, HERE)
    np.testing.assert_allclose(request.z, [[2, 2]], atol=0.05)
    session.receive(decoded(request))
    assert inspector.here.pictures[0] is not None
    end = places.place(0, session.route.steps - 1).center().toPoint()
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=end)
    assert session.pin is not None
    assert session.pin.tolist() == [4, 4]
    qtbot.keyClick(sheet, Qt.Key.Key_Home)
    assert session.route.at == 0
    qtbot.keyClick(sheet, Qt.Key.Key_Right)
    assert session.route.at == pytest.approx(1 / (session.route.steps - 1))
    assert "1 % of the data" in sheet.tip_at(places.names - 5, places.curve(1).center().y())


def test_it_plays_to_the_end_and_not_while_it_is_hidden(
    session: Session, posted: list[m.Message], inspector: PathInspector, qtbot: Any
) -> None:
    show(session, image_run())
    walk(session)
    reply(session, posted)
    session.route.set_at(0.97)
    inspector.bar.play.click()
    assert inspector.is_playing
    qtbot.waitUntil(lambda: not inspector.is_playing, timeout=3000)
    assert session.route.at == 1.0
    assert inspector.bar.play.text() == "Play"
    inspector.bar.play.click()
    inspector.hide()
    assert not inspector.is_playing
    assert not session.walk.is_watched
    session.route.set_at(0.3)
    count = len(posted)
    session.route.set_at(0.4)
    assert len(posted) == count


def test_decodes_that_cannot_be_made_stay_empty_and_it_is_said(
    session: Session, posted: list[m.Message], inspector: PathInspector
) -> None:
    show(session, image_run())
    walk(session)
    request = last(posted, m.Ask, VIEW)
    told = answer(request, length=(math.nan,))
    told.arrays["x"][0, 3] = np.nan
    told.arrays["change"][0, 2:4] = np.nan
    session.receive(told)
    scene = inspector.sheet.scene
    assert scene is not None
    assert scene.rows[0].frames[3] is None
    assert inspector.note.text() == INEXACT
    inspector.grab()


def test_selected_samples_or_the_pin_are_added(session: Session, inspector: PathInspector) -> None:
    show(session, table_run())
    assert not inspector.bar.add.isEnabled()
    session.set_pin(np.array([1, 2], np.float32))
    inspector.bar.add.click()
    session.select([3, 5])
    inspector.bar.add.click()
    assert [anchor.row for anchor in session.route.anchors] == [-1, 3, 5]
    assert session.route.anchors[0].z.tolist() == [1, 2]


def test_it_is_closed_reversed_and_cleared(
    session: Session, posted: list[m.Message], inspector: PathInspector
) -> None:
    show(session, image_run())
    assert not inspector.bar.loop.isEnabled()
    walk(session)
    inspector.bar.loop.trigger()
    assert last(posted, m.Ask, VIEW).arguments["closed"]
    inspector.bar.reverse.trigger()
    assert session.route.anchors[0].z.tolist() == [4, 4]
    inspector.bar.clear.trigger()
    assert inspector.note.text() == HINT
    assert not inspector.bar.loop.isChecked()


def test_other_steps_are_asked_for_and_many_have_room(
    session: Session, posted: list[m.Message], inspector: PathInspector
) -> None:
    show(session, table_run())
    walk(session)
    inspector.bar.steps.setValue(60)
    request = last(posted, m.Ask, VIEW)
    assert request.arguments["steps"] == 60
    told = answer(request)
    told.arrays["x"] = np.ones((1, 60, 3), np.float32)
    session.receive(told)
    places = inspector.sheet.places()
    assert places is not None
    assert places.every > 1
    inspector.grab()


def test_strip_and_curves_are_saved_as_a_picture(
    session: Session, posted: list[m.Message], inspector: PathInspector, tmp_path: Path
) -> None:
    show(session, image_run())
    walk(session)
    inspector.save_picture(tmp_path / "path")
    reply(session, posted)
    inspector.save_picture(tmp_path / "path")
    image = QImage(str(tmp_path / "path.png"))
    assert image.width() > image.height() > 150
    heard: list[m.Failed] = []
    session.failed.connect(heard.append)
    inspector.save_picture(tmp_path / "missing" / "path.png")
    assert heard[0].where == "export"


def test_the_values_of_a_path_are_those_of_its_steps(
    session: Session, posted: list[m.Message], inspector: PathInspector, tmp_path: Path
) -> None:
    show(session, image_run())
    walk(session)
    reply(session, posted)
    inspector.save_values(tmp_path / "path.csv")
    asked = last(posted, m.ExportRun)
    assert (asked.what, asked.target) == ("values", str(tmp_path / "path.csv"))
    assert asked.options["how"] == f"decoded along a path ({session.route.method})"
    z, steps = asked.options["z"], session.route.steps
    assert len(z) == steps
    np.testing.assert_allclose(z[0], session.walk.place(0.0))
    np.testing.assert_allclose(z[-1], session.walk.place(1.0))
    assert asked.options["columns"]["step"].tolist() == list(range(steps))
