"""The main widgets look as they did when their stored pictures were last looked at.

`pytest tests/gui/test_snapshots.py --update-snapshots` stores them anew: look at them then.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aeviz import messages as m
from aeviz.gui import theme
from aeviz.gui.inspectors.cursor import CursorInspector
from aeviz.gui.inspectors.path import PathInspector
from aeviz.gui.inspectors.reconstruction import ReconstructionInspector
from aeviz.gui.latent_view import LatentView
from aeviz.gui.loss_plot import LossPlot
from aeviz.gui.model_drawing import FormulaView, ModelDrawing
from aeviz.gui.route import Anchor
from aeviz.gui.session import Session
from aeviz.gui.timeline import Timeline
from tests.gui import snapshots
from tests.gui.inspector_setup import last
from tests.gui.offers import READY, TERMS

pytestmark = pytest.mark.snapshot

SAMPLES, CLASSES, EPOCHS, SIDE = 400, 5, 12, 8
THEMES = {"light": theme.LIGHT, "dark": theme.DARK}


# ── a run that needs no chance ────────────────────────────────────────────────────────────────


def positions(epoch: int) -> np.ndarray:
    """Five spirals of points that spread from the middle, float32 (400, 2)."""
    number = np.arange(SAMPLES)
    label, along = number % CLASSES, number / SAMPLES
    angle = 2 * np.pi * label / CLASSES + 1.4 * along
    reach = 0.3 + (2.5 * along + 0.6) * epoch / EPOCHS
    wave = 0.25 * np.sin(37 * number)
    return np.column_stack(
        [reach * np.cos(angle) + wave, reach * np.sin(angle) + 0.25 * np.cos(23 * number)]
    ).astype(np.float32)


def picture(middle: float, level: float = 16.0) -> np.ndarray:
    """A ring of 8 × 8 pixels, between 0 and `level`, (8, 8, 1)."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    return (level * np.exp(-((np.hypot(x, y) - middle) ** 2)))[:, :, None]


def run_opened() -> m.RunOpened:
    labels = np.arange(SAMPLES) % CLASSES
    drawn = np.stack([picture(label * 0.8) for label in range(CLASSES)])
    return m.RunOpened(
        run="r",
        path="/r",
        title="VAE · rings",
        settings={"data": {"name": "rings", "binarise": "no"}, "model": {"name": "vae"}},
        sample_shape=(SIDE, SIDE, 1),
        white=16.0,
        latent_dim=2,
        index=np.arange(SAMPLES) * 3,
        labels=labels,
        parts=(np.arange(SAMPLES) % 10 == 9).astype(np.uint8),
        class_names=("zero", "one", "two", "three", "a longer name"),
        feature_names=(),
        samples=np.rint(drawn).astype(np.uint8)[labels],
        total=SAMPLES,
        epochs=EPOCHS,
        terms=TERMS,
    )


def epoch_done(epoch: int) -> m.EpochDone:
    reconstruction, kl = 9.0 * 0.75**epoch + 3, 2.5 - 1.5 * 0.7**epoch
    metrics = {"reconstruction": reconstruction, "kl": kl, "loss": reconstruction + kl}
    metrics |= {f"validation_{name}": value + 0.6 for name, value in metrics.items()}
    return m.EpochDone(
        run="r",
        epoch=epoch,
        positions=positions(epoch),
        mean=np.zeros(2, np.float32),
        axes=np.eye(2, dtype=np.float32),
        metrics=metrics,
        events=("β: 1 → 2",) if epoch == 7 else (),
        has_weights=epoch % 4 != 3,
    )


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message]) -> Session:
    """The run at epoch 8 of 12."""
    made = Session(posted.append)
    made.receive(run_opened())
    for epoch in range(EPOCHS + 1):
        made.receive(epoch_done(epoch))
    made.receive(READY)
    made.set_following(False)
    made.set_playhead(8.0)
    return made


