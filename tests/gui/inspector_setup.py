"""Runs and answers for the tests of the inspectors: what the engine would post, without one."""

from typing import Any

import numpy as np

from aeviz import messages as m
from aeviz.gui.session import Session

READY = m.EngineReady(device="cpu", reason="There is no GPU.", devices=("cpu",), versions={})
POSITIONS = np.array([[0, 0], [1, 0], [0, 1], [4, 4], [5, 5], [9, 9]], np.float32)


def image_run(shape: tuple[int, int, int] = (4, 4, 1), **changes: Any) -> m.RunOpened:
    """A run with six images of three classes; #100 is the first sample's number."""
    count = len(POSITIONS)
    samples = np.zeros((count, *shape), np.uint8)
    for row in range(count):
        samples[row, row % shape[0]] = 16
    return _run(shape, **{"samples": samples, "white": 16.0, **changes})


def table_run(features: int = 3, **changes: Any) -> m.RunOpened:
    """A run with six rows of features that differ in magnitude."""
    rows = np.arange(len(POSITIONS), dtype=np.float32)[:, None]
    samples = rows * np.logspace(0, 3, features, dtype=np.float32)[None]
    names = tuple(f"feature {chr(97 + number % 26)}{number}" for number in range(features))
    return _run((features,), **{"samples": samples, "feature_names": names, **changes})


def _run(shape: tuple[int, ...], **changes: Any) -> m.RunOpened:
    count = len(POSITIONS)
    fields: dict[str, Any] = {
        "path": "r",
        "title": "A run",
        "settings": {"data": {"name": "digits", "binarise": "no"}},
        "sample_shape": shape,
        "white": 255.0,
        "latent_dim": 2,
        "index": np.arange(count) + 100,
        "labels": np.array([0, 1, 2, 0, 1, 2]),
        "parts": np.array([0, 0, 0, 0, 0, 1], np.uint8),
        "class_names": ("zero", "<b>one</b>", "two"),
        "feature_names": (),
        "total": count,
        "epochs": 3,
    }
    return m.RunOpened(run="r", **{**fields, **changes})


def epoch_done(epoch: int) -> m.EpochDone:
    """An epoch whose positions are those of `POSITIONS`, moved by the epoch along x."""
    return m.EpochDone(
        run="r",
        epoch=epoch,
        positions=POSITIONS + np.array([epoch, 0], np.float32),
        mean=np.zeros(2, np.float32),
        axes=np.eye(2, dtype=np.float32),
        metrics={"loss": 1.0},
    )


def show(session: Session, run: m.RunOpened, epochs: int = 3, *, ready: bool = True) -> None:
    """Open a run with its epochs, at epoch 0."""
    session.receive(run)
    for epoch in range(epochs + 1):
        session.receive(epoch_done(epoch))
    if ready:
        session.receive(READY)


def decoded(request: m.Decode, level: float = 0.5, **changes: Any) -> m.Decoded:
    """The answer to a request: a grey image."""
    values = np.full((len(request.z), 4, 4, 1), level, np.float32)
    fields: dict[str, Any] = {
        "view": request.view,
        "z": request.z,
        "epoch": request.epoch,
        "asked": request.epoch,
        "values": values,
        "pictures": np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8),
    }
    return m.Decoded(run="r", **{**fields, **changes})


def reconstructed(request: m.Reconstruct, epoch: int, run: m.RunOpened) -> m.Reconstructed:
    """The answer to a request at one epoch: everything halved."""
    own = np.asarray(run.samples)[request.rows].astype(np.float32)
    originals = own / run.white if run.is_image else own
    values = originals / 2
    pictures = np.rint(values * 255).astype(np.uint8) if run.is_image else None
    return m.Reconstructed(
        run="r",
        view=request.view,
        rows=request.rows,
        epoch=epoch,
        asked=epoch,
        z=np.zeros((len(request.rows), 2), np.float32),
        values=values,
        pictures=pictures,
        difference=values - originals,
        error=((values - originals) ** 2).reshape(len(own), -1).mean(axis=1),
    )


def last(posted: list[m.Message], kind: type, view: str = "") -> Any:
    """The newest request of a kind, of a view."""
    found = [
        message
        for message in posted
        if isinstance(message, kind) and (not view or getattr(message, "view", "") == view)
    ]
    assert found, f"no {kind.__name__} of {view!r} was posted"
    return found[-1]


def count_of(posted: list[m.Message], kind: type) -> int:
    """How many requests of a kind were posted."""
    return sum(isinstance(message, kind) for message in posted)
