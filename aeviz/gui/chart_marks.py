"""Stages and events on the loss chart: quiet lines that say what happened there."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPen

from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.marks import Mark, Section, marks, sections, spoken
from aeviz.gui.plotting import StyledPlot, mixed
from aeviz.gui.session import Session

_GAP = 9.0  # pixels between the tips of two marks
_TIP = 8.0
_PAD = 5.0


class ChartMarks:
    """Keeps the marks of a chart over the epochs true to a session.

    Args:
        plot: The chart.
        session: With run and epochs.
    """

    def __init__(self, plot: StyledPlot, session: Session) -> None:
        self._plot = plot
        self._session = session
        self._sections: list[Section] = []
        self._marks: list[Mark] = []
        self._borders: list[tuple[pg.InfiniteLine | None, pg.TextItem]] = []
        self._lines: list[pg.InfiniteLine] = []

    @property
    def shown(self) -> tuple[list[Section], list[Mark]]:
        """The stages and events that are drawn."""
        return self._sections, self._marks

    def refresh(self) -> None:
        """Draw what there is now; call it when ranges, epochs or run have changed."""
        session = self._session
        _, high = self._plot.viewRange()[0]
        found = sections(session, max(high, 1.0))
        events = marks(session, self._place_of, _GAP)
        if [part.start for part in found] != [part.start for part in self._sections]:
            self._replace_sections(found)
        self._sections = found
        if events != self._marks:
            self._replace_marks(events)
        self._place_names()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colours, font = self._plot.colours, theme.caption(self._plot.font())
        ratio = self._plot.devicePixelRatioF()
        border = QPen(mixed(colours.muted, colours.surface, 0.5), ratio, Qt.PenStyle.SolidLine)
        border.setCosmetic(True)
        for line, text in self._borders:
            if line is not None:
                line.setPen(border)
            text.setFont(font)
            text.setColor(QColor(colours.muted))
        quiet = QColor(colours.warning)
        quiet.setAlphaF(0.6)
        event = QPen(quiet, ratio, Qt.PenStyle.DotLine)
        event.setCosmetic(True)
        for line in self._lines:
            line.setPen(event)

    def _place_of(self, epoch: float) -> float:
        low, high = self._plot.viewRange()[0]
        width = self._plot.plotItem.vb.width()
        return float((epoch - low) / max(high - low, 1e-9) * width)

    def _replace_sections(self, found: list[Section]) -> None:
        for item in [part for pair in self._borders for part in pair if part is not None]:
            self._plot.removeItem(item)
        self._borders = []
        for section in found:
            line = pg.InfiniteLine(section.start, angle=90) if section.start > 0 else None
            text = pg.TextItem(section.name, anchor=(0, 0))
            if line is not None:
                self._add(line, -5)
            self._add(text, 5)
            self._borders.append((line, text))
        self.restyle()

    def _replace_marks(self, events: list[Mark]) -> None:
        for line in self._lines:
            self._plot.removeItem(line)
        self._lines, self._marks = [], events
        for mark in events:
            line = pg.InfiniteLine(mark.epoch, angle=90)
            line.addMarker("v", 1.0, _TIP)
            line.setToolTip(tip(spoken(mark)))
            self._add(line, -4)
            self._lines.append(line)
        self.restyle()

    def _add(self, item: Any, height: float) -> None:
        item.setZValue(height)
        self._plot.addItem(item, ignoreBounds=True)

    def _place_names(self) -> None:
        """The name of a stage at its upper left, where there is room for it."""
        (low, _), (_, top) = self._plot.viewRange()
        metrics = QFontMetricsF(theme.caption(self._plot.font()))
        for section, (_, text) in zip(self._sections, self._borders, strict=True):
            start = max(section.start, low)
            room = self._place_of(section.end) - self._place_of(start)
            text.setVisible(room >= metrics.horizontalAdvance(section.name) + 2 * _PAD)
            text.setPos(start, top)
