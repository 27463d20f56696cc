"""`aeviz shot`: the window as a picture, once nothing in it is going to change any more."""

import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import (
    QAbstractAnimation,
    QCoreApplication,
    QEventLoop,
    QObject,
    QTimer,
    Slot,
)
from PySide6.QtWidgets import QDockWidget

from aeviz.gui.exporting import png_bytes
from aeviz.gui.opening import is_run, is_session
from aeviz.gui.restoring import Restoring
from aeviz.messages import Failed
from aeviz.process.start import CannotStart, Shot
from aeviz.program import Program, make_application

SECONDS = 120.0
"""Longest wait for the window to settle."""

QUIET_ROUNDS = 5
"""Looks in a row at which nothing is pending: one thing's end can be another's beginning."""


class _Failures(QObject):
    """Remembers what went wrong while the picture was made."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []
        self.plugins: list[str] = []

    @Slot(object)
    def on_failed(self, message: Failed) -> None:
        """Keep the sentence."""
        self.sentences.append(message.summary)
        if message.where == "plug-in":
            self.plugins.append(message.summary)


def take(wanted: Shot, demo: str) -> bytes:
    """The content of a PNG file.

    Raises:
        CannotStart: If the run cannot be shown, or there is no such dock or epoch.
    """
    path = None if wanted.path is None else Path(wanted.path)
    if path is not None and not is_session(path) and not is_run(path):
        raise CannotStart(f"{path} is no run folder: train on it first, then show the run")
    make_application("dark" if wanted.theme == "dark" else "light")
    program = Program(None, own_process=False)
    try:
        return _content(program, wanted, demo)
    finally:
        program.shutdown()


def _content(program: Program, wanted: Shot, demo: str) -> bytes:
    failures = _Failures()
    program.session.failed.connect(failures.on_failed)
    # Exactly this size, also where the layout would like more.
    program.window.setFixedSize(wanted.width, wanted.height)
    program.session.set_following(False)
    program.open(wanted.path or demo)
    program.show()
    is_whole = wanted.path is not None and is_session(Path(wanted.path))
    settle(program)
    _raise_dock(program, wanted.view)  # that of a plug-in has come by now
    settle(program)
    session = program.session
    if failures.plugins:
        raise CannotStart(failures.plugins[0])
    if session.run is None or not session.epochs:
        reason = failures.sentences[0] if failures.sentences else "it has no epoch yet"
        raise CannotStart(f"{wanted.path or demo} cannot be shown: {reason}")
    program.window.stop()
    if wanted.epoch is not None or not is_whole:
        session.set_playhead(_epoch(program, "last" if wanted.epoch is None else wanted.epoch))
        settle(program)
    positions = session.positions
    if positions is not None and len(positions) and not is_whole:
        session.set_pin(session.latent_at(np.median(positions, axis=0)))
    settle(program)
    return png_bytes(program.window.grab().toImage())


def _epoch(program: Program, word: int | str) -> int:
    last = program.session.last_epoch
    if word == "last":
        return last
    if word == "best":
        name = "validation_loss"
        losses = program.session.metric(name)
        if not np.isfinite(losses).any():
            losses = program.session.metric("loss")
        return int(np.nanargmin(losses)) if np.isfinite(losses).any() else last
    if not 0 <= int(word) <= last:
        raise CannotStart(f"--epoch {word}: there is no such epoch; this run has 0 to {last}")
    return int(word)


def _raise_dock(program: Program, view: str | None) -> None:
    if view is None:
        return
    docks = program.window.findChildren(QDockWidget)
    for dock in docks:
        if view.casefold() in (dock.objectName().casefold(), dock.windowTitle().casefold()):
            dock.show()
            dock.raise_()
            return
    names = ", ".join(sorted(dock.objectName() for dock in docks))
    raise CannotStart(f"--view {view}: there is no such dock; there are: {names}")


def settle(program: Program) -> None:
    """Process events until nothing is pending."""
    deadline = time.monotonic() + SECONDS
    quiet = 0
    while quiet < QUIET_ROUNDS:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        quiet = quiet + 1 if _is_quiet(program) else 0
        if time.monotonic() > deadline:
            raise CannotStart(f"the window did not come to rest within {SECONDS:.0f} s")
        time.sleep(0.01)


def _is_quiet(program: Program) -> bool:
    """Whether nothing is asked, answered or moving; a run that trains elsewhere is no reason."""
    if program.session.engine is None or not program.engine.idle or program.bridge.pending:
        return False
    window = program.window
    if any(restoring.is_under_way for restoring in window.findChildren(Restoring)):
        return False
    timers = any(t.isActive() and t.isSingleShot() for t in window.findChildren(QTimer))
    running = QAbstractAnimation.State.Running
    return not timers and all(a.state() != running for a in window.findChildren(QAbstractAnimation))
