"""How the panels lie, as plain values, and back: what a stranger's file says is only moved panels.

Qt's own state of a window is bytes that it believes; these values are checked, and every panel that
is not named stays where it is.
"""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QTabBar

from aeviz.gui.docks import BEHIND, Docks
from aeviz.shown import DockArea, ShownDock

_AREAS: dict[DockArea, Qt.DockWidgetArea] = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
    "top": Qt.DockWidgetArea.TopDockWidgetArea,
}
_NAMES = {area: name for name, area in _AREAS.items()}


def shown_docks(docks: Docks) -> tuple[ShownDock, ...]:
    """Where every panel is, side by side and from top to bottom."""
    window, found = docks.window, []
    for area in (*_AREAS, "floating"):
        own = [dock for dock in docks.docks.values() if _area_of(docks, dock) == area]
        rows: list[list[QDockWidget]] = []
        for dock in own:
            mates = window.tabifiedDockWidgets(dock)
            row = next((row for row in rows if any(mate in row for mate in mates)), None)
            if row is None:
                rows.append([dock])
            else:
                row.append(dock)
        for number, row in enumerate(sorted(rows, key=_place)):
            found += [_shown(dock, area, number) for dock in row]
    return tuple(found)


def arrange(docks: Docks, size: tuple[int, int], shown: Iterable[ShownDock]) -> None:
    """Put the panels where they were; in a window of another size in proportion.

    Args:
        docks: The panels; those that the shown run has no use for stay away.
        size: Of the window that they were in.
        shown: Where they were.
    """
    wanted = [each for each in shown if each.name in docks.docks]
    if not wanted:
        return
    if _structure(wanted) != _structure(shown_docks(docks), _names(wanted)):
        _move(docks, wanted)
    docks.show_only({each.name for each in wanted if each.is_visible}, among=_names(wanted))
    for each in wanted:
        if each.is_visible and each.is_front and not docks.docks[each.name].isHidden():
            docks.docks[each.name].raise_()
    _resize(docks, size, wanted)  # last: what is seen says how small it can be


def _area_of(docks: Docks, dock: QDockWidget) -> DockArea:
    if dock.isFloating():
        return "floating"
    return _NAMES.get(docks.window.dockWidgetArea(dock), "right")


def _place(row: Sequence[QDockWidget]) -> tuple[int, int]:
    """Where the panels of some tabs lie: by those that can be seen."""
    seen = [dock for dock in row if not dock.isHidden() and not dock.property(BEHIND)]
    if not seen:
        return (2**20, 0)
    return (seen[0].y(), seen[0].x())


def _shown(dock: QDockWidget, area: DockArea, row: int) -> ShownDock:
    is_visible = not dock.isHidden()
    is_front = is_visible and not dock.property(BEHIND)
    return ShownDock(
        name=dock.objectName(),
        area=area,
        row=row,
        is_visible=is_visible,
        is_front=is_front,
        width=dock.width() if is_front else 0,
        height=dock.height() if is_front else 0,
    )


def _names(shown: Iterable[ShownDock]) -> set[str]:
    return {each.name for each in shown}


def _structure(shown: Iterable[ShownDock], names: set[str] | None = None) -> set[tuple[str, ...]]:
    """Which panels share an area and tabs, without their order."""
    rows: dict[tuple[DockArea, int], list[str]] = {}
    for each in shown:
        if names is None or each.name in names:
            rows.setdefault((each.area, each.row), []).append(each.name)
    return {(area, *sorted(row)) for (area, _), row in rows.items()}


def _move(docks: Docks, wanted: Sequence[ShownDock]) -> None:
    """Lay the panels anew, row by row."""
    first: dict[tuple[DockArea, int], QDockWidget] = {}
    for each in sorted(wanted, key=lambda each: each.row):
        dock = docks.docks[each.name]
        if each.area == "floating":
            dock.setFloating(True)
            continue
        dock.setFloating(False)
        beside = first.setdefault((each.area, each.row), dock)
        if beside is dock:
            docks.window.addDockWidget(_AREAS[each.area], dock)
        else:
            docks.tabify(beside, dock)


def _resize(docks: Docks, size: tuple[int, int], wanted: Sequence[ShownDock]) -> None:
    """Give the panels that are seen the sizes that they had, area by area."""
    window = docks.window
    wide, high = window.width() / size[0], window.height() / size[1]
    tabs = _tab_heights(docks)
    for area in _AREAS:
        chosen = [each for each in wanted if each.area == area and _counts(docks, each)]
        own = [docks.docks[each.name] for each in chosen]
        widths = [_within(each.width * wide, window.width()) for each in chosen]
        # Qt counts the tabs below a panel as its height.
        rows = [tabs.get(dock.windowTitle(), 0) for dock in own]
        heights = [_within(each.height * high, window.height()) for each in chosen]
        heights = [height + row for height, row in zip(heights, rows, strict=True)]
        window.resizeDocks(own, widths, Qt.Orientation.Horizontal)
        window.resizeDocks(own, heights, Qt.Orientation.Vertical)


def _within(length: float, most: int) -> int:
    """A length in whole points that a window can give."""
    return min(max(round(length), 1), max(most, 1))


def _tab_heights(docks: Docks) -> dict[str, int]:
    """How high the row of tabs is that a panel shares, by the title of the panel."""
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    bars = [bar for bar in docks.window.findChildren(QTabBar, options=direct) if bar.isVisible()]
    return {bar.tabText(tab): bar.height() for bar in bars for tab in range(bar.count())}


def _counts(docks: Docks, each: ShownDock) -> bool:
    """Whether the size of a panel says something: it is seen, there and here."""
    return each.width > 0 and each.height > 0 and not docks.docks[each.name].isHidden()
