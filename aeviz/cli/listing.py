"""`aeviz list`: which models, data sets and presets there are. Imports no torch."""

import json
from dataclasses import asdict
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from aeviz import catalogue
from aeviz.catalogue import Entry, Option
from aeviz.cli.console import Console


def list_(
    what: Literal["models", "data", "presets"],
    /,
    *,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """List models, data sets or presets.

    Args:
        what: models, data or presets.
        json_: Print a list of objects with name, title, summary, source, data, options.
    """
    rows: tuple[Entry, ...] = getattr(catalogue.load(), what)
    console = Console()
    if json_:
        objects = [_object(entry) for entry in rows]
        console.result(json.dumps(objects, indent=1, ensure_ascii=False))
    else:
        console.result("\n".join(_lines(rows)))
    return 0


def _object(entry: Entry) -> dict[str, Any]:
    row = asdict(entry)
    first = ("name", "title", "summary", "source", "data", "options")
    return {name: row[name] for name in first} | {"settings": row["settings"]}


def _lines(rows: tuple[Entry, ...]) -> list[str]:
    width = max((len(entry.name) for entry in rows), default=0)
    lines = []
    for entry in rows:
        lines.append(f"{entry.name:<{width}}  {entry.title}. {entry.summary}")
        lines += [f"{'':<{width}}    {_option(option)}" for option in entry.options]
    return lines


def _option(option: Option) -> str:
    allowed = "|".join(option.choices) if option.choices else option.kind
    return f"{option.name} ({allowed}, default {option.default}): {option.description}"