def bytes_of(values: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def decode(session: Session, request: m.Decode) -> None:
    """Answer with a ring."""
    values = picture(1.9, 1.0)[None].astype(np.float32)
    session.receive(
        m.Decoded(
            run="r", view=request.view, z=request.z, epoch=8, asked=8, values=values,
            pictures=bytes_of(values),
        )
    )  # fmt: skip


def reconstruct(session: Session, request: m.Reconstruct) -> None:
    """Answer for every asked epoch: blurred at first, right at the end."""
    run = session.run
    assert run is not None
    assert run.samples is not None
    own = run.samples[request.rows].astype(np.float32) / 16
    blur = run.samples[:CLASSES].mean(axis=0, dtype=np.float32) / 16
    for epoch in request.epochs:
        share = np.float32(epoch / EPOCHS)
        values = share * own + (1 - share) * blur
        session.receive(
            m.Reconstructed(
                run="r", view=request.view, rows=request.rows, epoch=epoch, asked=epoch,
                z=np.zeros((len(own), 2), np.float32), values=values, pictures=bytes_of(values),
                difference=values - own,
                error=((values - own) ** 2).reshape(len(own), -1).mean(axis=1),
            )
        )  # fmt: skip


# ── the widgets ───────────────────────────────────────────────────────────────────────────────


def latent_map(session: Session, posted: list[m.Message]) -> QWidget:
    view = LatentView(session)
    session.hide([3])
    session.select([7])
    session.set_pin(positions(8)[7])
    return view


def timeline(session: Session, posted: list[m.Message]) -> QWidget:
    made = Timeline(session)
    made.step(0)  # else it goes to the newest epoch in the next frame, as for any run
    return made


def loss_chart(session: Session, posted: list[m.Message]) -> QWidget:
    return LossPlot(session)


def model_drawing(session: Session, posted: list[m.Message]) -> QWidget:
    page, drawing, formula = QWidget(), ModelDrawing(), FormulaView()
    drawing.show_layout((784, 256, 64, 2, 64, 256, 784), 2)
    formula.show_terms(TERMS)
    column = QVBoxLayout(page)
    column.addWidget(drawing)
    column.addWidget(formula)
    return page


def decoded(session: Session, posted: list[m.Message]) -> QWidget:
    inspector = CursorInspector(session)
    session.select([7])
    session.set_pin(positions(8)[7])
    decode(session, last(posted, m.Decode, "cursor"))
    reconstruct(session, last(posted, m.Reconstruct, "cursor.selected"))
    return inspector


def reconstructions(session: Session, posted: list[m.Message]) -> QWidget:
    inspector = ReconstructionInspector(session)
    for view in ("reconstruction", "film"):
        reconstruct(session, last(posted, m.Reconstruct, view))
    return inspector


def path(session: Session, posted: list[m.Message]) -> QWidget:
    inspector = PathInspector(session)
    session.walk.watch(True)
    session.route.set_method("density")
    for row in (7, 301):
        session.route.add(Anchor(positions(8)[row], row))
    session.route.compare(True)
    request = last(posted, m.Ask, "path")
    methods, steps = request.arguments["methods"], request.arguments["steps"]
    share = np.linspace(0, 1, steps)
    rings = np.stack([picture(3.2 * each, 1.0) for each in share]).astype(np.float32)
    bow = np.stack([-2 - 3 * (k + 1) * share * (1 - share) for k in range(len(methods))])
    session.receive(
        m.Answer(
            run="r", view="path", question="path", epoch=8,
            arrays={
                "anchors": request.arguments["anchors"],
                "curve": np.stack([np.linspace(*request.arguments["anchors"], steps)] * len(bow)),
                "x": np.stack([rings] * len(bow)), "log_density": bow, "distance": -bow / 9,
                "change": np.abs(np.diff(bow, axis=1)),
            },
            values={
                "methods": methods, "every": 1, "length": tuple(3.21 + k for k in range(len(bow))),
                "why": {}, "done": dict.fromkeys(methods, True), "density": "exact", "low": -5.0,
                "far": 0.6, "neighbour": 5, "stamp": request.arguments["stamp"],
            },
        )
    )  # fmt: skip
    session.route.set_at(0.3)
    return inspector


Make = Callable[[Session, list[m.Message]], QWidget]
WIDGETS: dict[str, tuple[Make, int, int]] = {
    "map": (latent_map, 480, 360),
    "timeline": (timeline, 640, 44),
    "loss": (loss_chart, 360, 240),
    "model": (model_drawing, 340, 150),
    "decoded": (decoded, 320, 760),
    "reconstructions": (reconstructions, 860, 220),
    "path": (path, 640, 300),
}


@pytest.fixture(params=THEMES)
def look(request: Any, qapp: QApplication) -> Iterator[str]:
    with snapshots.dressed(qapp, THEMES[request.param]):
        yield request.param


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_looks_as_in_its_stored_picture(
    name: str,
    look: str,
    session: Session,
    posted: list[m.Message],
    qtbot: QtBot,
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    make, width, height = WIDGETS[name]
    widget = make(session, posted)
    qtbot.addWidget(widget)
    widget.setAutoFillBackground(True)
    pixels = snapshots.pixels_of(widget, width, height)
    update = pytestconfig.getoption("--update-snapshots")
    snapshots.compare(pixels, f"{name}-{look}", update=update, out=tmp_path)


# ── the comparison ────────────────────────────────────────────────────────────────────────────


def test_a_level_of_difference_is_none_and_two_are_one() -> None:
    ground = np.full((20, 20, 3), 100, np.uint8)
    assert snapshots.alike(ground, ground + np.uint8(1)) == 1.0
    assert snapshots.alike(ground, ground + np.uint8(2)) == 0.0
    assert snapshots.alike(ground, ground[:10]) == 0.0


def test_more_than_half_a_percent_of_other_pixels_fails_and_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "STORED", tmp_path / "stored")
    ground = np.full((20, 20, 3), 100, np.uint8)
    snapshots.compare(ground, "plain", update=True, out=tmp_path)
    other = ground.copy()
    other[0, :2] = 0
    snapshots.compare(other, "plain", update=False, out=tmp_path)
    other[0, 2] = 0
    with pytest.raises(AssertionError, match=r"99\.25%"):
        snapshots.compare(other, "plain", update=False, out=tmp_path)
    assert (tmp_path / "plain.differs.png").is_file()
    with pytest.raises(AssertionError, match="--update-snapshots makes it"):
        snapshots.compare(ground, "another", update=False, out=tmp_path)
