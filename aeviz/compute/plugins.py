"""Plug-ins of this process: files that the user named, and packages that are installed.

A plug-in registers models, data sets, inspectors or questions by importing the same functions that
aeviz's own files use. Which name came from which plug-in is remembered, so that a run folder can
say what it needs. Nothing is loaded because a file that is opened names it: files come from the
command line, from a question that the user answered, or from the list of trusted files.

Nothing here imports torch before a plug-in is loaded.
"""

import importlib
import importlib.metadata
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aeviz import trust_store
from aeviz.compute import plugin_file
from aeviz.compute.plugin_file import PluginError

KINDS = {
    "models": "model",
    "data": "data set",
    "inspectors": "panel",
    "questions": "question",
}
"""What can be registered: the name of the group of entry points → what a person calls one."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plugin:
    """A plug-in that is loaded.

    Attributes:
        name: The file's name, or package and version.
        brings: Kind → names that it has registered.
        path: The whole path of a file, "" for a package.
        sha256: Hash of the file.
        package: Name of an installed package, "" for a file.
        version: Its version.
    """

    name: str
    brings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path: str = ""
    sha256: str = ""
    package: str = ""
    version: str = ""

    @property
    def says(self) -> str:
        """What it brings, in words: "model tiny, data set rings"."""
        return ", ".join(f"{KINDS[k]} {name}" for k, names in self.brings.items() for name in names)


_lock = threading.RLock()
"""Held while a plug-in is loaded; threads that only read wait for nobody."""
_loaded: dict[str, Plugin] = {}
"""By path, or by the name of the package."""
_named: dict[str, str] = {}
"""Files that the user named for this session and that are not loaded yet: path → hash."""
_faults: dict[str, str] = {}
"""What cannot be loaded → why, in one sentence."""


# ── naming and loading ────────────────────────────────────────────────────────────────────────


def name_file(path: Path | str, sha256: str = "") -> None:
    """Take a file for this session, to be loaded when torch is there: see `join`.

    Args:
        path: The file.
        sha256: The hash that it must have; "" takes the content of now.

    Raises:
        PluginError: If it is no Python file that can be read.
    """
    source = plugin_file.read(path)
    with _lock:
        _named[source.path] = sha256 or source.sha256


def for_child() -> tuple[tuple[str, str], ...]:
    """Path and hash of every plug-in with models or data, for a child process; "" of a package.

    Panels stay here: importing them needs Qt.
    """
    useful = [p for p in loaded() if p.brings.keys() & {"models", "data"}]
    return tuple((plugin.path, plugin.sha256) for plugin in useful)


def named() -> tuple[tuple[str, str], ...]:
    """Path and hash of every file of this session, loaded or not."""
    files = {plugin.path: plugin.sha256 for plugin in loaded() if plugin.path}
    return tuple((files | dict(_named)).items())


def loaded() -> tuple[Plugin, ...]:
    """Every plug-in that is loaded, in the order of loading.

    Waits for nobody: another thread may be loading one for seconds.
    """
    return tuple(_loaded.values())


def faults() -> dict[str, str]:
    """What could not be loaded → one sentence."""
    return dict(_faults)


def note_fault(what: str, sentence: str) -> None:
    """Remember that something cannot be loaded, for the list of plug-ins."""
    _faults[what] = sentence


def load_file(path: Path | str, sha256: str = "") -> Plugin:
    """Run a file that the user trusts, and remember what it registers.

    A file that is loaded already does nothing, a changed one replaces its own names.

    Args:
        path: The file.
        sha256: The hash of what the user trusts; "" where the user has just named the file.

    Raises:
        PluginError: If it cannot be loaded; nothing of it is registered then.
    """
    source = plugin_file.read(path)
    if sha256 and source.sha256 != sha256:
        raise PluginError(f"{path} has changed since it was allowed: allow it again")
    with _lock:
        _named.pop(source.path, None)
        before = _loaded.get(source.path)
        if before is not None and before.sha256 == source.sha256:
            return before
        brings = _registered_by(lambda: plugin_file.run(source), before, source.path)
        made = Plugin(Path(source.path).name, brings, source.path, source.sha256)
        _loaded[source.path] = made
        _faults.pop(source.path, None)
        return made


def join(*, inspectors: bool = False) -> list[str]:
    """Load what was named and what is installed, unless that was done; imports torch if so.

    Args:
        inspectors: Whether installed panels too: only where there is a window.

    Returns:
        A sentence for every named file that cannot be loaded. What is wrong with an installed
        package is only logged, and kept in `faults`.
    """
    sentences = []
    with _lock:
        for path, sha256 in list(_named.items()):
            try:
                load_file(path, sha256)
            except PluginError as error:
                _named.pop(path, None)
                _faults[path] = str(error)
                sentences.append(str(error))
        _join_installed(tuple(KINDS) if inspectors else ("models", "data", "questions"))
    return sentences


def demand() -> None:
    """Join the plug-ins because something is asked for that nobody has registered yet.

    Raises:
        PluginError: If a file that the user named cannot be loaded.
    """
    for sentence in join():
        raise PluginError(sentence)


def bringer(kind: str, name: str) -> Plugin | None:
    """The loaded plug-in that registered a name, None where it is aeviz's own or nobody's."""
    return next((p for p in loaded() if name in p.brings.get(kind, ())), None)


# ── installed packages ────────────────────────────────────────────────────────────────────────


def entry_points(groups: Iterable[str] = KINDS) -> list[importlib.metadata.EntryPoint]:
    """The entry points of installed packages in the groups `aeviz.models` and so on."""
    found = importlib.metadata.entry_points()
    return [point for group in groups for point in found.select(group=f"aeviz.{group}")]


@cache
def _join_installed(groups: tuple[str, ...]) -> None:
    """Once in a process: what is installed meanwhile is there at the next start."""
    for point in entry_points(groups):
        _load_entry(point)


@cache
def _load_entry(point: importlib.metadata.EntryPoint) -> None:
    """Load one entry point; a broken one is said once and stops nothing."""
    dist = point.dist
    package, version = (dist.name, dist.version) if dist is not None else (point.name, "")
    before = _loaded.get(package)
    where = f"the installed plug-in {package} {version} ({point.group}: {point.value})"
    is_new = point.module not in sys.modules  # one module may stand in several groups
    try:
        brings = _registered_by(
            point.load, None, where, must_register=is_new, folder=_folder_of(dist)
        )
    except PluginError as error:
        _faults[f"{package} {version}, {point.group}: {point.value}"] = str(error)
        logger.warning("%s", error)
        return
    known = dict(before.brings) if before is not None else {}
    for kind, names in brings.items():
        known[kind] = tuple(dict.fromkeys((*known.get(kind, ()), *names)))
    _loaded[package] = Plugin(
        f"{package} {version}".strip(), known, package=package, version=version
    )


def _folder_of(dist: importlib.metadata.Distribution | None) -> str:
    """Where a package is installed: the folder in which its modules are looked for."""
    return "" if dist is None else str(dist.locate_file(""))


# ── registries ────────────────────────────────────────────────────────────────────────────────


def _registries() -> dict[str, MutableMapping[str, Any]]:
    """Every registry, filled with what aeviz brings itself; inspectors where they are in use.

    Those are panels of the window, which this layer does not know: whoever registers one has
    imported their registry.
    """
    questions = importlib.import_module("aeviz.analysis.questions")
    questions.import_questions()
    found: dict[str, MutableMapping[str, Any]] = {
        "models": importlib.import_module("aeviz.models").MODELS,
        "data": importlib.import_module("aeviz.data").DATASETS,
        "questions": questions.QUESTIONS,
    }
    panels = sys.modules.get("aeviz.gui.inspectors.base")
    if panels is not None:
        found["inspectors"] = panels.INSPECTORS
    return found


def _registered_by(
    action: Callable[[], object],
    before: Plugin | None,
    what: str,
    *,
    must_register: bool = True,
    folder: str | None = None,
) -> dict[str, tuple[str, ...]]:
    """What an action registers, by kind; an action that fails leaves the registries as they were.

    Args:
        action: Runs a plug-in.
        before: What the same plug-in registered the last time: it is replaced.
        what: What a person calls the plug-in.
        must_register: Whether one that registers nothing is refused.
        folder: Where the files of an installed plug-in lie.
    """
    registries = _registries()
    kept = {kind: dict(registry) for kind, registry in registries.items()}
    if before is not None:
        _take_out(before)
    start = {kind: set(registry) for kind, registry in registries.items()}
    try:
        action()
        brings = _new_names(start)
        if must_register and not brings:
            raise PluginError(
                f"{what} registers nothing: it needs register_model, register_dataset, "
                "register_inspector or register_question"
            )
    except BaseException as error:
        _restore(kept)
        if isinstance(error, Exception | SystemExit) and not isinstance(error, PluginError):
            raise PluginError(plugin_file.complaint(what, error, folder)) from error
        raise
    return brings


def _new_names(start: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    found = {}
    for kind, registry in _registries().items():
        names = [name for name in registry if name not in start.get(kind, ())]
        if kind not in start:  # the panels of aeviz itself came with the first one
            names = [n for n in names if not registry[n].make.__module__.startswith("aeviz.")]
        if names:
            found[kind] = tuple(names)
    return found


def _restore(kept: Mapping[str, Mapping[str, Any]]) -> None:
    for kind, registry in _registries().items():
        for name in list(registry):
            own = kind not in kept and registry[name].make.__module__.startswith("aeviz.")
            if not own and name not in kept.get(kind, ()):
                del registry[name]
        registry.update(kept.get(kind, {}))


def _take_out(plugin: Plugin) -> None:
    for kind, registry in _registries().items():
        for name in plugin.brings.get(kind, ()):
            registry.pop(name, None)


def trusted_files() -> dict[str, str]:
    """Hash → path of every trusted Python file that still is what the user trusts."""
    return {
        sha256: path
        for path, sha256 in trust_store.trusted().items()
        if path.endswith(".py") and trust_store.is_trusted(path)
    }
