"""What models, data sets and presets there are, as plain rows that cost no torch.

The rows are served from `resources/catalogue.json`, which is built from the registries by
`python -m aeviz.compute.entries` and tested to be current; plug-ins join when torch is there.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any, Literal

from aeviz import paths

Kind = Literal["int", "float", "bool", "choice", "ints", "text"]


@dataclass(frozen=True)
class Option:
    """One option of a model, a data set or the training, as a form or `--set` shows it.

    Attributes:
        name: Its name within the group, as in `--set GROUP.NAME=VALUE`.
        title: Its label in the form.
        description: One sentence, the tooltip.
        kind: How it is entered. "ints" is a list of positive integers such as layer widths.
        default: The value when nothing is said; None where there is none.
        low: Smallest allowed value of a number, or None.
        high: Largest allowed value of a number, or None.
        choices: The allowed words of a "choice"; of a "text" words that often fit.
        unit: The unit of a number, or an empty string.
        live: Whether it may be turned while training runs.
        logarithmic: Whether a slider of it should be logarithmic.
        advanced: Whether the form hides it until asked.
        when: Another option's name, then those of its values with which this one matters; empty
            where it always does.
    """

    name: str
    title: str
    description: str
    kind: Kind
    default: Any = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    live: bool = False
    logarithmic: bool = False
    advanced: bool = False
    when: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One model, data set or preset.

    Attributes:
        name: The registered name, as on the command line.
        title: The name a person reads.
        summary: One plain sentence.
        source: Paper, book or origin.
        data: For a model the kinds of data it takes ("image", "table"); for a data set its kind.
        options: Its own options.
        settings: For a preset the settings it stands for, group → name → value; for a model the
            data set that suits it, as data.name, and the training defaults that it changes.
        download: Whether a data set has to be on disk or downloaded first.
        origin: The plug-in that brings it, "" where aeviz does.
    """

    name: str
    title: str
    summary: str
    source: str
    data: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    download: bool = False
    origin: str = ""


@dataclass(frozen=True)
class Catalogue:
    """All rows: models, data sets, presets, the options of training, and instruments."""

    models: tuple[Entry, ...]
    data: tuple[Entry, ...]
    presets: tuple[Entry, ...]
    train: tuple[Option, ...]
    instruments: tuple[Entry, ...] = ()

    def model(self, name: str) -> Entry:
        """The model of that name; raises KeyError with a sentence when there is none."""
        return _find(self.models, name, "model")

    def dataset(self, name: str) -> Entry:
        """The data set of that name; raises KeyError with a sentence when there is none."""
        return _find(self.data, name, "data set")

    def preset(self, name: str) -> Entry:
        """The preset of that name; raises KeyError with a sentence when there is none."""
        return _find(self.presets, name, "preset")

    def instrument(self, name: str) -> Entry:
        """The instrument of that name; raises KeyError with a sentence when there is none."""
        return _find(self.instruments, name, "instrument")

    def to_json(self) -> str:
        """The text of `resources/catalogue.json`."""
        rows = asdict(self)
        for entry in (
            *rows["models"],
            *rows["data"],
            *rows["presets"],
            *rows["instruments"],
        ):
            del entry["origin"]  # of what is built in there is none
        return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


_joined: tuple[tuple[Entry, ...], tuple[Entry, ...]] = ((), ())
"""Models and data sets of plug-ins."""


def load() -> Catalogue:
    """The built catalogue, and behind it what plug-ins bring as far as `join` was told."""
    rows, (models, data) = built(), _joined
    if not models and not data:
        return rows
    return replace(rows, models=(*rows.models, *models), data=(*rows.data, *data))


def join(models: tuple[Entry, ...], data: tuple[Entry, ...]) -> None:
    """Put the models and data sets of plug-ins in the place of those that were joined before."""
    global _joined
    _joined = (models, data)


@cache
def built() -> Catalogue:
    """Read the built catalogue."""
    text = (paths.resources() / "catalogue.json").read_text(encoding="utf-8")
    return from_mapping(json.loads(text))


def from_mapping(rows: Mapping[str, Any]) -> Catalogue:
    """A catalogue from the content of its file."""
    return Catalogue(
        models=tuple(entry_from(row) for row in rows["models"]),
        data=tuple(entry_from(row) for row in rows["data"]),
        presets=tuple(entry_from(row) for row in rows["presets"]),
        train=tuple(_option(row) for row in rows["train"]),
        instruments=tuple(entry_from(row) for row in rows["instruments"]),
    )


def entry_from(row: Mapping[str, Any]) -> Entry:
    """An entry from its plain values."""
    fields = dict(row)
    fields["data"] = tuple(fields["data"])
    fields["options"] = tuple(_option(option) for option in fields["options"])
    return Entry(**fields)


def _option(row: Mapping[str, Any]) -> Option:
    fields = dict(row)
    fields["choices"], fields["when"] = tuple(fields["choices"]), tuple(fields["when"])
    if isinstance(fields["default"], list):
        fields["default"] = tuple(fields["default"])
    return Option(**fields)


def _find(entries: tuple[Entry, ...], name: str, what: str) -> Entry:
    for entry in entries:
        if entry.name == name:
            return entry
    names = ", ".join(entry.name for entry in entries)
    raise KeyError(f"there is no {what} {name!r}; there are: {names}")
