"""The panels around the map: made from the registry, laid out, remembered."""

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import cast

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import (
    QDockWidget,
    QLayout,
    QMainWindow,
    QMenu,
    QProxyStyle,
    QStyle,
    QStyleOption,
    QTabBar,
    QWidget,
)

from aeviz.gui.dock_title import DockTitle
from aeviz.gui.inspectors import base
from aeviz.gui.session import Session

VERSION = 2
"""Of the layout; another one in the settings is not restored."""

_AREAS: dict[base.Area, Qt.DockWidgetArea] = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
_TABBED_FROM = 100
_LEFT, _RIGHT, _BOTTOM = 322, 312, 216  # pixels of a small window
_SHARE = 0.2  # of a wide window for each column at the sides
_BELOW = 0.27  # of its height for what lies below the map
_TOP = 0.46  # of the right column for what lies on top
_WIDEST = 520
_BESIDE_NAME = 8
_STATE, _GEOMETRY, _CLOSED = "layout/state", "layout/geometry", "layout/closed"


BEHIND = "behind another tab"
"""The property of a dock that is open but not on top of its tabs."""

_UNSUITED = "{title}: the shown run has nothing to show there."


class TabStyle(QProxyStyle):
    """Tabs of docks with less room beside their names, so that a narrow column has many."""

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        """Pixels to the left and the right of a name together; all else as it is."""
        if metric == QStyle.PixelMetric.PM_TabBarTabHSpace:
            return _BESIDE_NAME
        return super().pixelMetric(metric, option, widget)


