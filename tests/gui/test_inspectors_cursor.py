"""The decode under the cursor: asked with latest-wins, never stale, pinned, compared."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from aeviz import messages as m
from aeviz.gui.inspectors.cursor import (
    HINT,
    INEXACT,
    NO_RUN,
    NO_WEIGHTS,
    WAITING,
    CursorInspector,
)
from aeviz.gui.session import Session
from tests.gui.inspector_setup import (
    POSITIONS,
    READY,
    count_of,
    decoded,
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
def inspector(session: Session, qtbot: Any) -> CursorInspector:
    made = CursorInspector(session)
    qtbot.addWidget(made)
    return made


def grey(inspector: CursorInspector) -> int:
    image = inspector.decode.picture.image
    return -1 if image.isNull() else image.pixelColor(0, 0).red()


def test_without_a_run_it_says_what_to_do(inspector: CursorInspector) -> None:
    assert inspector.hint.text() == NO_RUN


def test_before_the_mouse_comes_it_says_what_to_do(
    inspector: CursorInspector, session: Session
) -> None:
    show(session, image_run())
    assert inspector.hint.text() == HINT
    session.move_cursor((0.0, 0.0))
    assert not inspector.hint.isVisibleTo(inspector)


def test_a_move_asks_and_the_answer_is_shown(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.move_cursor((0.25, -1.5))
    request = last(posted, m.Decode, "cursor")
    assert request.z.tolist() == [[0.25, -1.5]]
    session.receive(decoded(request))
    assert grey(inspector) == 128
    assert inspector.decode.coordinates.text() == "z = (0.25, −1.50)"
    assert inspector.decode.origin.text() == "epoch 0"


def test_while_the_mouse_moves_answers_are_shown_in_their_order(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    requests = []
    for x in (0.0, 1.0, 2.0):
        session.move_cursor((x, 0.0))
        requests.append(last(posted, m.Decode, "cursor"))
    session.receive(decoded(requests[1], 0.4))
    assert grey(inspector) == 102
    session.receive(decoded(requests[0], 0.1))
    assert grey(inspector) == 102, "an older answer came after a newer one"
    session.receive(decoded(requests[2], 0.8))
    assert grey(inspector) == 204


def test_an_answer_that_nobody_asked_for_is_ignored(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.move_cursor((1.0, 0.0))
    request = last(posted, m.Decode, "cursor")
    session.receive(decoded(request, z=np.array([[7, 7]], np.float32)))
    session.receive(decoded(request, view="another"))
    session.receive(decoded(request, asked=2, epoch=2))
    assert grey(inspector) == -1


def test_an_answer_of_another_epoch_than_shown_is_ignored(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.move_cursor((1.0, 0.0))
    old = last(posted, m.Decode, "cursor")
    session.set_playhead(2.0)
    new = last(posted, m.Decode, "cursor")
    assert (old.epoch, new.epoch) == (0, 2)
    session.receive(decoded(old, 0.1))
    assert grey(inspector) == -1
    session.receive(decoded(new, 0.8))
    assert grey(inspector) == 204


def test_a_shown_epoch_that_comes_anew_is_asked_anew(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.move_cursor((1.0, 0.0))
    before = count_of(posted, m.Decode)
    session.receive(epoch_done(0))
    assert count_of(posted, m.Decode) > before
    before = count_of(posted, m.Decode)
    session.receive(epoch_done(4))
    assert count_of(posted, m.Decode) == before


def test_equal_places_are_asked_once(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    for _ in range(3):
        session.move_cursor((1.0, 0.0))
    assert count_of(posted, m.Decode) == 1


def test_when_the_mouse_leaves_the_pin_is_shown(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.set_pin(np.array([3, 3], np.float32))
    session.move_cursor((1.0, 0.0))
    assert inspector.place.text() == "Under the mouse"
    session.move_cursor(None)
    assert last(posted, m.Decode, "cursor").z.tolist() == [[3, 3]]
    assert inspector.place.text() == "At the pin"


def test_without_a_pin_the_last_place_stays(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.move_cursor((1.0, 0.0))
    session.receive(decoded(last(posted, m.Decode, "cursor")))
    session.move_cursor(None)
    assert grey(inspector) == 128
    assert inspector.place.text() == "Where the mouse was"


def test_the_pin_can_be_taken_away(
    inspector: CursorInspector, session: Session, qtbot: Any
) -> None:
    show(session, image_run())
    assert not inspector.unpin.isVisibleTo(inspector)
    session.set_pin(np.array([3, 3], np.float32))
    assert inspector.unpin.isVisibleTo(inspector)
    qtbot.mouseClick(inspector.unpin, Qt.MouseButton.LeftButton)
    assert session.pin is None
    assert not inspector.unpin.isVisibleTo(inspector)


# ── before torch, without weights, errors ─────────────────────────────────────────────────────


def test_before_torch_the_nearest_sample_is_shown_and_decoding_is_promised(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run(), ready=False)
    session.move_cursor((3.5, 4.0))
    assert inspector.note.text() == WAITING
    assert inspector.decode.name.text == "zero"
    assert inspector.decode.distance.text == "#103 · 0.50 away"
    assert not inspector.decode.neighbour.image.isNull()
    assert count_of(posted, m.Decode) == 0
    session.receive(READY)
    assert inspector.note.text() == ""
    assert last(posted, m.Decode, "cursor").z.tolist() == [[3.5, 4.0]]


def test_a_run_without_weights_says_so(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run(decodes=False))
    session.move_cursor((0.0, 0.0))
    assert inspector.note.text() == NO_WEIGHTS
    assert count_of(posted, m.Decode) == 0


def test_a_failure_is_shown_until_the_next_answer(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.move_cursor((0.0, 0.0))
    session.receive(m.Failed(where="training", summary="Not mine."))
    assert inspector.note.text() == ""
    session.receive(m.Failed(where="inference", summary="The weights are damaged."))
    assert inspector.note.text() == "The weights are damaged."
    session.receive(decoded(last(posted, m.Decode, "cursor")))
    assert inspector.note.text() == ""


@pytest.mark.parametrize(
    ("bounded", "clipped", "said"),
    [
        (True, 0.0, ""),
        (False, 0.0, "0\N{NO-BREAK SPACE}% of pixels clipped"),
        (False, 0.031, "3.1\N{NO-BREAK SPACE}% of pixels clipped"),
    ],
)
def test_clipped_pixels_are_told(
    inspector: CursorInspector,
    session: Session,
    posted: list[m.Message],
    bounded: bool,
    clipped: float,
    said: str,
) -> None:
    show(session, image_run(bounded=bounded))
    session.move_cursor((0.0, 0.0))
    session.receive(decoded(last(posted, m.Decode, "cursor"), clipped=clipped))
    assert inspector.note.text() == said


def test_thinned_weights_are_told(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.set_playhead(3.0)
    session.move_cursor((0.0, 0.0))
    session.receive(decoded(last(posted, m.Decode, "cursor"), epoch=2))
    assert inspector.note.text() == "Epoch 3 keeps no weights: epoch 2 decodes"
    assert inspector.decode.origin.text() == "epoch 2"


# ── the nearest sample ────────────────────────────────────────────────────────────────────────


def test_hidden_labels_are_not_near(inspector: CursorInspector, session: Session) -> None:
    show(session, image_run())
    session.move_cursor((0.0, 0.0))
    assert inspector.decode.name.text == "zero"
    session.hide([0])
    assert inspector.decode.name.text == "<b>one</b>"
    session.hide([0, 1, 2])
    assert inspector.decode.name.text == "–"


def test_the_nearest_sample_is_of_the_shown_epoch(
    inspector: CursorInspector, session: Session
) -> None:
    show(session, image_run())
    session.move_cursor((1.0, 0.0))
    assert inspector.decode.name.text == "<b>one</b>"
    session.set_playhead(1.0)
    assert inspector.decode.name.text == "zero"


def test_a_sample_that_the_window_lacks_is_fetched(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run(samples=None))
    session.move_cursor((0.0, 0.0))
    request = last(posted, m.FetchSamples, "cursor.nearest")
    session.move_cursor((9.0, 9.0))
    sample = np.full((1, 4, 4, 1), 16, np.uint8)
    answer = m.SamplesFetched(run="r", view=request.view, rows=request.rows, samples=sample)
    session.receive(answer)
    assert inspector.decode.neighbour.image.isNull(), "the answer was for another sample"
    session.receive(
        m.SamplesFetched(run="r", view=request.view, rows=np.array([5]), samples=sample)
    )
    assert inspector.decode.neighbour.image.pixelColor(0, 0).red() == 255


# ── the selected sample ───────────────────────────────────────────────────────────────────────


def test_a_selected_sample_is_compared_with_its_reconstruction(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    run = image_run()
    show(session, run)
    session.select([5])
    comparison = inspector.comparison
    assert inspector.chosen.text == "two · #105"
    assert "validation" in inspector.chosen_detail.text()
    assert not comparison.pictures[0].image.isNull()
    request = last(posted, m.Reconstruct, "cursor.selected")
    assert (request.rows.tolist(), request.epochs) == ([5], (0,))
    session.receive(reconstructed(request, 0, run))
    assert all(not picture.image.isNull() for picture in comparison.pictures)
    assert comparison.difference_scale.limit == 0.5
    assert comparison.error_scale.limit == 0.5
    assert comparison.summary.text().startswith("Mean squared error 0.0625 per pixel")


def test_a_reconstruction_that_is_not_asked_any_more_is_ignored(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    run = image_run()
    show(session, run)
    session.select([5])
    old = last(posted, m.Reconstruct, "cursor.selected")
    session.set_playhead(1.0)
    session.receive(reconstructed(old, 0, run))
    assert inspector.comparison.summary.text() == ""
    session.select([2])
    session.receive(reconstructed(old, 1, run))
    assert inspector.comparison.summary.text() == ""


def test_of_several_selected_the_first_is_compared(
    inspector: CursorInspector, session: Session
) -> None:
    show(session, image_run())
    session.select([4, 2])
    assert inspector.chosen.text == "two · #102"
    assert inspector.chosen_detail.text().endswith("first of 2 selected")
    session.select([])
    assert not inspector.comparison.isVisibleTo(inspector)


# ── tables ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("features", [3, 60])
def test_a_table_is_shown_as_a_profile_with_its_nearest_sample(
    inspector: CursorInspector, session: Session, posted: list[m.Message], features: int
) -> None:
    run = table_run(features)
    show(session, run)
    session.move_cursor((1.0, 0.0))
    request = last(posted, m.Decode, "cursor")
    values = np.asarray(run.samples)[2:3]
    session.receive(decoded(request, values=values, pictures=None))
    profile = inspector.decode.profile
    assert not inspector.decode.picture.isVisibleTo(inspector)
    if features == 3:
        assert profile.bars.bars is not None
        assert profile.bars.bars.lengths.tolist() == pytest.approx([0.4] * 3)
        assert profile.bars.bars.marks is not None
        assert profile.bars.bars.marks.tolist() == pytest.approx([0.2] * 3)
    else:
        assert not profile.bars.isVisibleTo(profile)


def test_the_comparison_of_a_table_has_three_views(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    run = table_run()
    show(session, run)
    session.select([4])
    session.receive(reconstructed(last(posted, m.Reconstruct, "cursor.selected"), 0, run))
    comparison = inspector.comparison
    kinds = []
    for view in range(3):
        comparison.views.setCurrentIndex(view)
        assert comparison.profile.bars.bars is not None
        kinds.append(comparison.profile.bars.bars.kind)
    assert kinds == ["value", "difference", "error"]


@pytest.mark.parametrize("make", [image_run, table_run, lambda: image_run((6, 4, 3))])
def test_it_can_be_narrow_and_wide_light_and_dark(
    inspector: CursorInspector, session: Session, make: Callable[[], m.RunOpened], dark: Any
) -> None:
    show(session, make())
    session.move_cursor((1.0, 0.0))
    session.select([1])
    for width in (200, 420, 700):
        inspector.resize(width, 500)
        assert inspector.minimumSizeHint().width() <= 200
        assert not inspector.grab().isNull()


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def dark(request: pytest.FixtureRequest, inspector: CursorInspector) -> bool:
    from aeviz.gui import theme

    inspector.setPalette(theme.palette(theme.DARK if request.param else theme.LIGHT))
    return bool(request.param)


def test_pictures_beside_each_other_are_equally_large(
    inspector: CursorInspector, session: Session, qtbot: Any
) -> None:
    show(session, image_run((8, 8, 1)))
    session.move_cursor((1.0, 0.0))
    session.select([1])
    inspector.show()
    pairs = (
        (inspector.decode.picture, inspector.decode.neighbour),
        inspector.comparison.pictures,
    )
    for width in range(240, 260):
        # A scroll bar that comes and goes with the pictures' size once filled the stack.
        for height in range(360, 520, 7):
            inspector.resize(width, height)
        for pictures in pairs:
            assert len({picture.heightForWidth(picture.width()) for picture in pictures}) == 1


def test_another_run_takes_everything_of_the_old_one_away(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.move_cursor((1.0, 0.0))
    session.select([1])
    session.receive(decoded(last(posted, m.Decode, "cursor")))
    show(session, table_run())
    assert inspector.hint.text() == HINT
    assert grey(inspector) == -1
    assert not inspector.comparison.isVisibleTo(inspector)


# ── trust and the next nearest ────────────────────────────────────────────────────────────────


def trusted(request: m.Ask, percentile: float = 47.2, **changes: Any) -> m.Answer:
    values = {
        "percentile": percentile, "log_density": -2.5, "k": 5, "distance": 0.123,
        "usual_distance": 0.1, "error": 0.03, "usual_error": 0.02,
    }  # fmt: skip
    arrays = {
        "z": np.asarray(request.arguments["z"], np.float32),
        "nearest": np.array([4, 2, 1]),
        "away": np.float32([0.5, 0.75, 1.0]),
    }
    fields = {"view": request.view, "question": "trust", "epoch": request.epoch}
    return m.Answer(
        run="r", **{**fields, "asked": request.epoch, "arrays": arrays, "values": values, **changes}
    )


@pytest.mark.parametrize(
    ("percentile", "word"), [(47.2, "typical"), (3.0, "rare"), (0.2, "off the data")]
)
def test_a_place_has_one_word_and_its_numbers(
    inspector: CursorInspector,
    session: Session,
    posted: list[m.Message],
    percentile: float,
    word: str,
) -> None:
    show(session, image_run())
    session.move_cursor((0.25, -1.5))
    request = last(posted, m.Ask, "cursor.trust")
    assert request.arguments["z"] == [0.25, -1.5]
    session.receive(trusted(request, percentile))
    assert inspector.trust.mark.kind == word
    assert inspector.trust.values["distance"].text() == "0.12 (data: 0.10)"
    assert inspector.trust.values["error"].text() == "0.030 (data: 0.020)"
    assert "percentile" in inspector.trust.values["density"].text()
    assert "−2.50 nats" in inspector.trust.values["density"].toolTip()
    inspector.resize(300, 500)
    assert not inspector.grab().isNull()


def test_trust_of_another_place_or_epoch_is_not_shown(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.move_cursor((1.0, 0.0))
    old = last(posted, m.Ask, "cursor.trust")
    session.set_playhead(2.0)
    session.receive(trusted(old))
    assert inspector.trust.mark.kind == ""
    new = last(posted, m.Ask, "cursor.trust")
    wrong = {**trusted(new).arrays, "z": np.float32([7, 7])}
    session.receive(trusted(new, arrays=wrong))
    assert inspector.trust.mark.kind == ""
    session.receive(trusted(new))
    assert inspector.trust.mark.kind == "typical"


def test_the_next_nearest_samples_stand_in_a_row(
    inspector: CursorInspector, session: Session
) -> None:
    show(session, image_run())
    session.move_cursor((0.0, 0.0))
    shown = inspector.neighbours.shown
    assert [each.row for each in shown] == [1, 2, 3, 4]
    assert shown[0].sentence == "<b>one</b> · #101 · training · 1.00 away"
    assert inspector.neighbours.has_samples
    session.hide([1])
    assert [each.row for each in inspector.neighbours.shown] == [2, 3, 5]
    assert inspector.neighbours.shown[-1].part == "validation"


def test_above_two_dimensions_near_is_what_is_near_in_the_latent_space(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    run = image_run(latent_dim=3)
    session.receive(run)
    session.receive(
        m.EpochDone(
            run="r", epoch=0, positions=POSITIONS, mean=np.zeros(3, np.float32),
            axes=np.eye(3, 2, dtype=np.float32), metrics={},
        )
    )  # fmt: skip
    session.receive(READY)
    session.move_cursor((0.0, 0.0))
    assert inspector.decode.name.text == "–"
    session.receive(trusted(last(posted, m.Ask, "cursor.trust")))
    assert inspector.decode.name.text == "<b>one</b>"
    assert inspector.decode.distance.text == "#104 · 0.50 away"
    assert [each.row for each in inspector.neighbours.shown] == [2, 1]


def test_a_flow_that_inverts_wrongly_here_shows_no_picture_and_says_so(
    inspector: CursorInspector, session: Session, posted: list[m.Message]
) -> None:
    show(session, image_run())
    session.move_cursor((1.0, 0.0))
    session.receive(decoded(last(posted, m.Decode, "cursor"), 0.5))
    assert grey(inspector) == 128
    session.move_cursor((90.0, 0.0))
    blank = np.full((1, 4, 4, 1), np.nan, np.float32)
    request = last(posted, m.Decode, "cursor")
    session.receive(decoded(request, values=blank, pictures=np.zeros((1, 4, 4, 1), np.uint8)))
    assert grey(inspector) == -1
    assert inspector.note.text() == INEXACT
