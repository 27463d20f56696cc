"""What holds for every inspector: registered, named, dies with its dock, survives odd runs."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from aeviz import messages as m
from aeviz.gui.inspectors.base import INSPECTORS
from aeviz.gui.session import Session
from tests.gui.inspector_setup import READY, image_run, show, table_run

OWN = (
    "cursor", "samples", "reconstruction", "data", "codebook", "styles", "path", "groups",
    "attributes", "disentanglement", "memorised", "features",
)  # fmt: skip


@pytest.fixture(params=OWN)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_inspector_is_registered() -> None:
    assert set(OWN) <= set(INSPECTORS)
    assert [INSPECTORS[name].title for name in OWN] == [
        "Decoded", "Samples", "Reconstructions", "Data", "Codes", "Styles", "Path",
        "Groups", "Attributes", "Disentanglement", "Memorised", "Features",
    ]  # fmt: skip


def test_an_inspector_dies_with_its_dock(name: str, qapp: QApplication) -> None:
    posted: list[m.Message] = []
    session = Session(posted.append)
    made = INSPECTORS[name].make(session)
    show(session, image_run())
    made.resize(300, 300)
    made.grab()
    gone = weakref.ref(made)
    made.deleteLater()
    del made
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert gone() is None
    session.move_cursor((1.0, 0.0))
    session.select([1])


ODD_RUNS = {
    "nothing shown": lambda: image_run(
        index=np.empty(0, np.int64),
        labels=np.empty(0, np.int64),
        parts=np.empty(0, np.uint8),
        samples=np.empty((0, 4, 4, 1), np.uint8),
    ),
    "no samples": lambda: table_run(samples=None),
    "only some samples held": lambda: image_run(samples=np.zeros((2, 4, 4, 1), np.uint8)),
    "no labels": lambda: image_run(labels=None, class_names=()),
    "labels beyond the names": lambda: image_run(labels=np.array([0, 7, 40, -1, 2, 2])),
    "one feature": lambda: table_run(1),
    "no names": lambda: table_run(50, feature_names=()),
    "two channels": lambda: image_run((4, 4, 2)),
    "a long line": lambda: image_run((1, 300, 1)),
    "not finite": lambda: table_run(samples=np.full((6, 3), np.nan, np.float32)),
    "ten dimensions": lambda: image_run(latent_dim=10),
    "no data group": lambda: image_run(settings={}),
}


@pytest.mark.parametrize("odd", ODD_RUNS)
def test_odd_runs_are_shown_all_the_same(name: str, odd: str, qtbot: Any) -> None:
    session = Session([].append)
    made = INSPECTORS[name].make(session)
    qtbot.addWidget(made)
    run = ODD_RUNS[odd]()
    session.receive(run)
    session.receive(READY)
    count = len(run.index)
    for epoch in range(2):
        session.receive(
            m.EpochDone(
                run="r",
                epoch=epoch,
                positions=np.zeros((count, 2), np.float32),
                mean=np.zeros(run.latent_dim, np.float32),
                axes=np.eye(run.latent_dim, 2, dtype=np.float32),
                metrics={},
            )
        )
    session.set_playhead(1.0)
    session.move_cursor((0.1, 0.2))
    session.set_pin(session.latent_at((0.1, 0.2)))
    session.select(range(min(count, 2)))
    made.resize(260, 400)
    assert not made.grab().isNull()


def test_whatever_takes_the_keyboard_has_a_name(name: str, qtbot: Any) -> None:
    made = INSPECTORS[name].make(Session([].append))
    qtbot.addWidget(made)
    for widget in made.findChildren(QWidget):
        text = getattr(widget, "text", None)
        named = widget.accessibleName() or (callable(text) and text())
        is_part = widget.window() is not made or type(widget) in (QScrollArea, QWidget)
        if by_tab(widget) and not is_part:
            assert named, f"{type(widget).__name__} in {name}"


def by_tab(widget: QWidget) -> bool:
    return bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)
