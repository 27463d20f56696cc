"""The small window in which two directions and the base point of a plane are chosen."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aeviz.gui.captions import Caption
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.plane import Direction, Plane, dimension, principal

_MOST_PRINCIPAL = 32


class PlaneBox(QDialog):
    """Offers what the selection and the pin make possible; does nothing until Show is pressed."""

    def __init__(self, session: Session, parent: QWidget, *, dimensions_only: bool) -> None:
        super().__init__(parent)
        self._session = session
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Two dimensions" if dimensions_only else "Two directions")
        self._offered = self._offers(dimensions_only)
        self._through: list[tuple[float, ...] | int | None] = []
        self.across, self.up = self._list("Across"), self._list("Up")
        self.base = self._bases()
        self.reason = Caption("", tone="muted")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.button = buttons.addButton("Show", QDialogButtonBox.ButtonRole.AcceptRole)
        for button in buttons.buttons():
            if isinstance(button, QPushButton):
                button.setAutoDefault(False)
        self.button.setDefault(True)
        self._lay_out(buttons, [] if dimensions_only else self._hints())
        self._begin()
        self.across.currentIndexChanged.connect(self._on_changed)
        self.up.currentIndexChanged.connect(self._on_changed)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._refresh()

    def _lay_out(self, buttons: QDialogButtonBox, hints: list[str]) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * SPACE)
        form.addRow("&Across", self.across)
        form.addRow("&Up", self.up)
        form.addRow("&Through", self.base)
        column = QVBoxLayout(self)
        column.setSpacing(2 * SPACE)
        column.addLayout(form)
        for hint in hints:
            column.addWidget(Caption(hint))
        column.addWidget(self.reason)
        column.addWidget(buttons)
        self.setMinimumWidth(320)

    def _offers(self, dimensions_only: bool) -> list[Direction]:
        run = self._session.run
        dimensions = 0 if run is None else run.latent_dim
        single = [dimension(number) for number in range(dimensions)]
        if dimensions_only or run is None:
            return single
        between: list[Direction] = []
        rows = self._session.selection.tolist()
        names = [f"#{run.index[row]}" for row in rows]
        if len(rows) == 2:
            title = f"{names[0]} → {names[1]}"
            between.append(Direction("samples", (rows[0], rows[1]), title))
        if self._session.pin is not None and rows:
            pin = tuple(self._session.pin.tolist())
            between.append(Direction("pin", (rows[0],), f"pin → {names[0]}", pin))
        axes = [principal(number) for number in range(min(dimensions, _MOST_PRINCIPAL))]
        return [*between, *axes, *single]

    def _hints(self) -> list[str]:
        """How to get the directions that are not offered now."""
        kinds = {direction.kind for direction in self._offered}
        hints = []
        if "samples" not in kinds:
            hints.append("Select two samples to be offered the direction between them.")
        if "pin" not in kinds:
            hints.append("Pin a place and select a sample for the direction between them.")
        return hints

    def _list(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setMaxVisibleItems(16)
        box.addItems([direction.title for direction in self._offered])
        return box

    def _bases(self) -> QComboBox:
        """What the plane can pass through; what was pointed at comes first."""
        session, box = self._session, QComboBox()
        box.setAccessibleName("Through")
        if session.pin is not None:
            box.addItem("the pin")
            self._through.append(tuple(session.pin.tolist()))
        for row in session.selection[:1].tolist():
            box.addItem(f"sample #{row if session.run is None else session.run.index[row]}")
            self._through.append(int(row))
        box.addItem("the median latent")
        self._through.append(None)
        return box

    def _begin(self) -> None:
        """Begin with the plane that is shown, where it is one of these."""
        shown = [direction.title for direction in self._session.planes.shown.directions]
        titles = [direction.title for direction in self._offered]
        if len(shown) == 2 and set(shown) <= set(titles):
            self.across.setCurrentIndex(titles.index(shown[0]))
            self.up.setCurrentIndex(titles.index(shown[1]))
        elif len(titles) > 1:
            self.up.setCurrentIndex(1)

    @property
    def plane(self) -> Plane:
        """What is chosen."""
        directions = tuple(self._offered[box.currentIndex()] for box in (self.across, self.up))
        base = self._through[self.base.currentIndex()]
        return Plane("axes", directions, base, self._session.epoch)

    def _refresh(self) -> None:
        is_same = self.across.currentIndex() == self.up.currentIndex()
        reason = "Two different directions are needed." if is_same else ""
        self.button.setEnabled(not is_same)
        self.button.setToolTip(reason)
        self.reason.say(reason, "muted")

    @Slot()
    def _on_changed(self) -> None:
        self._refresh()

    @Slot()
    def accept(self) -> None:
        """Show the plane."""
        if self.button.isEnabled():
            self._session.planes.choose(self.plane)
            super().accept()
