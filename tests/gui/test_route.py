"""The route of a session, what is asked along it, and which answers are taken."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from aeviz import messages as m
from aeviz.gui.route import METHODS, Anchor
from aeviz.gui.session import Session
from aeviz.gui.walk import VIEW
from tests.gui.inspector_setup import READY, count_of, last
from tests.gui.map_scene import fill, session_with

Made = tuple[Session, list[m.Message]]


@pytest.fixture
def made(qapp: QApplication) -> Made:
    """Row i lies at (i % 10, i // 10) at epoch 4, which is shown."""
    session, posted = session_with(epochs=4)
    session.receive(READY)
    session.set_playhead(4)
    return session, posted


def at(x: float, y: float, row: int = -1) -> Anchor:
    return Anchor(np.array([x, y], np.float32), row)


def answer(request: m.Ask, curve: Any = None, **values: Any) -> m.Answer:
    """What the engine would say: straight curves, grey decodes, everything done."""
    asked = request.arguments
    methods, steps = asked["methods"], asked["steps"]
    share = np.linspace(0, 1, steps)[:, None]
    ends = np.asarray(asked["anchors"], np.float32)
    line = (ends[0] + share * (ends[-1] - ends[0])).astype(np.float32)
    shape = (len(methods), steps)
    found: dict[str, Any] = {
        "methods": methods, "every": 1, "length": (2.5,) * len(methods), "why": {},
        "done": dict.fromkeys(methods, True), "density": "a density", "low": -3.0, "far": 0.5,
        "neighbour": 5, "stamp": asked["stamp"],
    }  # fmt: skip
    return m.Answer(
        run="r", view=VIEW, question="path", epoch=request.epoch,
        arrays={
            "anchors": ends,
            "curve": np.stack([line if curve is None else curve] * len(methods)),
            "x": np.full((*shape, 4, 4, 1), 0.5, np.float32),
            "log_density": np.full(shape, -2.0), "distance": np.full(shape, 0.1),
            "change": np.full((len(methods), steps - 1), 0.25),
        },
        values={**found, **values},
    )  # fmt: skip


# ── anchors ───────────────────────────────────────────────────────────────────────────────────


def test_anchors_come_move_and_go(made: Made) -> None:
    route = made[0].route
    for x in (0, 1, 2):
        route.add(at(x, 0))
    route.add(at(0.5, 0), before=1)
    route.move(3, at(2, 2))
    route.remove(0)
    assert [anchor.z.tolist() for anchor in route.anchors] == [[0.5, 0], [1, 0], [2, 2]]
    route.reverse()
    assert route.anchors[0].z.tolist() == [2, 2]
    assert route.is_path
    route.clear()
    assert not route.is_path


def test_a_drawn_line_keeps_its_anchors_on_it(made: Made) -> None:
    route = made[0].route
    route.draw(np.array([[0, 0], [1, 1], [2, 0], [3, 1], [4, 0]], np.float32))
    assert (route.method, route.knots, len(route.anchors)) == ("freehand", (0, 4), 2)
    route.add(at(2, 0.2), before=1)
    assert route.knots == (0, 2, 4)
    route.add(at(6, 0))
    assert route.knots == (0, 2, 4, 5)
    assert route.line is not None
    assert route.line[-1].tolist() == [6, 0]
    route.remove(0)
    assert route.knots == (0, 2, 3)
    assert route.line[0].tolist() == [2, 0]
    route.reverse()
    assert route.knots == (0, 1, 3)
    for _ in range(2):
        route.remove(0)
    assert route.line is None
    assert route.method == "straight"


def test_equal_choices_tell_nothing_and_what_is_not_there_cannot_be_chosen(made: Made) -> None:
    route, heard = made[0].route, []
    for signal in (
        route.method_changed, route.steps_changed, route.compares_changed, route.at_changed
    ):  # fmt: skip
        signal.connect(heard.append)
    route.set_method("straight")
    route.set_method("freehand")
    route.set_steps(route.steps)
    route.compare(False)
    route.set_at(-1)
    assert heard == []
    assert "freehand" not in route.methods
    route.set_steps(10_000)
    assert route.steps == 64


def test_another_run_begins_without_a_path(made: Made) -> None:
    session, _ = made
    session.route.add(at(0, 0))
    session.route.draw(np.eye(2, dtype=np.float32))
    session.route.compare(True)
    fill(session)
    assert not session.route.anchors
    assert (session.route.method, session.route.compares) == ("straight", False)
    assert session.walk.answer is None


def test_a_path_comes_back_from_its_state(made: Made) -> None:
    route = made[0].route
    route.add(at(0, 0))
    route.add(at(1, 1))
    state = route.state
    route.draw(np.eye(2, dtype=np.float32) * 5)
    route.restore(state)
    assert [anchor.z.tolist() for anchor in route.anchors] == [[0, 0], [1, 1]]
    assert (route.method, route.line) == ("straight", None)


# ── what is asked ─────────────────────────────────────────────────────────────────────────────


def test_a_path_is_asked_for_once_it_is_one_and_again_at_another_epoch(made: Made) -> None:
    session, posted = made
    session.route.add(at(0, 0))
    assert count_of(posted, m.Ask) == 0
    session.route.add(at(3, 2, row=23))
    asked = last(posted, m.Ask, VIEW).arguments
    assert asked["rows"].tolist() == [-1, 23]
    assert asked["methods"] == ("straight",)
    assert not asked["decodes"]
    session.route.compare(True)
    assert last(posted, m.Ask, VIEW).arguments["methods"] == tuple(
        name for name in METHODS if name != "freehand"
    )
    session.set_playhead(2)
    assert last(posted, m.Ask, VIEW).epoch == 2
    session.walk.watch(True)
    assert last(posted, m.Ask, VIEW).arguments["decodes"]


def test_an_answer_of_another_epoch_is_not_taken(made: Made) -> None:
    session, posted = made
    session.route.draw(np.array([[0, 0], [2, 2]], np.float32))
    old = last(posted, m.Ask, VIEW)
    session.set_playhead(3)
    session.receive(answer(old))
    assert session.walk.answer is None
    session.receive(answer(last(posted, m.Ask, VIEW)))
    assert session.walk.is_current


def test_quick_curves_need_no_answer_and_others_wait_for_it(made: Made) -> None:
    session, posted = made
    walk, route = session.walk, session.route
    for x, y in ((0, 0), (2, 0), (2, 2)):
        route.add(at(x, y))
    curve = walk.curve("straight")
    assert curve is not None
    assert curve.tolist() == [[0, 0], [2, 0], [2, 2]]
    place = walk.place(0.5)
    assert place is not None
    np.testing.assert_allclose(place, [2, 0], atol=0.05)
    assert walk.curve("geodesic") is None
    route.set_method("geodesic")
    request = last(posted, m.Ask, VIEW)
    bent = np.linspace([0, 0], [2, 2], request.arguments["steps"]).astype(np.float32) ** 2
    session.receive(answer(request, bent))
    found = walk.curve("geodesic")
    assert found is not None
    np.testing.assert_array_equal(found, bent)
    route.move(1, at(1, 1))
    assert walk.curve("geodesic") is None


def test_an_anchor_of_a_sample_goes_with_the_epochs_and_one_of_a_place_stays(made: Made) -> None:
    session, _ = made
    session.route.add(at(4, 1, row=14))
    session.route.add(at(4, 1))
    session.set_playhead(2)
    sample, fixed = session.walk.latents() or (None, None)
    assert sample is not None
    assert fixed is not None
    np.testing.assert_allclose(sample, session.epochs[2].positions[14])
    np.testing.assert_allclose(fixed, [4, 1])


def test_beyond_two_dimensions_the_answer_says_where_a_sample_is(qapp: QApplication) -> None:
    session, posted = session_with(dimensions=3)
    session.receive(READY)
    session.route.add(Anchor(np.zeros(3, np.float32), 5))
    session.route.add(Anchor(np.ones(3, np.float32)))
    assert session.walk.latents() is None
    request = last(posted, m.Ask, VIEW)
    told = answer(request)
    told.arrays["anchors"][0] = [1, 2, 3]
    session.receive(told)
    latents = session.walk.latents()
    assert latents is not None
    assert latents[0].tolist() == [1, 2, 3]
    moved = session.walk.moved(0, np.array([1.0, 0.0]))
    assert moved is not None
    assert moved.z.tolist() == [2, 2, 3]
    assert moved.row == -1
