"""Names of pages, the current one underlined."""

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QTabBar

from aeviz.gui import theme
from aeviz.gui.dock_title import INSET


class PageBar(QTabBar):
    """Tabs without boxes."""

    def __init__(self, *titles: str) -> None:
        super().__init__()
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setFont(theme.heading(self.font()))
        for title in titles:
            self.addTab(title)

    def tabSizeHint(self, index: int) -> QSize:
        """The title and some room."""
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(self.tabText(index)) + INSET * 2
        return QSize(width, metrics.height() + theme.SPACE * 3 // 2)

    def minimumTabSizeHint(self, index: int) -> QSize:
        """Titles are not shortened."""
        return self.tabSizeHint(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write the titles, underline the current one."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.tokens(self.palette())
        painter.setPen(QPen(QColor(colours.line), 1))
        base = self.height() - 0.5
        painter.drawLine(QPointF(0, base), QPointF(self.width(), base))
        for number in range(self.count()):
            self._paint_tab(painter, colours, number, self.tabRect(number))

    def _paint_tab(
        self, painter: QPainter, colours: theme.Tokens, number: int, where: QRect
    ) -> None:
        is_current = number == self.currentIndex()
        painter.setPen(QColor(colours.text if is_current else colours.muted))
        painter.drawText(where, int(Qt.AlignmentFlag.AlignCenter), self.tabText(number))
        if is_current:
            shade = QColor(colours.accent)
            pen = QPen(shade, 3 if self.hasFocus() else 2)
            painter.setPen(pen)
            y = where.bottom()
            painter.drawLine(QPointF(where.left() + INSET, y), QPointF(where.right() - INSET, y))
