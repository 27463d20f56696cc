"""The tool that only moves the map: no click changes anything."""

from PySide6.QtCore import Qt

from aeviz.gui.tools.base import Tool, register_tool


@register_tool(
    "pan",
    title="Pan",
    tip="Dragging moves the map; clicks change nothing.",
    icon="hand",
    shortcut="H",
    order=90,
)
class PanTool(Tool):
    """Leaves every press to the map."""

    cursor = Qt.CursorShape.OpenHandCursor
