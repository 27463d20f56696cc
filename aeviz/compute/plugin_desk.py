"""What the window asks about plug-ins: which there are, what a file is, load it, forget it."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from aeviz import messages as m
from aeviz import trust_store
from aeviz.compute import plugin_file, plugins
from aeviz.compute.plugin_file import PluginError
from aeviz.mailbox import Mailbox

if TYPE_CHECKING:
    from aeviz.catalogue import Entry

CHANGED = "The file has changed since it was allowed: add it again to use it."
GONE = "The file is not there any more."


class PluginDesk:
    """Loads plug-ins for a window and tells it of them. Lives in the inference thread.

    Args:
        outbox: Where the window hears of them.
        trusted: Whether the files that the user trusts are loaded at the start.
    """

    def __init__(self, outbox: Mailbox, *, trusted: bool = False) -> None:
        self._outbox = outbox
        self._trusted = trusted

    def open(self) -> None:
        """Load what was named, trusted and installed; torch is there by now."""
        sentences = plugins.join(inspectors=True)
        for path, sha256 in trust_store.trusted().items() if self._trusted else ():
            if path.endswith(".py") and trust_store.is_trusted(path):
                sentences += _attempt(path, sha256)
        for sentence in sentences:
            self._outbox.post(m.Failed(where="plug-in", summary=sentence))
        if any(True for _ in _rows()):
            self.tell()

    def see(self, request: m.SeePlugin) -> None:
        """Say what a file is before the user is asked about it; it is not run.

        Raises:
            PluginError: If it cannot be read.
        """
        source = plugin_file.read(request.path)
        self._outbox.post(m.PluginSeen(path=source.path, sha256=source.sha256))

    def load(self, request: m.LoadPlugin) -> None:
        """Remember that the user trusts a file, and load it.

        Raises:
            PluginError: If it cannot be loaded; it is not trusted then.
            SaveError: If it cannot be remembered; it is loaded for this session.
        """
        loaded = plugins.load_file(request.path, request.sha256)
        try:
            trust_store.trust(loaded.path, loaded.sha256)
        finally:
            self.tell()

    def forget(self, request: m.ForgetPlugin) -> None:
        """Trust a file no longer; what it has registered stays until the window closes."""
        trust_store.distrust(request.path)
        self.tell()

    def tell(self) -> None:
        """Send the list of plug-ins, and the models and data sets that they bring."""
        models, data = _brought()
        self._outbox.post(
            m.PluginsChanged(
                plugins=tuple(_rows()),
                models=tuple(asdict(entry) for entry in models),
                data=tuple(asdict(entry) for entry in data),
            )
        )


def _attempt(path: str, sha256: str) -> list[str]:
    try:
        plugins.load_file(path, sha256)
    except PluginError as error:
        plugins.note_fault(path, str(error))
        return [str(error)]
    return []


def _rows() -> Iterator[m.PluginRow]:
    """Loaded ones first, then those that are trusted and not loaded, then broken packages."""
    trusted, faults = trust_store.trusted(), plugins.faults()
    for plugin in plugins.loaded():
        yield m.PluginRow(
            name=plugin.name,
            path=plugin.path,
            says=plugin.says,
            is_loaded=True,
            is_trusted=plugin.path in trusted,
        )
    known = {plugin.path for plugin in plugins.loaded()}
    for path in trusted:
        if path.endswith(".py") and path not in known:
            sentence = faults.pop(path, "") or _why_not(path)
            yield m.PluginRow(Path(path).name, path, sentence=sentence, is_trusted=True)
    for where, sentence in faults.items():
        is_file = where.endswith(".py")
        yield m.PluginRow(Path(where).name if is_file else where, sentence=sentence)


def _why_not(path: str) -> str:
    if not Path(path).is_file():
        return GONE
    return "" if trust_store.is_trusted(path) else CHANGED


def _brought() -> "tuple[list[Entry], list[Entry]]":
    """The rows of models and data sets that came from plug-ins."""
    if not plugins.loaded():
        return [], []
    from aeviz.compute.entries import catalogue

    rows = catalogue()
    return [e for e in rows.models if e.origin], [e for e in rows.data if e.origin]
