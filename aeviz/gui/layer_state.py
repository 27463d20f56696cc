"""Which layers of the map are shown."""

from PySide6.QtCore import QObject, Signal


class LayerState(QObject):
    """A set of names; switching one on switches the others of its group off.

    Signals:
        changed(str): A layer was switched on or off.
    """

    changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shown: frozenset[str] = frozenset()
        self._groups: dict[str, str] = {}

    def know(self, name: str, group: str) -> None:
        """Tell that a layer belongs to a group, "" for none."""
        self._groups[name] = group

    def show(self, name: str, shown: bool = True) -> None:
        """Switch a layer on or off."""
        if shown == (name in self.shown):
            return
        group = self._groups.get(name, "")
        rivals = {other for other in self.shown if group and self._groups.get(other) == group}
        self.shown = (self.shown - rivals) | {name} if shown else self.shown - {name}
        for changed in sorted({name, *(rivals if shown else ())}):
            self.changed.emit(changed)

    def toggle(self, name: str) -> None:
        """Switch a layer on if it is off, and off if it is on."""
        self.show(name, name not in self.shown)
