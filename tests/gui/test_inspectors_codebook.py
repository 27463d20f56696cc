"""The codebook inspector: what it asks, how a code map is changed, what it draws."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from aeviz import messages as m
from aeviz.gui.code_palette import CodeTiles
from aeviz.gui.inspectors.codebook import BOOK, DRAWS, MAP, NO_RUN, UNTRAINED, CodebookInspector
from aeviz.gui.session import Session
from tests.gui.inspector_setup import count_of, epoch_done, image_run, last, show

CODES = np.array([[0, 1], [2, 3]])
PRIOR = m.Term("prior", "Prior", "−log p", "nats", "What it is.")


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    return Session(posted.append)


@pytest.fixture
def inspector(session: Session, qtbot: Any) -> CodebookInspector:
    made = CodebookInspector(session)
    qtbot.addWidget(made)
    made.resize(300, 900)
    made.show()
    return made


def code_run(**changes: Any) -> m.RunOpened:
    return image_run(abilities=("codebook", "prior", "staged"), **changes)


def book(levels: tuple[str, ...] = ("",), level: int = 0) -> m.Answer:
    arrays: dict[str, Any] = {
        "counts": np.array([3, 0, 7, 1]),
        "patches": np.zeros((4, 2, 2, 1), np.uint8),
    }
    arrays |= {f"colours_{n}": np.full((4, 3), 60 * n, np.uint8) for n in range(len(levels))}
    values = {"samples": 6, "level": level, "levels": levels}
    return m.Answer(run="r", view=BOOK, question="codebook", epoch=3, arrays=arrays, values=values)


def code_map(request: m.Ask, levels: tuple[str, ...] = ("",)) -> m.Answer:
    arrays: dict[str, Any] = {
        "reconstruction": np.zeros((4, 4, 1), np.uint8),
        "edited": np.full((4, 4, 1), 255, np.uint8),
    }
    for level in range(len(levels)):
        edited = CODES.copy()
        for at, row, column, code in request.arguments["edits"]:
            if at == level:
                edited[row, column] = code
        arrays |= {f"codes_{level}": CODES, f"edited_{level}": edited}
    values = {"row": request.arguments["row"], "levels": levels}
    values |= {"log_prior": -10.0, "edited_log_prior": -12.0}
    return m.Answer(run="r", view=MAP, question="code_map", epoch=3, arrays=arrays, values=values)


def opened(session: Session, posted: list[m.Message], levels: tuple[str, ...] = ("",)) -> None:
    show(session, code_run())
    session.receive(code_map(last(posted, m.Ask, MAP), levels))
    session.receive(book(levels))


def test_without_a_run_it_says_what_to_do(inspector: CodebookInspector) -> None:
    assert inspector.hint.text() == NO_RUN
    assert not inspector.usage.isVisible()


def test_nothing_is_asked_of_a_model_without_a_codebook(
    inspector: CodebookInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    assert count_of(posted, m.Ask) == 0


def test_nothing_is_asked_while_nobody_looks(session: Session, posted: list[m.Message]) -> None:
    hidden = CodebookInspector(session)
    show(session, code_run())
    assert count_of(posted, m.Ask) == 0
    hidden.show()
    assert {ask.view for ask in posted if isinstance(ask, m.Ask)} == {BOOK, MAP, DRAWS}
    hidden.deleteLater()


def test_tiles_are_sorted_by_use(
    inspector: CodebookInspector, session: Session, posted: list[m.Message]
) -> None:
    opened(session, posted)
    assert inspector.usage.palette_of_codes.tiles is not None
    assert inspector.usage.palette_of_codes.tiles.order.tolist() == [2, 0, 3, 1]
    assert inspector.usage.counted.text() == "3 of 4 codes in use, in all samples"
    assert not inspector.usage.levels.isVisible()


def test_a_place_and_a_code_make_an_edit_that_can_be_taken_back(
    inspector: CodebookInspector, session: Session, posted: list[m.Message], qtbot: Any
) -> None:
    opened(session, posted)
    editor, palette = inspector.editor, inspector.usage.palette_of_codes
    place = editor.maps[0].area_of(1, 0).center().toPoint()
    qtbot.mouseClick(editor.maps[0], Qt.MouseButton.LeftButton, pos=place)
    assert palette.marked == 2
    qtbot.mouseClick(palette, Qt.MouseButton.LeftButton, pos=palette.place_of(3))
    request = last(posted, m.Ask, MAP)
    assert request.arguments["edits"] == ((0, 1, 0, 3),)
    session.receive(code_map(request))
    assert editor.maps[0].edited is not None
    assert editor.maps[0].edited.tolist() == [[0, 1], [3, 3]]
    assert editor.pictures.captions == ["Original", "Reconstruction", "Edited"]
    assert "−10.00 → −12.00" in editor.note.text()
    editor.undo.click()
    assert last(posted, m.Ask, MAP).arguments["edits"] == ()
    assert not editor.undo.isEnabled()
    assert editor.maps[0].edited.tolist() == CODES.tolist()


def test_reset_takes_all_edits_back(
    inspector: CodebookInspector, session: Session, posted: list[m.Message]
) -> None:
    opened(session, posted)
    for column, code in ((0, 2), (1, 0)):
        inspector.editor.maps[0].place_chosen.emit(0, column)
        inspector.editor.take_code(0, code)
    assert len(inspector.editor.edits) == 2
    inspector.editor.reset.click()
    assert inspector.editor.edits == []


def test_the_same_code_is_no_edit(
    inspector: CodebookInspector, session: Session, posted: list[m.Message]
) -> None:
    opened(session, posted)
    inspector.editor.take_code(0, 1)
    inspector.editor.maps[0].place_chosen.emit(0, 1)
    inspector.editor.take_code(0, 1)
    assert inspector.editor.edits == []


def test_another_sample_begins_without_edits(
    inspector: CodebookInspector, session: Session, posted: list[m.Message]
) -> None:
    opened(session, posted)
    inspector.editor.maps[0].place_chosen.emit(0, 1)
    inspector.editor.take_code(0, 0)
    session.select([4])
    request = last(posted, m.Ask, MAP)
    assert request.arguments == {"row": 4, "edits": ()}
    assert inspector.editor.sample.text.endswith("#104")


def test_with_two_levels_both_maps_are_shown_and_the_palette_follows(
    inspector: CodebookInspector, session: Session, posted: list[m.Message]
) -> None:
    opened(session, posted, ("top", "bottom"))
    assert [code_map.isVisible() for code_map in inspector.editor.maps] == [True, True]
    assert inspector.usage.levels.isVisible()
    inspector.editor.maps[1].place_chosen.emit(0, 1)
    assert last(posted, m.Ask, BOOK).arguments == {"level": 1}
    session.receive(book(("top", "bottom"), 1))
    inspector.usage.palette_of_codes.code_chosen.emit(2)
    assert inspector.editor.edits == [(1, 0, 1, 2)]


def test_redraw_takes_the_next_seed(
    inspector: CodebookInspector, session: Session, posted: list[m.Message]
) -> None:
    opened(session, posted)
    assert last(posted, m.Ask, DRAWS).arguments["seed"] == 0
    inspector.draws.again.click()
    assert last(posted, m.Ask, DRAWS).arguments["seed"] == 1
    drawn = {"drawn": np.zeros((5, 4, 4, 1), np.uint8), "log_prior": np.arange(-5.0, 0.0)}
    for seed in (0, 1):
        session.receive(
            m.Answer(
                run="r", view=DRAWS, question="code_draws", epoch=3, arrays=drawn,
                values={"seed": seed},
            )
        )  # fmt: skip
        assert len(inspector.draws.sheet.pictures) == 5 * seed
    inspector.grab()


def test_it_says_when_the_prior_is_not_trained_yet(
    inspector: CodebookInspector, session: Session
) -> None:
    session.receive(code_run(terms=(PRIOR,)))
    session.receive(epoch_done(0))
    session.receive(epoch_done(1))
    inspector._say_state()
    assert inspector.draws.note.text() == UNTRAINED


def test_the_keyboard_reaches_places_and_codes(
    inspector: CodebookInspector, session: Session, posted: list[m.Message]
) -> None:
    opened(session, posted)
    code_map, palette = inspector.editor.maps[0], inspector.usage.palette_of_codes
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(code_map, key)
    assert code_map.place == (1, 1)
    assert palette.marked == 3
    QTest.keyClick(palette, Qt.Key.Key_Left)
    QTest.keyClick(palette, Qt.Key.Key_Return)
    assert inspector.editor.edits == [(0, 1, 1, 0)]


def test_tiles_without_patches_are_drawn_in_their_colours(inspector: CodebookInspector) -> None:
    palette = inspector.usage.palette_of_codes
    palette.set_tiles(CodeTiles(np.array([2, 1]), np.array([[255, 0, 0], [0, 0, 255]], np.uint8)))
    palette.resize(200, 60)
    image = palette.grab().toImage()
    assert image.pixelColor(palette.place_of(0)).red() == 255
    assert palette.code_at(palette.place_of(1)) == 1
