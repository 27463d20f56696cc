"""Another plane of the map: shown whole or not at all, and everything pointed at stays."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui.commands import Commands
from aeviz.gui.latent_view import LatentView
from aeviz.gui.layers.base import LAYERS, Layer, LayerEntry
from aeviz.gui.plane_commands import PlaneCommands
from aeviz.gui.plane_state import FIT
from aeviz.gui.session import Session
from aeviz.plane import PCA, Plane, two_dimensions
from tests.gui.map_scene import epoch_done, run_opened, session_with
from tests.gui.test_latent_view import place, view_of

PLANE = two_dimensions(0, 2, epoch=4)
FITTED = Plane("tsne", epoch=4)


def projected(epoch: int, plane: Plane = PLANE, **changes: object) -> m.Projected:
    done = epoch_done(epoch, dimensions=5)
    fields: dict[str, object] = {
        "run": "r",
        "plane": plane,
        "epoch": epoch,
        "positions": done.positions[:, ::-1] + 10,
        "mean": np.full(5, 2, np.float32),
        "axes": np.eye(5, dtype=np.float32)[:, [0, 2]],
        "share": 0.5,
        "titles": ("z₁", "z₃"),
    }
    return m.Projected(**(fields | changes))


def inverse() -> m.Inverse:
    generator = np.random.default_rng(0)
    positions = generator.normal(size=(40, 2)).astype(np.float32)
    return m.Inverse(positions, generator.normal(size=(40, 5)).astype(np.float32), 0.21, 60)


@pytest.fixture
def scene(qapp: QApplication) -> tuple[Session, list[m.Message]]:
    session, posted = session_with(epochs=4, dimensions=5)
    session.set_playhead(4)
    posted.clear()
    return session, posted


def show(session: Session, plane: Plane = PLANE, **changes: object) -> None:
    session.planes.choose(plane)
    for epoch in range(len(session.planes.told)):
        session.receive(projected(epoch, plane, **changes))


def test_a_plane_is_shown_once_every_epoch_lies_on_it(
    scene: tuple[Session, list[m.Message]], qtbot: QtBot
) -> None:
    session, posted = scene
    own = session.positions
    session.move_cursor((0.5, 0.5), 7)
    session.planes.choose(PLANE)
    [request] = posted
    assert isinstance(request, m.Project)
    assert request.epochs == (0, 1, 2, 3, 4)
    for epoch in range(4):
        session.receive(projected(epoch))
    assert session.planes.share_made == 0.8
    assert session.positions is own
    with qtbot.waitSignals([session.plane_changed, session.epoch_changed]):
        session.receive(projected(4))
    assert session.positions is session.epochs[4].positions
    assert float(session.positions.min()) >= 10
    assert session.hovered == 7
    assert session.latent_at((1, 3)).tolist() == [3, 2, 5, 2, 2]
    assert session.position_of(np.array([3, 9, 5, 9, 9], np.float32)).tolist() == [1, 3]
    session.planes.choose(PCA)
    assert session.positions is own


def test_an_epoch_that_comes_meanwhile_is_laid_on_the_plane_too(
    scene: tuple[Session, list[m.Message]],
) -> None:
    session, posted = scene
    session.planes.choose(PLANE)
    for epoch in range(5):
        if epoch == 3:
            session.receive(epoch_done(5, dimensions=5))
        session.receive(projected(epoch))
    assert isinstance(posted[-1], m.Project)
    assert posted[-1].epochs == (3, 4, 5)
    assert session.planes.shown == PCA
    session.receive(projected(5))
    assert session.planes.shown == PLANE
    assert session.last_epoch == 5
    session.receive(epoch_done(6, dimensions=5))
    assert session.last_epoch == 5
    assert posted[-1].epochs == (6,)
    session.receive(projected(6))
    assert session.last_epoch == 6
    assert session.epochs[6].titles == ("z₁", "z₃")


def test_a_plane_that_cannot_be_made_leaves_what_is_shown(
    scene: tuple[Session, list[m.Message]],
) -> None:
    session, _ = scene
    session.planes.choose(PLANE)
    session.receive(m.Failed(run="r", where="plane", summary="they span no plane"))
    assert session.planes.wanted is None
    show(session)
    assert session.planes.shown == PLANE
    session.planes.choose(Plane("lda", epoch=4))
    session.planes.give_up()
    session.receive(projected(0, Plane("lda", epoch=4)))
    assert session.planes.shown == PLANE


@pytest.mark.parametrize("dimensions", [1, 2])
def test_one_and_two_dimensions_are_never_projected(qapp: QApplication, dimensions: int) -> None:
    session, posted = session_with(dimensions=dimensions)
    posted.clear()
    session.planes.choose(PLANE)
    assert not posted
    assert "dimension" in session.planes.refusal


def test_another_run_begins_with_its_own_plane_and_the_same_keeps_it(
    scene: tuple[Session, list[m.Message]],
) -> None:
    session, _ = scene
    show(session)
    session.receive(session.run)
    assert session.planes.shown == PCA
    session.receive(epoch_done(0, dimensions=5))
    assert session.last_epoch == 0
    session.receive(projected(0))
    assert session.planes.shown == PLANE
    session.receive(run_opened(dimensions=5, run="other"))
    session.receive(epoch_done(0, dimensions=5, run="other"))
    assert session.planes.shown == PCA
    assert session.planes.wanted is None


# ── learned ───────────────────────────────────────────────────────────────────────────────────


def test_a_learned_map_is_fitted_first_and_goes_back_through_what_was_fitted(
    scene: tuple[Session, list[m.Message]],
) -> None:
    session, posted = scene
    session.planes.choose(FITTED)
    assert isinstance(posted[-1], m.FitPlane)
    found = inverse()
    session.receive(m.PlaneFitted(run="r", plane=FITTED, inverse=found))
    assert isinstance(posted[-1], m.Project)
    assert posted[-1].inverse is found
    nothing = {"mean": np.zeros(5, np.float32), "axes": np.zeros((5, 2), np.float32)}
    for epoch in range(5):
        session.receive(projected(epoch, FITTED, inverse=found, **nothing))
    assert not session.has_plane
    assert session.latent_at(found.positions[7]) == pytest.approx(found.latents[7])
    assert session.position_of(found.latents[9]) == pytest.approx(found.positions[9])
    z = session.latent_at((0.31, -0.2))
    assert session.position_of(z) == pytest.approx([0.31, -0.2]), "a pin stays where it was put"


def test_a_fit_that_is_not_wanted_any_more_is_cancelled(
    scene: tuple[Session, list[m.Message]],
) -> None:
    session, posted = scene
    session.planes.choose(FITTED)
    session.planes.choose(PCA)
    assert isinstance(posted[-1], m.CancelJob)
    session.receive(m.PlaneFitted(run="r", plane=FITTED, inverse=inverse()))
    assert session.planes.shown == PCA
    session.planes.choose(FITTED)
    session.receive(m.JobDone(job=FIT, outcome="cancelled"))
    assert session.planes.wanted is None


# ── in the window ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def view(scene: tuple[Session, list[m.Message]], qtbot: QtBot) -> LatentView:
    return view_of(scene[0], qtbot)


def test_pin_and_selection_outlast_a_switch(view: LatentView) -> None:
    session = view.session
    session.select([4, 11])
    session.set_pin(np.array([3, 2, 5, 2, 2], np.float32))
    show(session)
    assert session.selection.tolist() == [4, 11]
    assert session.pin.tolist() == [3, 2, 5, 2, 2]
    assert session.position_of(session.pin).tolist() == [1, 3]
    row = view.plot.row_at(QPointF(place(view, *session.positions[11].tolist())))
    assert row == 11
    assert view.plot.getAxis("bottom").labelText == "z₁"


def test_the_map_says_which_plane_it_shows_and_how_exact(view: LatentView) -> None:
    session, button = view.session, view.bar.plane
    assert button.text() == "Plane: PCA"
    session.planes.choose(PLANE)
    assert button.text() == "z₁, z₃…"
    show(session)
    assert button.text() == "Plane: z₁, z₃"
    assert view.plot.note.lines[1:] == (
        "Plane of z₁ and z₃ through the median latent of 5 dimensions",
        "Exact on the plane, which holds 50% of the variance",
    )
    found = inverse()
    session.planes.choose(FITTED)
    session.receive(m.PlaneFitted(run="r", plane=FITTED, inverse=found))
    for epoch in range(5):
        session.receive(projected(epoch, FITTED, inverse=found))
    said = " ".join(view.plot.note.lines)
    assert "off by 21% of the spread (held-out median)" in said
    assert button.text() == "Plane: t-SNE ±21%"
    assert "40 of 60 samples, random" in said


def test_a_layer_that_needs_a_plane_goes_with_it_and_says_why(
    scene: tuple[Session, list[m.Message]], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = scene
    entry = LayerEntry("flat", "Flat", "Lies flat.", "", 0, True, "", True, Layer)
    monkeypatch.setattr(Layer, "name", "flat", raising=False)
    monkeypatch.setitem(LAYERS, "flat", entry)
    view = view_of(session, qtbot)
    action = view.bar.actions_of_layers["flat"]
    session.layers.show("flat")
    session.planes.choose(FITTED)
    session.receive(m.PlaneFitted(run="r", plane=FITTED, inverse=inverse()))
    for epoch in range(5):
        session.receive(projected(epoch, FITTED, inverse=inverse()))
    assert not action.isEnabled()
    assert "t-SNE is no plane" in action.toolTip()
    assert "flat" not in session.layers.shown
    session.planes.choose(PCA)
    assert action.isEnabled()


def test_two_dimensions_leave_no_choice_and_say_why(qtbot: QtBot) -> None:
    session, _ = session_with()
    view = view_of(session, qtbot)
    button = view.bar.plane
    assert not button.isEnabled()
    assert "two dimensions" in button.toolTip()


def test_two_directions_are_chosen_in_a_small_window(view: LatentView) -> None:
    session, button = view.session, view.bar.plane
    session.select([4, 11])
    session.set_pin(np.arange(5, dtype=np.float32))
    box = button.ask(dimensions_only=False)
    assert box is not None
    assert [box.across.itemText(row) for row in range(4)] == [
        "#4 → #11",
        "pin → #4",
        "PC 1",
        "PC 2",
    ]
    assert [box.base.itemText(row) for row in range(3)] == [
        "the pin",
        "sample #4",
        "the median latent",
    ]
    box.up.setCurrentIndex(box.across.currentIndex())
    assert not box.button.isEnabled()
    box.up.setCurrentIndex(3)
    box.accept()
    wanted = session.planes.wanted
    assert wanted is not None
    assert wanted.title == "#4 → #11, PC 2"
    show(session, wanted)
    assert "#4 → #11, PC 2" in button.toolTip()
    assert wanted.base == (0, 1, 2, 3, 4)


def test_every_plane_is_a_command_that_says_why_it_cannot_be_asked_for(
    view: LatentView, qtbot: QtBot
) -> None:
    session, commands = view.session, Commands()
    kept = PlaneCommands(session, view.bar.plane, commands, commands)
    commands.action("plane.lda").trigger()
    assert session.planes.wanted == Plane("lda", epoch=4)
    commands.action("plane.pca").trigger()
    assert session.planes.wanted is None
    session.receive(run_opened(dimensions=2, run="flat"))
    session.receive(epoch_done(0, run="flat"))
    assert not commands.action("plane.lda").isEnabled()
    assert "two dimensions" in commands.action("plane.directions").toolTip()
    assert kept.parent() is commands


def test_lda_without_labels_says_what_it_needs(qtbot: QtBot) -> None:
    session, _ = session_with(dimensions=3, classes=0)
    view = view_of(session, qtbot)
    button = view.bar.plane
    button.menu_of_planes.aboutToShow.emit()
    assert not button.choices["lda"].isEnabled()
    assert "labels" in button.choices["lda"].toolTip()
