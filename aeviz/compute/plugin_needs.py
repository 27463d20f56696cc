"""Which plug-ins a run needs, as `run.json` says it, and whether they are there.

A run folder may come from a stranger: its words are compared with what is loaded, installed or
trusted, and never followed. A trusted file is found by its hash, at the path that the user allowed.
"""

import importlib.metadata
import logging
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aeviz import catalogue, trust_store
from aeviz.compute import plugins
from aeviz.messages import NeededPlugin
from aeviz.paths import shown
from aeviz.runs.reading import RunError
from aeviz.runs.schema import RunInfo

LONGEST = 4096
"""Characters of a path or name at most that are taken from a run folder."""

MOST_NAMES = 8

logger = logging.getLogger(__name__)

_warned: set["Need"] = set()
"""Of which it was said that they have changed, so that it is said once."""


class PluginMissing(RunError):
    """A run needs a plug-in that is not loaded; the message names it and says what it brings."""


@dataclass(frozen=True)
class Need:
    """One plug-in that a run was trained with.

    Attributes:
        models: Names of models that it brought.
        data: Names of data sets.
        path: Where the file was, "" for a package.
        sha256: Hash of the file.
        package: Name of an installed package.
        version: Its version.
    """

    models: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    path: str = ""
    sha256: str = ""
    package: str = ""
    version: str = ""

    @property
    def title(self) -> str:
        """The file's name, or package and version."""
        return shown(Path(self.path).name or f"{self.package} {self.version}".strip())

    def of(self, kind: str) -> tuple[str, ...]:
        """The names that it brought of a kind, "models" or "data"."""
        return self.models if kind == "models" else self.data


def rows_of(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What `run.json` says of the plug-ins that brought the model and the data of a training."""
    used = {"models": settings["model"]["name"], "data": settings["data"]["name"]}
    rows = []
    for plugin in plugins.loaded():
        names = {k: [name] for k, name in used.items() if name in plugin.brings.get(k, ())}
        if names:
            about = {"package": plugin.package, "version": plugin.version}
            if plugin.path:
                about = {"path": plugin.path, "sha256": plugin.sha256}
            rows.append({**about, **names})
    return rows


def needs_of(info: RunInfo) -> tuple[Need, ...]:
    """The plug-ins that a run names; what a stranger wrote there else is left out."""
    return tuple(_need(row) for row in info.plugins)


def provide(info: RunInfo, kinds: Iterable[str] = ("models",)) -> None:
    """See that the plug-ins are loaded that brought the model, or the data, of a run.

    Raises:
        PluginMissing: If one is not loaded, not installed and not trusted.
        PluginError: If one is, and cannot be loaded.
    """
    for need in needs_of(info):
        for kind in kinds:
            if need.of(kind):
                _provide(need, kind)


def missing(info: RunInfo) -> tuple[NeededPlugin, ...]:
    """The plug-ins that a run's model needs and that are not at hand; imports no torch."""
    wanted = [need for need in needs_of(info) if need.models and not _is_at_hand(need)]
    return tuple(_as_message(need) for need in wanted)


def remarks(info: RunInfo) -> list[str]:
    """Sentences about plug-ins that are loaded and are not the same any more."""
    return [
        f"The plug-in {need.title} has changed since this run was trained"
        for need in needs_of(info)
        if need.path and _has_changed(need)
    ]


# ── one need ──────────────────────────────────────────────────────────────────────────────────


def _need(row: Mapping[str, Any]) -> Need:
    words = {name: str(row.get(name, ""))[:LONGEST] for name in Need.__dataclass_fields__}
    return Need(
        models=_names(row.get("models")),
        data=_names(row.get("data")),
        path=words["path"],
        sha256=words["sha256"],
        package=words["package"],
        version=words["version"],
    )


def _names(value: object) -> tuple[str, ...]:
    listed = value[:MOST_NAMES] if isinstance(value, list) else []
    return tuple(str(name)[:LONGEST] for name in listed)


def _provide(need: Need, kind: str) -> None:
    if not _is_registered(need, kind):
        plugins.demand()
    if _is_registered(need, kind):
        _warn_if_changed(need)
        return
    trusted = plugins.trusted_files().get(need.sha256)
    if trusted is not None:
        plugins.load_file(trusted, need.sha256)
    if not _is_registered(need, kind):
        raise (RunError if need.package else PluginMissing)(_sentence(need, kind))


def _warn_if_changed(need: Need) -> None:
    if _has_changed(need) and need not in _warned:
        _warned.add(need)
        logger.warning("the plug-in %s has changed since this run was trained", need.title)


def _what(need: Need, kind: str) -> str:
    return " and ".join(f"the {plugins.KINDS[kind]} {name[:60]!r}" for name in need.of(kind))


def _sentence(need: Need, kind: str) -> str:
    what = _what(need, kind)
    if need.package:
        return (
            f"{what} of this run is from the package {need.title}, which is not installed here: "
            "install it"
        )
    return (
        f"{what} of this run is from the plug-in {shown(need.path)} "
        f"(SHA-256 {shown(need.sha256[:12])}…), which is not loaded"
    )


def _is_registered(need: Need, kind: str) -> bool:
    """Whether somebody has registered what it brought; the user's own script may have done so."""
    module = {"models": "aeviz.models.base", "data": "aeviz.data.dataset"}[kind]
    if module not in sys.modules:
        return False
    names = vars(sys.modules[module])["MODELS" if kind == "models" else "DATASETS"]
    return all(name in names for name in need.of(kind))


def _is_at_hand(need: Need) -> bool:
    if _is_registered(need, "models"):
        return True
    built = {entry.name for entry in catalogue.built().models}
    if all(name in built for name in need.models):
        return True
    if need.package:
        return _is_installed(need.package)
    files = dict(plugins.named())
    return need.path in files or need.sha256 in (*files.values(), *plugins.trusted_files())


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False
    return True


def _has_changed(need: Need) -> bool:
    """Whether a file of that name, or with what it brought, is loaded with another content."""
    hashes = dict(plugins.named())
    if need.sha256 in hashes.values():
        return False
    brought = [plugins.bringer("models", name) for name in need.models]
    return need.path in hashes or any(p is not None and p.path for p in brought)


def _as_message(need: Need) -> NeededPlugin:
    """What the window asks about; the file is read for its hash, and not run."""
    try:
        found = trust_store.fingerprint(need.path) if need.path.endswith(".py") else ""
    except (OSError, ValueError):
        found = ""
    return NeededPlugin(
        title=need.title,
        path=need.path if found else "",
        sha256=found,
        has_changed=bool(found) and found != need.sha256,
        what=_what(need, "models"),
        sentence=_sentence(need, "models"),
    )
