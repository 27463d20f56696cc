"""The terms of the loss in numbers: name, line of the curve, training and validation."""

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import Caption
from aeviz.gui.labels import ElidedLabel, caption_label, figure_label
from aeviz.gui.loss_plot import MSE, MSE_UNIT, VALIDATION
from aeviz.gui.numbers import measure
from aeviz.messages import Term


class TermTable(QWidget):
    """Each term with the line of its curve and its values, grouped by unit."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        for column in (2, 3):
            width = self.fontMetrics().horizontalAdvance("0.000000")
            self._grid.setColumnMinimumWidth(column, width)
        self._values: dict[str, QLabel] = {}
        self._head: Caption | None = None
        self._unit = ""
        self._row = 0
        self._rows: tuple[object, ...] = ()

    def set_terms(self, names: tuple[str, ...], terms: tuple[Term, ...], total_unit: str) -> None:
        """Make the rows of another loss."""
        if self._rows == (names, terms, total_unit):
            return
        self._rows = (names, terms, total_unit)
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        for row in range(self._row):
            self._grid.setRowMinimumHeight(row, 0)  # a head above its unit asks for more
        self._values.clear()
        self._head, self._row = None, 0
        known = {term.name: term for term in terms}
        unit = ""
        for name in (*names, MSE):
            term = known.get(name) or _total(name, total_unit)
            if term.unit != unit:
                unit = term.unit
                self._add_head(unit)
            self._add_term(term, list(known))

    def show_values(self, metrics: Mapping[str, float], at: str) -> None:
        """Write the values of a moment."""
        if self._head is not None:
            self._head.setText(f"{self._unit} · {at}" if at else self._unit)
        for name, label in self._values.items():
            label.setText(measure(metrics.get(name, np.nan)))

    def _add_head(self, unit: str) -> None:
        """A line with the unit of those below; the first one names the columns too."""
        row = self._next_row()
        label = caption_label(unit)
        # No alignment: it would take the width that the text wraps at.
        self._grid.addWidget(label, row, 0, 1, 2)
        label.setAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        self._grid.setRowMinimumHeight(row, 0 if row == 0 else label.fontMetrics().height() + 8)
        if self._head is None:
            self._head, self._unit = label, unit
            styles = Qt.PenStyle
            solid = PartLabel(self.tr("training"), styles.SolidLine)
            dashed = PartLabel(self.tr("validation"), styles.DashLine)
            self._grid.addWidget(solid, row, 2, Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(dashed, row, 3, Qt.AlignmentFlag.AlignRight)

    def _next_row(self) -> int:
        self._row += 1
        self._grid.setRowMinimumHeight(self._row - 1, 0)
        return self._row - 1

    def _add_term(self, term: Term, terms: list[str]) -> None:
        row = self._next_row()
        tip = f"{term.definition} ({term.unit})" if term.definition else term.unit
        title = ElidedLabel(term.title)
        title.setAccessibleDescription(tip)
        swatch = Swatch(term.name, terms)
        swatch.setToolTip(tip)
        self._grid.addWidget(swatch, row, 0)
        self._grid.addWidget(title, row, 1)
        for column, name in ((2, term.name), (3, VALIDATION + term.name)):
            label = figure_label()
            label.setToolTip(tip)
            self._values[name] = label
            self._grid.addWidget(label, row, column)


def _total(name: str, unit: str) -> Term:
    if name == MSE:
        return Term(
            MSE,
            "Squared error",
            "",
            MSE_UNIT,
            "Mean squared difference of sample and reconstruction per feature, in the model's "
            "own scale",
        )
    return Term(name, "Loss", "", unit, "What is minimised: the weighted sum of the terms")


class PartLabel(QWidget):
    """The name of a part over a piece of its line: solid or dashed, as on the chart."""

    def __init__(self, text: str, style: Qt.PenStyle) -> None:
        super().__init__()
        self._text = text
        self._style = style
        self.setFont(theme.caption(self.font()))
        self.setAccessibleName(text)
        self.setFixedSize(
            self.fontMetrics().horizontalAdvance(text) + 2, self.fontMetrics().height() + 5
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write the text and draw the line under it."""
        painter = QPainter(self)
        colour = QColor(theme.tokens(self.palette()).muted)
        painter.setPen(colour)
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignTop), self._text)
        painter.setPen(QPen(colour, 1.5, self._style))
        y = self.height() - 3
        painter.drawLine(0, y, self.width() - 2, y)


class Swatch(QWidget):
    """A short piece of a curve."""

    def __init__(self, name: str, terms: list[str]) -> None:
        super().__init__()
        self._name = name
        self._terms = terms
        self.setFixedSize(QSize(16, 12))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colour of its curve."""
        colours = theme.tokens(self.palette())
        wears = theme.curve_colours(self._terms, colours)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(wears.get(self._name, colours.text)), 2.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawLine(2, 6, 14, 6)
