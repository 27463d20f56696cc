"""The plug-ins as the window knows them, and what is asked about them."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from aeviz import messages as m


class PluginState(QObject):
    """Which plug-ins there are. Lives beside the session, which passes on the answers.

    Args:
        post: Where requests go.
        parent: The session.

    Signals:
        changed(PluginsChanged): Plug-ins were loaded or forgotten; `rows` has them.
        seen(PluginSeen): An answer to `see`.
    """

    changed = Signal(object)
    seen = Signal(object)

    def __init__(self, post: Callable[[m.Message], None], parent: QObject) -> None:
        super().__init__(parent)
        self._post = post
        self.rows: tuple[m.PluginRow, ...] = ()

    def see(self, path: str) -> None:
        """Ask what a Python file is before it is trusted; `seen` answers."""
        self._post(m.SeePlugin(path=path))

    def load(self, path: str, sha256: str) -> None:
        """Trust a Python file with that content, and run it; `changed` answers."""
        self._post(m.LoadPlugin(path=path, sha256=sha256))

    def forget(self, path: str) -> None:
        """Trust a Python file no longer; `changed` answers."""
        self._post(m.ForgetPlugin(path=path))

    def take(self, message: m.PluginsChanged) -> None:
        """Keep the new list and tell of it."""
        self.rows = message.plugins
        self.changed.emit(message)
