"""A drawing of the model before it is trained, and its loss as a coloured formula."""

import itertools
import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.numbers import count
from aeviz.messages import Term

SIGNS = {
    "alignment": "λ",
    "alpha": "α",
    "beta": "β",
    "contraction": "λ",
    "gamma": "γ",
    "kl_weight": "(1 − α)",
    "l1": "λ",
    "lambda": "λ",
    "lam": "λ",
    "penalty": "λ",
}
"""How the option that weighs a term is written in a formula."""

_MINUS = "\N{MINUS SIGN}"
_BAR = 8.0
_HEIGHT = 92
_LEAST = 10.0  # height of a layer of one unit


class ModelDrawing(QWidget):
    """The layers as bars whose height goes with the logarithm of their width."""

    def __init__(self) -> None:
        super().__init__()
        self._layout: tuple[int, ...] = ()
        self._latent = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(theme.caption(self.font()))

    @property
    def layout_text(self) -> str:
        """The widths as text: 784 → 256 → 2 → 256 → 784."""
        return " → ".join(str(width) for width in self._layout)

    def show_layout(self, layout: Sequence[int], latent_dim: int) -> None:
        """Draw other layers; an empty list draws none."""
        self._layout = tuple(layout)
        middle = len(self._layout) // 2
        found = [n for n, width in enumerate(self._layout) if width == latent_dim]
        # The latent is the layer of that width nearest to the middle.
        self._latent = min(found, key=lambda n: abs(n - middle), default=-1)
        self.setAccessibleName(self.layout_text)
        self.setToolTip(self.layout_text)
        self.update()

    def bars(self) -> list[QRectF]:
        """Where each layer's bar is drawn."""
        if not self._layout:
            return []
        high = self.height() - self.fontMetrics().height() - 6.0
        largest = math.log(max(max(self._layout), 2))
        edge = self._label_width(0) / 2
        last = self.width() - max(edge, self._label_width(len(self._layout) - 1) / 2)
        gap = (last - edge) / max(len(self._layout) - 1, 1)
        made = []
        for number, width in enumerate(self._layout):
            tall = _LEAST + (high - _LEAST) * math.log(max(width, 1)) / largest
            bar = QRectF(0, 0, min(_BAR, max(gap / 2, 2)), tall)
            bar.moveCenter(QPointF(edge + gap * number, high / 2))
            made.append(bar)
        return made

    def _label_width(self, number: int) -> float:
        return self.fontMetrics().horizontalAdvance(count(self._layout[number])) + 4.0

    def _labelled(self, bars: list[QRectF]) -> list[int]:
        """Layers whose label has room: the ends and the latent first."""
        order = [0, len(bars) - 1, self._latent, *range(len(bars))]
        taken: list[tuple[float, float]] = []
        shown: list[int] = []
        for number in order:
            if number < 0 or number in shown:
                continue
            half = self._label_width(number) / 2
            left, right = bars[number].center().x() - half, bars[number].center().x() + half
            if all(right <= start or left >= end for start, end in taken):
                taken.append((left, right))
                shown.append(number)
        return shown

    def sizeHint(self) -> QSize:
        """Wide and low."""
        return QSize(280, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the connections, then the bars, then their widths."""
        bars = self.bars()
        if not bars:
            return
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._paint_connections(painter, bars, QColor(colours.accent))
        for number, bar in enumerate(bars):
            is_latent = number == self._latent
            painter.setBrush(QColor(colours.accent if is_latent else colours.muted))
            painter.drawRoundedRect(bar, 2, 2)
        for number in self._labelled(bars):
            is_latent = number == self._latent
            painter.setPen(QColor(colours.accent if is_latent else colours.muted))
            self._paint_width(painter, bars[number].center().x(), number)

    def _paint_connections(self, painter: QPainter, bars: list[QRectF], colour: QColor) -> None:
        colour.setAlphaF(0.13)
        painter.setBrush(colour)
        for one, other in itertools.pairwise(bars):
            painter.drawPolygon(
                QPolygonF([one.topRight(), other.topLeft(), other.bottomLeft(), one.bottomRight()])
            )

    def _paint_width(self, painter: QPainter, x: float, number: int) -> None:
        room = QRectF(0, 0, self._label_width(number), self.fontMetrics().height())
        room.moveCenter(QPointF(x, 0))
        room.moveBottom(self.height())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), count(self._layout[number]))


class FormulaView(QWidget):
    """The loss as a sum of terms, each in the colour of its curve. Long ones are wrapped."""

    def __init__(self) -> None:
        super().__init__()
        self._terms: tuple[Term, ...] = ()
        self._heights: dict[int, int] = {}  # by width: every label beside it asks for them
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_terms(self, terms: Sequence[Term]) -> None:
        """Write another loss."""
        self._terms = tuple(terms)
        self._heights.clear()
        self.setAccessibleName(self.text)
        self.setToolTip("\n".join(f"{term.title}: {term.definition}" for term in self._terms))
        self.updateGeometry()
        self.update()

    @property
    def text(self) -> str:
        """The formula as plain text."""
        return " ".join(piece for piece, _ in self.pieces())

    def pieces(self) -> list[tuple[str, str]]:
        """Texts that are not broken, with the name of the curve whose colour they wear."""
        if not self._terms:
            return []
        made = [("loss", "loss"), ("=", "")]
        for number, term in enumerate(self._terms):
            sign = SIGNS.get(term.weight, term.weight)
            piece = f"{sign} · {term.formula}" if sign else term.formula
            if number:
                made.append((_MINUS if piece.startswith(_MINUS) else "+", ""))
                piece = piece.removeprefix(_MINUS)
            made.append((piece, term.name))
        return made

    def _placed(self, width: int) -> list[tuple[QPointF, str, str]]:
        """Each piece with its place on the base line."""
        metrics = self.fontMetrics()
        space = metrics.horizontalAdvance(" ") * 1.2
        x, y = 0.0, float(metrics.ascent())
        placed = []
        for piece, name in self.pieces():
            advance = metrics.horizontalAdvance(piece)
            if x > 0 and x + advance > width:
                x, y = space * 3, y + metrics.lineSpacing()
            placed.append((QPointF(x, y), piece, name))
            x += advance + space
        return placed

    def hasHeightForWidth(self) -> bool:
        """It wraps."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of as many lines as it takes."""
        if width not in self._heights:
            placed = self._placed(width)
            last = placed[-1][0].y() if placed else 0.0
            lowest = math.ceil(last + self.fontMetrics().descent()) if placed else 0
            self._heights[width] = lowest
        return self._heights[width]

    def changeEvent(self, event: QEvent) -> None:
        """Another font has other heights."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._heights.clear()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:
        """It can be made narrow."""
        return QSize(60, self.heightForWidth(max(self.width(), 60)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write the pieces in their colours."""
        tokens = theme.tokens(self.palette())
        colours = theme.curve_colours([term.name for term in self._terms], tokens)
        painter = QPainter(self)
        for place, piece, name in self._placed(self.width()):
            painter.setPen(QColor(colours.get(name, tokens.muted)))
            painter.drawText(place, piece)
