"""The progress bar paints when the window paints, never in the middle of a message."""

import pytest
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aeviz.gui.thin_bar import ThinBar


def test_values_and_ranges_wait_for_the_next_paint(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []
    paint = ThinBar.paintEvent

    def note(bar: ThinBar, event: QPaintEvent) -> None:
        painted.append(bar.value())
        paint(bar, event)

    monkeypatch.setattr(ThinBar, "paintEvent", note)
    bar = ThinBar()
    qtbot.addWidget(bar)
    bar.resize(200, 6)
    bar.show()
    QApplication.processEvents()
    painted.clear()
    bar.setValue(500)
    bar.setRange(0, 0)
    bar.setRange(0, 1000)
    bar.setValue(700)
    assert painted == []
    QApplication.processEvents()
    assert painted == [700]