class Docks:
    """The docks of a main window by name, with their help pages."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._entries: dict[str, base.InspectorEntry] = {}
        self._unmade: dict[str, Callable[[], QWidget]] = {}
        self._hidden: set[str] = set()
        self._closed: set[str] = set()  # by the person, of those that only some runs have
        self._abilities: frozenset[str] = frozenset()
        self._tab_style = TabStyle("Fusion")
        self._tab_style.setParent(window)
        self.docks: dict[str, QDockWidget] = {}
        self._standard: QByteArray | None = None
        self._menu: QMenu | None = None

    def add_inspectors(self, session: Session) -> None:
        """Make a dock for every registered inspector, in their order.

        What only some runs need is made when the first of them is shown: the window opens sooner.
        """
        for entry in sorted(base.INSPECTORS.values(), key=lambda entry: (entry.order, entry.name)):
            self._add_inspector(entry, session)

    def _add_inspector(self, entry: base.InspectorEntry, session: Session) -> QDockWidget:
        content = QWidget() if entry.needs else entry.make(session)
        if entry.needs:
            self._unmade[entry.name] = partial(entry.make, session)
        self._entries[entry.name] = entry
        return self.add(entry.name, entry.title, content, entry.area, entry.order)

    def join_inspectors(self, session: Session) -> list[str]:
        """Make a dock for every inspector that a plug-in has registered since.

        Returns:
            A sentence for every panel that could not be made; it is left out from then on.
        """
        failures: list[str] = []
        abilities = self._abilities
        for entry in list(base.INSPECTORS.values()):
            if entry.name in self.docks:
                continue
            try:
                dock = self._add_inspector(entry, session)
            except Exception as error:  # noqa: BLE001  a plug-in's own code
                del base.INSPECTORS[entry.name]  # else it would be made at every change
                failures.append(f"{entry.title} cannot be shown: {type(error).__name__}: {error}")
                continue
            dock.show()
            self._window.restoreDockWidget(dock)
            if self._menu is not None:
                self._menu.addAction(dock.toggleViewAction())
        self._dress_tabs()
        self.suit(abilities)
        return failures

    def fill(self, menu: QMenu) -> None:
        """Put a line for every dock into a menu, and later ones for those that come."""
        self._menu = menu
        for dock in self.docks.values():
            menu.addAction(dock.toggleViewAction())

    def add(
        self,
        name: str,
        title: str,
        content: QWidget,
        area: base.Area,
        order: int = 0,
        *,
        shown: bool = True,
    ) -> QDockWidget:
        """Make a dock; those with an order from 100 on share a tab with their neighbour."""
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setWidget(content)
        dock.setAccessibleName(title)
        dock.setTitleBarWidget(DockTitle(dock))
        dock.visibilityChanged.connect(partial(_show_content, dock))
        dock.toggleViewAction().triggered.connect(partial(_bring_to_front, dock))
        before = [d for d in self.docks.values() if self._window.dockWidgetArea(d) == _AREAS[area]]
        self._window.addDockWidget(_AREAS[area], dock)
        if before and order >= _TABBED_FROM:
            self.tabify(before[-1], dock)
        if not shown:
            self._hidden.add(name)
        self.docks[name] = dock
        return dock

    @property
    def window(self) -> QMainWindow:
        """The window that the docks lie in."""
        return self._window

    def tabify(self, beside: QDockWidget, dock: QDockWidget) -> None:
        """Let a dock share the tabs of another."""
        # WORKAROUND: Qt lays the window out while it makes the second row of tabs, by which it
        # makes that row twice; one of them then stays on the screen for good.
        layout = cast("QLayout", self._window.layout())
        layout.setEnabled(False)
        self._window.tabifyDockWidget(beside, dock)
        layout.setEnabled(True)

    def _dress_tabs(self) -> None:
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        for row in self._window.findChildren(QTabBar, options=direct):
            row.setStyle(self._tab_style)

    def help_of(self, widget: QWidget | None) -> str:
        """The help page of the dock that a widget lies in, "" for the first page."""
        while widget is not None:
            if isinstance(widget, QDockWidget):
                entry = self._entries.get(widget.objectName())
                return (entry.help or entry.name) if entry is not None else widget.objectName()
            widget = widget.parentWidget()
        return ""

    def suit(self, abilities: Iterable[str]) -> None:
        """Show the docks that explain what a model can do, and no others of that kind.

        One that the person has closed stays closed.
        """
        self._note_closed()
        self._abilities = frozenset(abilities)
        for name, entry in self._special.items():
            dock, suits = self.docks[name], entry.needs in self._abilities
            if suits and name in self._unmade:
                stand_in, content = dock.widget(), self._unmade.pop(name)()
                dock.setWidget(content)
                stand_in.deleteLater()
            dock.setVisible(suits and name not in self._closed)
            action = dock.toggleViewAction()
            action.setEnabled(suits)
            action.setToolTip("" if suits else _UNSUITED.format(title=entry.title))

    def show_only(self, names: Collection[str], among: Iterable[str]) -> None:
        """Of some docks show exactly these, as far as they suit the shown run."""
        for name in among:
            entry = self._special.get(name)
            suits = entry is None or entry.needs in self._abilities
            if entry is not None and suits:
                (self._closed.discard if name in names else self._closed.add)(name)
            self.docks[name].setVisible(suits and name in names)

    @property
    def _special(self) -> dict[str, base.InspectorEntry]:
        """The entries of docks that only some runs have."""
        return {name: entry for name, entry in self._entries.items() if entry.needs}

    def _note_closed(self) -> None:
        for name, entry in self._special.items():
            if entry.needs in self._abilities:
                closed = self.docks[name].isHidden()
                (self._closed.add if closed else self._closed.discard)(name)

    def finish(self) -> None:
        """Show the standard layout and remember it."""
        for name, dock in self.docks.items():
            dock.setVisible(name not in self._hidden)
        self.suit(())
        self.fit()
        self._raise_first_tabs()
        self._dress_tabs()
        self._standard = self._window.saveState(VERSION)

    def reset(self) -> None:
        """Back to the standard layout."""
        if self._standard is not None:
            self._restore_state(self._standard)
            abilities, self._abilities = self._abilities, frozenset()
            self._closed.clear()
            self.suit(abilities)
            self.fit()
            self._raise_first_tabs()

    def restore(self, settings: QSettings) -> bool:
        """The layout of the last time; False where there is none of this version."""
        geometry, state = settings.value(_GEOMETRY), settings.value(_STATE)
        if isinstance(geometry, QByteArray):
            self._window.restoreGeometry(geometry)
        closed = settings.value(_CLOSED)
        self._closed = set(str(closed).split(",")) & self._special.keys()
        restored = isinstance(state, QByteArray) and self._restore_state(state)
        self._abilities = frozenset()
        self.suit(())
        return restored

    def _restore_state(self, state: QByteArray) -> bool:
        # WORKAROUND: Qt makes new rows of tabs and leaves the old ones where they were.
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        left = self._window.findChildren(QTabBar, options=direct)
        restored = self._window.restoreState(state, VERSION)
        if restored:
            for row in left:
                row.hide()
            self._dress_tabs()
        return restored

    def save(self, settings: QSettings) -> None:
        """Remember the layout for the next time."""
        settings.setValue(_GEOMETRY, self._window.saveGeometry())
        settings.setValue(_STATE, self._window.saveState(VERSION))
        self._note_closed()
        settings.setValue(_CLOSED, ",".join(sorted(self._closed)))

    def fit(self) -> None:
        """Give the columns at the sides the widths that suit the window's."""
        widths: dict[base.Area, int] = {"left": _LEFT, "right": _RIGHT}
        for area, width in widths.items():
            docks = self._in(area)
            width = max(width, min(round(self._window.width() * _SHARE), _WIDEST))
            self._window.resizeDocks(docks, [width] * len(docks), Qt.Orientation.Horizontal)
        self._share_right()
        below = self._in("bottom")
        height = max(_BOTTOM, round(self._window.height() * _BELOW))
        self._window.resizeDocks(below, [height] * len(below), Qt.Orientation.Vertical)

    def _share_right(self) -> None:
        """Give what lies on top in the right column its share of the height."""
        docks = self._in("right")
        if len(docks) > 1:
            high = [_TOP if dock is docks[0] else 1 - _TOP for dock in docks]
            room = self._window.height()
            heights = [round(share * room) for share in high]
            self._window.resizeDocks(docks, heights, Qt.Orientation.Vertical)

    def _raise_first_tabs(self) -> None:
        """Of docks that share a tab the first one is on top."""
        for dock in reversed(self.docks.values()):
            if self._window.tabifiedDockWidgets(dock) and not dock.isHidden():
                dock.raise_()

    def _in(self, area: base.Area) -> list[QDockWidget]:
        wanted = _AREAS[area]
        return [
            dock
            for dock in self.docks.values()
            if self._window.dockWidgetArea(dock) == wanted and not dock.isHidden()
        ]


def _show_content(dock: QDockWidget, is_seen: bool) -> None:
    """Hide what a dock holds while another tab lies on top of it.

    To Qt a dock behind others is visible, only far away: its panel would go on asking and
    painting for nobody, and would not be told when it comes to the front.
    """
    content = dock.widget()
    if content is not None:
        policy = content.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        content.setSizePolicy(policy)
        content.setVisible(is_seen)
    if not dock.isHidden():
        dock.setProperty(BEHIND, not is_seen)


def _bring_to_front(dock: QDockWidget) -> None:
    """A panel that is chosen from a menu comes to the front, also from behind another tab."""
    if not dock.isHidden() or dock.property(BEHIND):
        dock.show()
        dock.raise_()
