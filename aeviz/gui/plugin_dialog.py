"""The list of plug-ins: what each brings, where it lies, and why one is not loaded."""

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from aeviz.gui import theme
from aeviz.gui.labels import ElidedLabel, caption_label, heading_label
from aeviz.gui.scroll import SlimScrollBar
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.messages import PluginRow, PluginsChanged

_WHAT = (
    "A plug-in brings a model, a data set, a panel or a question of your own: one Python file, or "
    "a package that is installed beside aeviz."
)
_NONE = "There is none yet. Help ▸ Plug-ins shows how one is written."
_PACKAGE = "Installed beside aeviz; pip uninstall removes it."
_SESSION = "Not remembered: it goes when the window is closed."


class PluginDialog(QDialog):
    """Shows the plug-ins of the session and follows their changes.

    Signals:
        add_asked(): The person wants another file.
    """

    add_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(self.tr("Plug-ins"))
        self.removers: dict[str, QPushButton] = {}
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self.add = QPushButton(self.tr("Add a file…"))
        self._lay_out()
        self.add.clicked.connect(self.add_asked)
        session.plugins.changed.connect(self._on_changed)
        self._fill()
        self.resize(self.sizeHint())

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, SPACE, 0)
        column.addLayout(self._rows)
        column.addStretch()
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setVerticalScrollBar(SlimScrollBar())
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.add, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        layout.setSpacing(SPACE * 3 // 2)
        layout.addWidget(caption_label(_WHAT))
        layout.addWidget(area, 1)
        layout.addWidget(buttons)

    def sizeHint(self) -> QSize:
        """Room for a handful."""
        return QSize(560, 380)

    def _fill(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.removers.clear()
        for row in self._session.plugins.rows:
            self._rows.addWidget(self._made(row))
        if not self._session.plugins.rows:
            self._rows.addWidget(caption_label(self.tr(_NONE), "text"))

    def _made(self, row: PluginRow) -> QWidget:
        made = QWidget()
        line = QHBoxLayout(made)
        line.setContentsMargins(0, SPACE, 0, SPACE)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(heading_label(row.name))
        if row.says:
            column.addWidget(caption_label(row.says, "text"))
        if row.path:
            path = ElidedLabel(row.path, "muted")
            path.setFont(theme.caption(path.font()))
            column.addWidget(path)
        about = row.sentence or _about(row)
        if about:
            column.addWidget(caption_label(about, "error" if row.sentence else "muted"))
        line.addLayout(column, 1)
        if row.path and row.is_trusted:
            line.addWidget(self._remover(row), 0, Qt.AlignmentFlag.AlignTop)
        return made

    def _remover(self, row: PluginRow) -> QPushButton:
        button = QPushButton(self.tr("Remove"))
        button.setToolTip(self.tr("Trust this file no longer. The file itself stays."))
        button.setAccessibleName(self.tr("Remove {name}").format(name=row.name))
        button.clicked.connect(partial(self._session.plugins.forget, row.path))
        self.removers[row.path] = button
        return button

    @Slot(object)
    def _on_changed(self, message: PluginsChanged) -> None:
        self._fill()


def _about(row: PluginRow) -> str:
    if not row.path:
        return _PACKAGE
    return "" if row.is_trusted else _SESSION
