"""Garbage is collected in the GUI thread, by timer."""

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz.process.garbage import GarbageCollector


@pytest.fixture
def collector(qapp: QApplication) -> Iterator[GarbageCollector]:
    made = GarbageCollector()
    yield made
    made.stop()
    gc.freeze()  # as the tests began


def test_python_does_not_collect_by_itself_but_the_timer_does(
    collector: GarbageCollector, qtbot: QtBot
) -> None:
    collector.start()
    assert not gc.isenabled()
    cycles = [[] for _ in range(5000)]
    for cycle in cycles:
        cycle.append(cycle)
    del cycle, cycles
    before = gc.get_count()[0]
    collector._timer.setInterval(1)
    qtbot.waitUntil(lambda: gc.get_count()[0] < before, timeout=5000)
    collector.stop()
    assert gc.isenabled()
