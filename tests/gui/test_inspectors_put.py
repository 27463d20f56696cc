"""Put in: strokes, pictures and rows; what is asked, where it lands, what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.drawing_pad import DrawingPad, fitted
from aeviz.gui.inspectors.put import NO_RUN, VIEW, PutInspector
from aeviz.gui.layers.put import ellipse
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, image_run, last, show, table_run
from tests.gui.test_latent_view import view_of


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(qapp: QApplication, posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> PutInspector:
    made = PutInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 600)
    made.show()
    return made


def answer(session: Session, request: m.Ask, **more: Any) -> None:
    x = np.asarray(request.arguments["x"], np.float32)[np.newaxis]
    arrays = {
        "z": np.float32([[2, 3]]),
        "values": x / 2,
        "difference": -x / 2,
        "error": np.float32([0.25]),
        **({"pictures": (x * 4).astype(np.uint8)} if x.ndim == 4 else {}),
        **more,
    }
    session.receive(
        m.Answer(run="r", view=VIEW, question="put-in", epoch=0, arrays=arrays, values={})
    )


# ── the pad ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def pad(qtbot: QtBot) -> DrawingPad:
    made = DrawingPad()
    qtbot.addWidget(made)
    made.set_shape(8, 8, 1)
    made.resize(160, 160)
    made.show()
    return made


def test_the_left_button_draws_the_right_one_erases(pad: DrawingPad, qtbot: QtBot) -> None:
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(80, 20))
    qtbot.mouseMove(pad, QPoint(80, 140))
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(80, 140))
    assert pad.image[1:7, 3:5].min() > 0.4
    assert pad.image[:, :2].max() == 0
    qtbot.mousePress(pad, Qt.MouseButton.RightButton, pos=QPoint(80, 80))
    qtbot.mouseRelease(pad, Qt.MouseButton.RightButton, pos=QPoint(80, 80))
    assert pad.image[4, 4, 0] < 0.5
    pad.undo()
    pad.undo()
    assert not pad.image.any()


def test_a_stroke_does_not_depend_on_how_often_the_mouse_is_asked(pad: DrawingPad) -> None:
    pad.stroke(QPointF(1, 4), QPointF(7, 4))
    whole = pad.image.copy()
    pad.clear()
    for step in range(6):
        pad.stroke(QPointF(1 + step, 4), QPointF(2 + step, 4))
    np.testing.assert_allclose(pad.image, whole, atol=1e-6)


def test_a_picture_is_averaged_down_and_stays_whole() -> None:
    picture = QImage(400, 200, QImage.Format.Format_RGB32)
    picture.fill(QColor(0, 0, 0))
    for x in range(100, 300):
        for y in range(50, 150):
            picture.setPixelColor(x, y, QColor(255, 255, 255))
    image = fitted(picture, 8, 8, 1)
    assert image.shape == (8, 8, 1)
    assert image[3:5, 3:5].min() > 0.9
    assert image[0].max() == 0
    assert image.mean() == pytest.approx(0.25 / 2, abs=0.03)


# ── where it lands ────────────────────────────────────────────────────────────────────────────


def test_a_drawing_is_encoded_in_the_units_of_the_data_and_lands_on_the_map(
    session: Session, posted: list[m.Message], panel: PutInspector, qtbot: QtBot
) -> None:
    view = view_of(session, qtbot)
    show(session, image_run())
    assert not [message for message in posted if getattr(message, "view", "") == VIEW]
    panel.pad.set_image(np.full((4, 4, 1), 0.5, np.float32))
    request = last(posted, m.Ask, VIEW)
    np.testing.assert_array_equal(request.arguments["x"], np.full((4, 4, 1), 8))  # white is 16
    answer(session, request, log_var=np.zeros((1, 2), np.float32))
    layer = next(layer for layer in view.layers if layer.name == "put")
    assert layer.item.place.tolist() == [2, 3]  # type: ignore[attr-defined]
    ring = layer.item.ring - [2, 3]  # type: ignore[attr-defined]
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 2)
    assert "0.250" in panel.comparison.summary.text()
    view.grab()
    panel.grab()
    panel.pin.click()
    assert session.pin is not None
    assert session.pin.tolist() == [2, 3]
    panel.buttons["clear"].click()
    assert layer.item.place is None  # type: ignore[attr-defined]


def test_it_follows_the_epochs(
    session: Session, posted: list[m.Message], panel: PutInspector
) -> None:
    show(session, image_run())
    panel.pad.set_image(np.ones((4, 4, 1), np.float32))
    session.set_playhead(2)
    assert last(posted, m.Ask, VIEW).epoch == 2


def test_of_a_table_the_mean_is_there_and_every_value_can_be_changed(
    session: Session, posted: list[m.Message], panel: PutInspector
) -> None:
    run = table_run()
    show(session, run)
    np.testing.assert_allclose(panel.row.values, np.asarray(run.samples).mean(axis=0), rtol=1e-5)
    item = panel.row.table.item(1, 1)
    assert item is not None
    item.setText("7,5")
    assert last(posted, m.Ask, VIEW).arguments["x"][1] == 7.5
    item.setText("many")
    assert "many" in panel.note.text()
    assert panel.row.values[1] == 7.5
    assert item.text() == "7.5"
    answer(session, last(posted, m.Ask, VIEW))
    panel.grab()


def test_the_selected_sample_can_be_begun_with(session: Session, panel: PutInspector) -> None:
    run = image_run()
    show(session, run)
    assert not panel.buttons["sample"].isEnabled()
    session.select([1])
    panel.buttons["sample"].click()
    assert run.samples is not None
    np.testing.assert_allclose(panel.pad.image, run.samples[1] / np.float32(16))


# ── pictures ──────────────────────────────────────────────────────────────────────────────────


def test_a_dropped_picture_on_white_paper_is_inverted_for_dark_data(
    session: Session, panel: PutInspector, tmp_path: Path
) -> None:
    show(session, image_run((8, 8, 1), samples=np.zeros((6, 8, 8, 1), np.uint8)))
    said: list[str] = []
    session.noticed.connect(said.append)
    picture = QImage(80, 80, QImage.Format.Format_RGB32)
    picture.fill(QColor(255, 255, 255))
    for x in range(30, 50):
        for y in range(30, 50):
            picture.setPixelColor(x, y, QColor(0, 0, 0))
    assert picture.save(str(tmp_path / "ink.png"))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "ink.png"))])
    panel._take_mime(data)
    assert panel.pad.image[0, 0, 0] == pytest.approx(0, abs=0.02)
    assert panel.pad.image[3:5, 3:5].min() > 0.9
    assert "inverted" in said[0]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_picture_is_refused(
    content: bytes, session: Session, panel: PutInspector, tmp_path: Path
) -> None:
    show(session, image_run())
    (tmp_path / "odd.png").write_bytes(content)
    panel.take_file(tmp_path / "odd.png")
    assert "odd.png cannot be read" in panel.note.text()
    assert not panel.pad.image.any()


def test_nothing_is_asked_while_it_is_hidden(
    session: Session, posted: list[m.Message], panel: PutInspector
) -> None:
    show(session, image_run())
    panel.hide()
    asked = count_of(posted, m.Ask)
    panel.pad.set_image(np.ones((4, 4, 1), np.float32))
    assert count_of(posted, m.Ask) == asked
    panel.show()
    assert count_of(posted, m.Ask) == asked + 1


def test_without_a_run_it_says_what_to_do(panel: PutInspector) -> None:
    assert panel.note.text() == NO_RUN
    assert not panel.pin.isVisible()


def test_an_ellipse_has_the_axes_of_its_covariance() -> None:
    points = ellipse(np.array([1.0, 2.0]), np.diag([4.0, 0.25]), sigmas=1.0) - [1, 2]
    assert np.abs(points[:, 0]).max() == pytest.approx(2, rel=0.01)
    assert np.abs(points[:, 1]).max() == pytest.approx(0.5, rel=0.01)
