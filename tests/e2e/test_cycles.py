"""Opening, training, pointing and quitting a hundred times leaves nothing behind."""

import gc
import statistics
import sys
import threading
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz.program import Program

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CYCLES = 100
WARM_UP = 20
"""Cycles after which caches are full."""

MEGABYTES = 15.0
"""Growth that is still noise, from after the warm-up to the end."""

SETTINGS = {
    "data": {"name": "digits"},
    "model": {"name": "vae", "widths": [16]},
    "train": {"epochs": 100},
}


def cycle(path: Path, runs: Path, qapp: QApplication, qtbot: QtBot) -> None:
    """One life of the program; quits while it trains and decodes."""
    program = Program(None, own_process=False, runs_dir=runs)
    session = program.session
    program.open(str(path))
    program.show()
    qtbot.waitUntil(lambda: session.last_epoch == 4, timeout=20_000)
    qtbot.waitUntil(lambda: session.can_decode, timeout=20_000)
    session.train(SETTINGS)
    qtbot.waitUntil(lambda: session.run.path != str(path), timeout=20_000)
    qtbot.waitUntil(lambda: session.last_epoch >= 1, timeout=20_000)
    for step in range(20):
        session.move_cursor((step / 10, -step / 10))
        qapp.processEvents()
    program.window.close()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("aeviz-")]
    program.window.deleteLater()


def collect(qapp: QApplication) -> None:
    for _ in range(2):
        qapp.processEvents()
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()


def test_a_hundred_cycles_leave_nothing(
    small_run: Path, tmp_path: Path, qapp: QApplication, qtbot: QtBot, palette: QPalette
) -> None:
    process = psutil.Process()
    memory: list[float] = []
    windows, threads = len(qapp.topLevelWidgets()), threading.active_count()
    nones = sys.getrefcount(None)
    for number in range(CYCLES):
        cycle(small_run, tmp_path / str(number), qapp, qtbot)
        collect(qapp)
        memory.append(process.memory_info().rss / 2**20)
        assert len(qapp.topLevelWidgets()) <= windows + 5
        assert threading.active_count() <= threads + 2
    before = statistics.median(memory[WARM_UP : WARM_UP + 10])
    after = statistics.median(memory[-10:])
    print(f"{CYCLES} cycles: {after - before:+.1f} MB after the first {WARM_UP}")
    assert after - before < MEGABYTES, memory
    assert sys.getrefcount(None) > nones - 1000
