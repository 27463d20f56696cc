"""Every command by its name: type a few letters, press Enter."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, QSortFilterProxyModel, Qt, Slot
from PySide6.QtGui import (
    QAction,
    QColor,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPixmap,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeView, QVBoxLayout, QWidget

from aeviz.gui import theme
from aeviz.gui.scroll import SlimScrollBar

_WIDTH, _HEIGHT = 520, 360
_ROW = 26
_ACTION = Qt.ItemDataRole.UserRole


class CommandPalette(QDialog):
    """A list of actions that shrinks while one types; every typed word has to occur."""

    def __init__(
        self, actions: Iterable[QAction], panels: Iterable[QAction], parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        panel = self.tr("Panel: {name}")
        self._named = [(action.text().replace("&", ""), action) for action in actions]
        self._named += [(panel.format(name=action.text()), action) for action in panels]
        self.setWindowTitle(self.tr("Find a command"))
        self._field = QLineEdit()
        self._field.setPlaceholderText(self.tr("What do you want to do?"))
        self._field.setAccessibleName(self.windowTitle())
        self._field.setFrame(False)
        self._found = Words(self)
        self._found.setSourceModel(self._rows())
        self._list = QTreeView()
        self._dress_list()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.addWidget(self._field)
        layout.addWidget(self._list)
        self._field.textChanged.connect(self._on_text_changed)
        self._field.installEventFilter(self)
        self._list.activated.connect(self._on_activated)
        self._list.clicked.connect(self._on_activated)
        self._on_text_changed("")
        self.resize(min(_WIDTH, parent.width()), min(_HEIGHT, parent.height()))
        centre = parent.mapToGlobal(parent.rect().center())
        self.move(
            centre.x() - self.width() // 2, parent.mapToGlobal(parent.rect().topLeft()).y() + 72
        )

    def _dress_list(self) -> None:
        view = self._list
        view.setModel(self._found)
        view.setHeaderHidden(True)
        view.setRootIsDecorated(False)
        view.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        view.setFrameShape(QTreeView.Shape.NoFrame)
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view.setVerticalScrollBar(SlimScrollBar())
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setAccessibleName(self.tr("Commands"))
        view.header().setStretchLastSection(False)
        view.header().setSectionResizeMode(0, view.header().ResizeMode.Stretch)
        view.header().setSectionResizeMode(1, view.header().ResizeMode.ResizeToContents)

    def _rows(self) -> QStandardItemModel:
        model = QStandardItemModel(0, 2, self)
        for text, action in self._named:
            name = QStandardItem(action.icon() if not action.icon().isNull() else _blank(), text)
            name.setSizeHint(QSize(0, _ROW))
            name.setData(action, _ACTION)
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            row = [name, QStandardItem(keys)]
            for item in row:
                item.setEnabled(action.isEnabled())
                item.setToolTip(action.toolTip())
            model.appendRow(row)
        return model

    @Slot(str)
    def _on_text_changed(self, text: str) -> None:
        self._found.set_words(text)
        self._list.setCurrentIndex(self._found.index(0, 0))

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        action = index.siblingAtColumn(0).data(_ACTION)
        if isinstance(action, QAction) and action.isEnabled():
            self.accept()
            action.trigger()

    def event(self, event: QEvent) -> bool:
        """Go away when another window is used."""
        if event.type() == QEvent.Type.WindowDeactivate:
            self.reject()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the edge that no window manager draws."""
        painter = QPainter(self)
        colours = theme.tokens(self.palette())
        painter.fillRect(self.rect(), QColor(colours.surface))
        painter.setPen(QColor(colours.line))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while the letters go into the field; Enter chooses."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            row = self._list.currentIndex().row()
            moves = {
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: 8,
                Qt.Key.Key_PageUp: -8,
            }
            move = moves.get(Qt.Key(event.key()))
            if move is not None:
                last = self._found.rowCount() - 1
                self._list.setCurrentIndex(self._found.index(min(max(row + move, 0), last), 0))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_activated(self._list.currentIndex())
                return True
        return super().eventFilter(watched, event)


class Words(QSortFilterProxyModel):
    """Rows in which every word occurs."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._words: list[str] = []

    def set_words(self, text: str) -> None:
        """Look for other words."""
        self._words = text.casefold().split()
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:  # type: ignore[override]
        """Whether a row has all the words."""
        name = str(self.sourceModel().index(row, 0, parent).data()).casefold()
        return all(word in name for word in self._words)


def _blank() -> QIcon:
    """Room for an icon, so that all names begin at the same place."""
    picture = QPixmap(16, 16)
    picture.fill(Qt.GlobalColor.transparent)
    return QIcon(picture)
