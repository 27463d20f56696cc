"""One or two rows of many features as curves over the feature's number."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize
from PySide6.QtGui import QHelpEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip

from aeviz.gui.captions import tip
from aeviz.gui.numbers import measure
from aeviz.gui.plotting import StyledPlot, to_plot_array
from aeviz.messages import FloatArray


class CurveProfile(StyledPlot):
    """Draws a first row thick and a second one thin; the tool tip has the values of a feature."""

    def __init__(self, name: str) -> None:
        self._curves: list[pg.PlotDataItem] = []
        self._rows: list[FloatArray] = []
        self._told: list[str] = []
        self._names: tuple[str, ...] = ()
        super().__init__(name, x_title="feature", gaps=(56, 32))
        self.setMouseEnabled(x=False, y=False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        # The second one lies above: it is thin.
        self._curves = [self.plot(antialias=True), self.plot(antialias=True)]
        self.restyle()

    def show_nothing(self) -> None:
        """Show no curve; `clear` is pyqtgraph's and would take the curves away for good."""
        self._rows = []
        for curve in self._curves:
            curve.setData([], [])

    def show_curves(
        self,
        curves: Sequence[FloatArray],
        told: Sequence[str],
        names: tuple[str, ...],
        *,
        own: Sequence[FloatArray] | None = None,
        ends: tuple[float, float] | None = None,
    ) -> None:
        """Show one or two rows.

        Args:
            curves: What is drawn, each of shape (F,).
            told: What each one is, for the tool tip.
            names: Of the features.
            own: The values that the tool tip tells, where they are not what is drawn.
            ends: What the upright axis spans at least, so that it stands still while curves change.
        """
        self._rows, self._told, self._names = list(own or curves), list(told), names
        for item, values in zip(self._curves, [*curves, np.empty(0, np.float32)][:2], strict=True):
            item.setData(to_plot_array(np.arange(len(values))), to_plot_array(values))
        seen = np.concatenate([*curves, np.array(ends or (), np.float32)])
        seen = seen[np.isfinite(seen)]
        low, high = (seen.min(), seen.max()) if seen.size else (0.0, 1.0)
        self.setXRange(0, max(len(curves[0]) - 1, 1), padding=0.02)
        self.setYRange(float(low), float(high) if high > low else float(low) + 1, padding=0.05)

    def restyle(self) -> None:
        """Give the curves their colours too."""
        super().restyle()
        colours = (self.colours.accent, self.colours.text)
        for curve, colour, width in zip(self._curves, colours, (2.0, 1.0), strict=False):
            curve.setPen(pg.mkPen(colour, width=width))

    def feature_at(self, place: QPointF) -> int:
        """The number of the feature under a point of the widget, -1 beside the curves."""
        if not self._rows:
            return -1
        across = self.plotItem.vb.mapSceneToView(self.mapToScene(place.toPoint())).x()
        row = round(float(across))
        return row if 0 <= row < len(self._rows[0]) else -1

    def tip_at(self, place: QPointF) -> str:
        """The values of the feature under a point of the widget."""
        row = self.feature_at(place)
        if row < 0:
            return ""
        values = [
            f"{measure(float(values[row]))} ({told})" if told else measure(float(values[row]))
            for values, told in zip(self._rows, self._told, strict=False)
        ]
        return f"{self._names[row]}: {', '.join(values)}"

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell the values of the feature under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(
                QPoint(event.globalPos()), tip(self.tip_at(QPointF(event.pos()))), self
            )
            return True
        return bool(super().viewportEvent(event))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that scrolls."""
        event.ignore()

    def sizeHint(self) -> QSize:
        """Wide and low."""
        return QSize(240, 150)
