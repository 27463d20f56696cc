"""The legend of the map: a row for each label, with its count; rows are switched and soloed."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from aeviz.colouring import KNOWN, SHADES, Colouring, Group
from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.numbers import count
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.scale_bar import ScaleBar
from aeviz.gui.scroll import SlimScrollBar, scrolled

_DOT = 9.0
_GAP = 7
_EDGE = 6
_MOST_NAME = 132
_MOST_TITLE = 22


class LegendRows(QWidget):
    """The rows: dot, name, count.

    Signals:
        hidden_changed(frozenset): The keys that are to be hidden.
        select_asked(int): The samples of that key are to be selected.
    """

    hidden_changed = Signal(object)
    select_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._groups: tuple[Group, ...] = ()
        self._hidden: frozenset[int] = frozenset()
        self._before: frozenset[int] = frozenset()
        self._current = 0
        self._hovered = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Legend"))

    @property
    def groups(self) -> tuple[Group, ...]:
        """What the rows stand for."""
        return self._groups

    @property
    def hidden(self) -> frozenset[int]:
        """The keys that are hidden."""
        return self._hidden

    def set_groups(self, groups: tuple[Group, ...], hidden: frozenset[int]) -> None:
        """Show other rows."""
        self._groups, self._hidden = groups, hidden
        self._current, self._hovered = 0, -1
        self._describe()
        self.updateGeometry()
        self.update()

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Show which keys are hidden."""
        if hidden != self._hidden:
            self._hidden = hidden
            self._describe()
            self.update()

    def toggle(self, row: int) -> None:
        """Hide a row's samples, or show them again."""
        self._ask(self._hidden ^ {self._groups[row].key})

    def solo(self, row: int) -> None:
        """Show only a row's samples; if they are alone already, all of them."""
        others = frozenset(group.key for group in self._groups) - {self._groups[row].key}
        self._ask(frozenset() if others <= self._before and self._is_shown(row) else others)

    def _is_shown(self, row: int) -> bool:
        return self._groups[row].key not in self._before

    def _ask(self, hidden: frozenset[int]) -> None:
        if hidden != self._hidden:
            self.set_hidden(hidden)
            self.hidden_changed.emit(hidden)

    def _describe(self) -> None:
        told = [f"{group.name} {count(group.count)}" + self._state(group) for group in self._groups]
        self.setAccessibleDescription("; ".join(told))

    def _state(self, group: Group) -> str:
        return self.tr(", hidden") if group.key in self._hidden else ""

    # ── geometry ──────────────────────────────────────────────────────────────────────────────

    @property
    def row_height(self) -> int:
        """Of one row, in pixels."""
        return self.fontMetrics().height() + 7

    def row_at(self, place: QPoint) -> int:
        """The row under a place, -1 for none."""
        row = place.y() // self.row_height
        return row if 0 <= row < len(self._groups) and place.y() >= 0 else -1

    def row_rect(self, row: int) -> QRect:
        """Where a row lies."""
        return QRect(0, row * self.row_height, self.width(), self.row_height)

    def _name_width(self, row: int) -> int:
        """Room for a row's name."""
        number = self.fontMetrics().horizontalAdvance(count(self._groups[row].count))
        return int(self.width() - 2 * _EDGE - _DOT - 2 * _GAP - number)

    def sizeHint(self) -> QSize:
        """All rows; long names are shortened."""
        measure = self.fontMetrics().horizontalAdvance
        names = max((measure(group.name) for group in self._groups), default=0)
        counts = max((measure(count(group.count)) for group in self._groups), default=0)
        width = 2 * _EDGE + int(_DOT) + 2 * _GAP + min(names + 2, _MOST_NAME) + counts
        return QSize(width, len(self._groups) * self.row_height)

    def minimumSizeHint(self) -> QSize:
        """All rows."""
        return self.sizeHint()

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows that are seen."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        seen = event.rect()
        first = max(seen.top() // self.row_height, 0)
        last = min(seen.bottom() // self.row_height + 1, len(self._groups))
        for row in range(first, last):
            self._paint_row(painter, row)

    def _paint_row(self, painter: QPainter, row: int) -> None:
        colours, group = theme.tokens(self.palette()), self._groups[row]
        area = QRectF(self.row_rect(row))
        has_focus = self.hasFocus() and row == self._current
        if row == self._hovered or has_focus:
            ground = QColor(colours.line)
            ground.setAlphaF(0.45)
            painter.setPen(QPen(QColor(colours.accent), 1.2) if has_focus else Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
        is_hidden = group.key in self._hidden
        self._paint_dot(painter, area, group, is_hidden)
        metrics = self.fontMetrics()
        left = _EDGE + _DOT + _GAP
        place = area.adjusted(left, 0, -_EDGE, 0)
        name = metrics.elidedText(group.name, Qt.TextElideMode.ElideRight, self._name_width(row))
        painter.setPen(QColor(colours.missing if is_hidden else colours.text))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), name)
        painter.setPen(QColor(colours.missing if is_hidden else colours.muted))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(place, int(flags), count(group.count))

    def _paint_dot(self, painter: QPainter, area: QRectF, group: Group, is_hidden: bool) -> None:
        colours = theme.tokens(self.palette())
        tone = group.colour
        colour = QColor(colours.missing) if tone is None else QColor(*tone.tolist())
        dot = QRectF(area.left() + _EDGE, area.center().y() - _DOT / 2, _DOT, _DOT)
        if is_hidden:
            painter.setPen(QPen(colour, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(dot.adjusted(1, 1, -1, -1))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(dot)

    def event(self, event: QEvent) -> bool:
        """Say what a click does, and a name that was shortened."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self.row_at(event.pos())
            text = "" if row < 0 else self.tooltip_of(row)
            QToolTip.showText(event.globalPos(), text, self, self.row_rect(max(row, 0)))
            return True
        return super().event(event)

    def tooltip_of(self, row: int) -> str:
        """What the tooltip of a row says."""
        group = self._groups[row]
        does = self.tr(
            "Click hides or shows it, double-click shows only it, Ctrl+click selects its samples."
        )
        is_cut = self.fontMetrics().horizontalAdvance(group.name) > self._name_width(row)
        return tip(f"{group.name}: {does}" if is_cut else does)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hide or show a row; with Ctrl select its samples."""
        row = self.row_at(event.position().toPoint())
        is_left = event.button() == Qt.MouseButton.LeftButton
        if row >= 0 and is_left and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._current = row
            self.select_asked.emit(self._groups[row].key)
        elif row >= 0 and is_left:
            self._current = row
            self._before = self._hidden
            self.toggle(row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Solo a row; the first click of the two has toggled it already."""
        row = self.row_at(event.position().toPoint())
        is_plain = not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if row >= 0 and is_plain and event.button() == Qt.MouseButton.LeftButton:
            self.solo(row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with a row, that under the mouse or that of the keys."""
        by_keys = event.reason() == QContextMenuEvent.Reason.Keyboard
        row = self._current if by_keys else self.row_at(event.pos())
        if not 0 <= row < len(self._groups):
            return
        self._current = row
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Select these"), self._on_select)
        menu.addAction(self.tr("Show only these"), self._on_solo)
        menu.popup(event.globalPos())

    @Slot()
    def _on_select(self) -> None:
        if self._current < len(self._groups):
            self.select_asked.emit(self._groups[self._current].key)

    @Slot()
    def _on_solo(self) -> None:
        if self._current < len(self._groups):
            self._before = self._hidden
            self.solo(self._current)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the row under the mouse."""
        self._hover(self.row_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        """Light up none."""
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show which row the keys act on."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no more."""
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose a row, Space switches it, Enter solos it; with Ctrl it selects."""
        key, last = event.key(), len(self._groups) - 1
        steps = {
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Home: -last,
            Qt.Key.Key_End: last,
        }
        if last < 0:
            super().keyPressEvent(event)
        elif key in steps:
            self._current = min(max(self._current + steps[Qt.Key(key)], 0), last)
            self.update()
        elif key == Qt.Key.Key_Space:
            self.toggle(self._current)
        elif key == Qt.Key.Key_Return and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._on_select()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._before = self._hidden
            self.solo(self._current)
        else:
            super().keyPressEvent(event)


class Legend(QWidget):
    """What colours mean, with counts; chooses what the map is coloured by.

    Signals:
        hidden_changed(frozenset): The keys that are to be hidden.
        colour_chosen(str): "label", "part", "condition", or as `Session.set_colour` takes it.
    """

    hidden_changed = Signal(object)
    colour_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.rows = LegendRows()
        self.scale = ScaleBar()
        self.title = QuietButton()
        self.all = QuietButton(self.tr("Show all"))
        self._choices = QActionGroup(self)
        self._area = scrolled(self.rows)
        # The map's ground shines through.
        for part in (self._area, self._area.viewport(), self.rows):
            part.setAutoFillBackground(False)
        self._build_title()
        self.all.setToolTip(self.tr("Show every label again."))
        self.all.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addWidget(self.scale)
        layout.addWidget(self._area, 1000)
        layout.addWidget(self.all)
        layout.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.all.clicked.connect(self._on_all)
        self.rows.hidden_changed.connect(self._on_hidden)

    def _build_title(self) -> None:
        menu = QMenu(self.title)
        menu.setToolTipsVisible(True)
        words = (self.tr("Label"), self.tr("Part"), self.tr("Condition"))
        for colour, text in zip(("label", "part", "condition"), words, strict=True):
            action = QAction(text, self._choices)
            action.setCheckable(True)
            action.setData(colour)
            menu.addAction(action)
        self._menu = menu
        self._known: tuple[str, ...] = ()
        self.title.setMenu(menu)
        self.title.setToolTip(self.tr("What the points are coloured by."))
        self._choices.triggered.connect(self._on_chosen)
        self.offer_condition("")

    def offer_condition(self, name: str) -> None:
        """Offer to colour by what the model was told, such as "domain"; not where it is empty."""
        action = self._choices.actions()[2]
        action.setVisible(bool(name))
        action.setText(name[:1].upper() + name[1:])

    def offer_known(self, names: Sequence[str]) -> None:
        """Offer to colour by what else is known of the samples."""
        if tuple(names) == self._known:
            return
        self._known = tuple(names)
        for action in self._choices.actions()[3:]:
            self._choices.removeAction(action)
            self._menu.removeAction(action)
            action.deleteLater()
        for name in names:
            action = QAction(name.replace("&", "&&"), self._choices)
            action.setCheckable(True)
            action.setData(KNOWN + name)
            self._menu.addAction(action)

    def set_colouring(self, shown: Colouring, hidden: frozenset[int], colour: str) -> None:
        """Show the rows, or the scale, of another colouring of this name."""
        groups = shown.groups if shown.scale is None else shown.groups[SHADES:]
        self.scale.set_scale(shown.scale)
        for action in self._choices.actions():
            action.setChecked(action.data() == colour)
            if action.data() == colour:
                self.title.setText(_short(action.text()))
        self.rows.set_groups(groups, hidden)
        wanted = self.rows.sizeHint()
        self._area.setMaximumHeight(wanted.height())
        self._area.setFixedWidth(wanted.width() + SlimScrollBar().width())
        self._refresh()

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Show which keys are hidden."""
        self.rows.set_hidden(hidden)
        self._refresh()

    def _refresh(self) -> None:
        self.all.setVisible(bool(self.rows.hidden))
        self.updateGeometry()

    @Slot()
    def _on_all(self) -> None:
        self._on_hidden(frozenset())

    @Slot(object)
    def _on_hidden(self, hidden: frozenset[int]) -> None:
        self.set_hidden(hidden)
        self.hidden_changed.emit(hidden)

    @Slot(QAction)
    def _on_chosen(self, action: QAction) -> None:
        self.colour_chosen.emit(str(action.data()))


def _short(text: str) -> str:
    """A title that does not make the legend wide."""
    return text if len(text) <= _MOST_TITLE else text[: _MOST_TITLE - 1] + "…"
