"""Runs for the tests of the map: clusters that spread from the middle over the epochs."""

import numpy as np

from aeviz import messages as m
from aeviz.gui.session import Session


def run_opened(
    count: int = 60, classes: int = 3, dimensions: int = 2, **changes: object
) -> m.RunOpened:
    fields: dict[str, object] = {
        "run": "r",
        "path": "/r",
        "title": "Demo",
        "settings": {},
        "sample_shape": (2, 2, 1),
        "white": 255.0,
        "latent_dim": dimensions,
        "index": np.arange(count),
        "labels": np.arange(count) % classes if classes else None,
        "parts": (np.arange(count) % 10 == 9).astype(np.uint8),
        "class_names": tuple(f"class {number}" for number in range(classes)),
        "feature_names": (),
        "samples": None,
        "total": count,
        "epochs": 4,
    }
    return m.RunOpened(**(fields | changes))


def positions(count: int, epoch: int) -> np.ndarray:
    """Rows of points 1 apart, row i at (i % 10, i // 10), drawn together at first."""
    grid = np.column_stack([np.arange(count) % 10, np.arange(count) // 10]).astype(np.float32)
    return grid * np.float32(0.1 + 0.9 * min(epoch, 4) / 4)


def epoch_done(epoch: int, count: int = 60, dimensions: int = 2, **changes: object) -> m.EpochDone:
    fields: dict[str, object] = {
        "run": "r",
        "epoch": epoch,
        "positions": positions(count, epoch),
        "mean": np.zeros(dimensions, np.float32),
        "axes": np.eye(dimensions, 2, dtype=np.float32),
        "metrics": {"loss": 1.0},
    }
    return m.EpochDone(**(fields | changes))


def session_with(
    epochs: int = 4, count: int = 60, classes: int = 3, dimensions: int = 2, **changes: object
) -> tuple[Session, list[m.Message]]:
    """A session that shows a run with so many epochs after epoch 0, and what it posts."""
    posted: list[m.Message] = []
    session = Session(post=posted.append)
    fill(session, epochs, count, classes, dimensions, **changes)
    return session, posted


def fill(
    session: Session,
    epochs: int = 4,
    count: int = 60,
    classes: int = 3,
    dimensions: int = 2,
    **changes: object,
) -> None:
    session.receive(run_opened(count, classes, dimensions, **changes))
    for epoch in range(epochs + 1):
        session.receive(epoch_done(epoch, count, dimensions))
