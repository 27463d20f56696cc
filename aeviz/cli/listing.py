"""`aeviz list`: which models, data sets and presets there are.

Imports no torch, unless there are plug-ins to be listed too.
"""

import json
from dataclasses import asdict
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from aeviz import catalogue
from aeviz.catalogue import Catalogue, Entry, Option
from aeviz.cli.console import Console
from aeviz.cli.plugins import Plugins, use


def list_(
    what: Literal["models", "data", "presets"],
    /,
    *,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    plugin: Plugins = None,
) -> int:
    """List models, data sets or presets.

    Args:
        what: models, data or presets.
        json_: Print a list of objects with name, title, summary, source, data, options, settings,
            and origin: the plug-in that it comes from, empty for aeviz itself.
        plugin: Python file of your own whose models or data are listed too; it is run as a program.
    """
    use(plugin)
    rows: tuple[Entry, ...] = getattr(_catalogue(bool(plugin)), what)
    console = Console()
    if json_:
        objects = [_object(entry) for entry in rows]
        console.result(json.dumps(objects, indent=1, ensure_ascii=False))
    else:
        console.result("\n".join(_lines(rows)))
    return 0


def _catalogue(has_plugins: bool) -> Catalogue:
    """What is built in, and what plug-ins bring where there are some."""
    from importlib.metadata import entry_points

    groups = ("aeviz.models", "aeviz.data")
    if not has_plugins and not any(entry_points(group=group) for group in groups):
        return catalogue.load()
    from aeviz.compute import entries, plugins

    plugins.join()
    return entries.catalogue()


def _object(entry: Entry) -> dict[str, Any]:
    row = asdict(entry)
    first = ("name", "title", "summary", "source", "data", "options")
    return {name: row[name] for name in (*first, "settings", "origin")}


def _lines(rows: tuple[Entry, ...]) -> list[str]:
    width = max((len(entry.name) for entry in rows), default=0)
    lines = []
    for entry in rows:
        origin = f" (from {entry.origin})" if entry.origin else ""
        lines.append(f"{entry.name:<{width}}  {entry.title}. {entry.summary}{origin}")
        lines += [f"{'':<{width}}    {_option(option)}" for option in entry.options]
    return lines


def _option(option: Option) -> str:
    allowed = "|".join(option.choices) if option.choices else option.kind
    return f"{option.name} ({allowed}, default {option.default}): {option.description}"
