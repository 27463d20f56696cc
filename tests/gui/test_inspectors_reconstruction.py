"""Fixed samples at the shown epoch and the film strip, and its picture."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from aeviz import messages as m
from aeviz.gui import theme
from aeviz.gui.inspectors.reconstruction import NO_RUN, ReconstructionInspector, fixed_rows
from aeviz.gui.session import Session
from tests.gui.inspector_setup import (
    READY,
    count_of,
    epoch_done,
    image_run,
    last,
    reconstructed,
    show,
    table_run,
)


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def inspector(session: Session, qtbot: Any) -> ReconstructionInspector:
    made = ReconstructionInspector(session)
    qtbot.addWidget(made)
    made.resize(900, 260)
    return made


def answer_film(session: Session, posted: list[m.Message], run: m.RunOpened) -> m.Reconstruct:
    request: m.Reconstruct = last(posted, m.Reconstruct, "film")
    for epoch in request.epochs:
        session.receive(reconstructed(request, epoch, run))
    return request


# ── which samples ─────────────────────────────────────────────────────────────────────────────


def test_one_sample_of_each_class_the_one_with_the_lowest_number() -> None:
    run = image_run(index=np.array([5, 4, 3, 2, 1, 0]))
    assert fixed_rows(run).tolist() == [3, 4, 5]
    assert fixed_rows(run).tolist() == fixed_rows(image_run(index=run.index)).tolist()


def test_many_classes_are_spread_and_samples_without_label_left_out() -> None:
    count = 300
    labels = np.arange(count) % 101 - 1
    run = image_run(index=np.arange(count), labels=labels, samples=None, parts=np.zeros(count))
    chosen = labels[fixed_rows(run)]
    assert len(chosen) == 10
    assert (np.diff(chosen) == 10).all()
    assert chosen[0] == 0


@pytest.mark.parametrize("labels", [None, np.zeros(6, np.int64), np.full(6, -1)])
def test_without_classes_they_are_spread_evenly(labels: Any) -> None:
    rows = fixed_rows(image_run(labels=labels))
    assert rows.tolist() == [0, 1, 2, 3, 4, 5]


# ── the shown epoch ───────────────────────────────────────────────────────────────────────────


def test_without_a_run_it_says_what_to_do(inspector: ReconstructionInspector) -> None:
    assert inspector.hint.text() == NO_RUN


def test_the_shown_epoch_is_reconstructed_again_and_again(
    inspector: ReconstructionInspector, session: Session, posted: list[m.Message]
) -> None:
    run = image_run()
    show(session, run)
    session.set_playhead(2.0)
    request = last(posted, m.Reconstruct, "reconstruction")
    assert (request.rows.tolist(), request.epochs) == ([0, 1, 2], (2,))
    session.receive(reconstructed(request, 2, run))
    assert inspector.epoch.text() == "Epoch 2"
    assert "zero: 0.06" in inspector.pairs.accessibleDescription()


def test_a_reconstruction_of_another_epoch_is_ignored(
    inspector: ReconstructionInspector, session: Session, posted: list[m.Message]
) -> None:
    run = image_run()
    show(session, run)
    request = last(posted, m.Reconstruct, "reconstruction")
    session.set_playhead(2.0)
    session.receive(reconstructed(request, 0, run))
    assert inspector.pairs.accessibleDescription() == ""


def test_before_torch_the_originals_are_there_and_nothing_is_asked(
    inspector: ReconstructionInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run(), ready=False)
    assert count_of(posted, m.Reconstruct) == 0
    assert inspector.note.text == "Decoding starts as soon as torch is loaded."
    assert inspector.film.film is not None
    assert all(original is not None for original in inspector.film.film.originals)
    session.receive(READY)
    assert last(posted, m.Reconstruct, "film").epochs == (0, 1, 2, 3)


# ── the film strip ────────────────────────────────────────────────────────────────────────────


def test_the_film_fills_as_answers_come(
    inspector: ReconstructionInspector, session: Session, posted: list[m.Message]
) -> None:
    run = image_run()
    show(session, run)
    request = last(posted, m.Reconstruct, "film")
    session.receive(reconstructed(request, 2, run))
    assert inspector.film.film is not None
    assert [len(column) for column in inspector.film.film.frames] == [0, 0, 3, 0]
    answer_film(session, posted, run)
    assert [len(column) for column in inspector.film.film.frames] == [3, 3, 3, 3]


def test_while_training_the_planned_epochs_are_the_columns(
    inspector: ReconstructionInspector, session: Session, posted: list[m.Message]
) -> None:
    run = image_run(epochs=100, status="training")
    show(session, run, epochs=0)
    assert inspector.film.film is not None
    assert list(inspector.film.film.epochs) == list(range(0, 101, 10))
    assert answer_film(session, posted, run).epochs == (0,)
    for epoch in range(1, 10):
        session.receive(epoch_done(epoch))
    before = count_of(posted, m.Reconstruct)
    session.receive(epoch_done(10))
    assert last(posted, m.Reconstruct, "film").epochs == (10,)
    assert count_of(posted, m.Reconstruct) == before + 1


def test_a_request_names_again_what_was_not_answered(
    inspector: ReconstructionInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run(epochs=2, status="training"), epochs=0)
    session.receive(epoch_done(1))
    assert last(posted, m.Reconstruct, "film").epochs == (0, 1)


def test_a_click_on_a_column_goes_to_that_epoch(
    inspector: ReconstructionInspector, session: Session, qtbot: Any
) -> None:
    show(session, image_run())
    inspector.show()
    places = inspector.film.places()
    assert places is not None
    middle = places.place(1, 2).center().toPoint() + QPoint(12, 0)
    qtbot.mouseClick(inspector.film, Qt.MouseButton.LeftButton, pos=middle)
    assert session.playhead == 2.0
    assert not session.following
    qtbot.keyClick(inspector.film, Qt.Key.Key_Left)
    assert session.playhead == 1.0
    qtbot.keyClick(inspector.film, Qt.Key.Key_End)
    assert session.playhead == 3.0


def test_a_column_that_is_still_to_come_cannot_be_shown(
    inspector: ReconstructionInspector, session: Session
) -> None:
    show(session, image_run(epochs=100, status="training"), epochs=5)
    inspector.film.epoch_chosen.emit(100)
    assert session.playhead == 0.0


def test_a_column_says_which_weights_made_it(
    inspector: ReconstructionInspector, session: Session, posted: list[m.Message]
) -> None:
    run = image_run()
    show(session, run)
    request = last(posted, m.Reconstruct, "film")
    answer = reconstructed(request, 1, run)
    session.receive(m.Reconstructed(**{**vars(answer), "asked": 2}))
    places = inspector.film.places()
    assert places is not None
    x = places.place(0, 2).center().x() + 12
    assert "keeps no weights: epoch 1 decoded" in inspector.film.tip_at(x)


# ── the picture ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [image_run, table_run])
def test_the_film_is_saved_as_a_picture(
    inspector: ReconstructionInspector,
    session: Session,
    posted: list[m.Message],
    tmp_path: Path,
    make: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from PySide6.QtWidgets import QFileDialog

    run = make()
    show(session, run)
    assert not inspector.save.isEnabled()
    answer_film(session, posted, run)
    notices: list[str] = []
    session.noticed.connect(notices.append)
    chosen = (str(tmp_path / "film"), "")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    inspector.save.click()
    assert QImage(str(tmp_path / "film.png")).width() > 200
    assert notices == [f"Saved {tmp_path / 'film.png'}"]


def test_a_picture_that_cannot_be_saved_is_a_sentence(
    inspector: ReconstructionInspector, session: Session, posted: list[m.Message], tmp_path: Path
) -> None:
    run = image_run()
    show(session, run)
    answer_film(session, posted, run)
    failures: list[m.Failed] = []
    session.failed.connect(failures.append)
    inspector.save_picture(tmp_path / "gone" / "film.png")
    assert "no folder" in failures[0].summary


@pytest.mark.parametrize("make", [image_run, table_run, lambda: image_run((6, 9, 3))])
@pytest.mark.parametrize("width", [200, 600, 1400])
def test_it_can_be_narrow_and_wide(
    inspector: ReconstructionInspector,
    session: Session,
    posted: list[m.Message],
    make: Any,
    width: int,
) -> None:
    run = make()
    show(session, run)
    answer_film(session, posted, run)
    session.receive(reconstructed(last(posted, m.Reconstruct, "reconstruction"), 0, run))
    inspector.resize(width, 200)
    assert not inspector.grab().isNull()
    assert inspector.minimumSizeHint().width() <= 200


@pytest.fixture(params=["Qt", "aeviz"])
def look(request: pytest.FixtureRequest, qapp: Any) -> Any:
    """The look of Qt and of the program, which has another font and other bars."""
    palette, font, style = qapp.palette(), qapp.font(), qapp.style().objectName()
    if request.param == "aeviz":
        theme.apply(qapp, "light")
    yield
    qapp.setStyle(style)
    qapp.setPalette(palette)
    qapp.setFont(font)


@pytest.mark.parametrize("make", [image_run, table_run])
def test_a_film_that_fits_needs_no_bar_across(
    look: None, inspector: ReconstructionInspector, session: Session, make: Any
) -> None:
    show(session, make())
    inspector.show()
    for height in (130, 200, 300):
        for width in range(700, 720, 3):
            inspector.resize(width, height)
            area = inspector.film.parentWidget().parentWidget()
            assert inspector.film.width() <= area.viewport().width()


def test_another_run_takes_the_columns_of_the_old_one_away(
    inspector: ReconstructionInspector, session: Session, posted: list[m.Message]
) -> None:
    run = image_run()
    show(session, run)
    answer_film(session, posted, run)
    session.receive(table_run())
    assert inspector.film.film is not None
    assert [len(column) for column in inspector.film.film.frames] == [0]


def test_the_film_has_its_room_however_many_epochs_came_first(
    inspector: ReconstructionInspector, session: Session
) -> None:
    show(session, image_run())
    inspector.resize(640, 240)
    inspector.show()
    for number in range(1, 40):
        session.receive(epoch_done(number))
    QTest.qWait(10)
    film = inspector.film.parentWidget().parentWidget()
    assert film.width() >= 0.35 * inspector.width()
