"""Rows of the catalogue from the registries: `python -m aeviz.compute.entries` writes the files.

`resources/catalogue.json` is read where torch must not be imported (form, help, list); the help
pages of models and data sets say the same in words. A test compares them with these rows.
"""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic.fields import FieldInfo

from aeviz import paths
from aeviz.analysis.instruments import InstrumentEntry, all_instruments
from aeviz.catalogue import Catalogue, Entry, Kind, Option
from aeviz.compute import plugins
from aeviz.compute.pages import data_page, models_page
from aeviz.compute.presets import PRESETS
from aeviz.data.dataset import DATASETS, DatasetEntry
from aeviz.models.base import MODELS, ModelEntry
from aeviz.models.body import BODY_OPTIONS
from aeviz.runs.schema import TrainConfig


def catalogue() -> Catalogue:
    """Everything that is registered now, plug-ins included."""
    return Catalogue(
        models=tuple(_model(MODELS[name]) for name in sorted(MODELS, key=_place)),
        data=tuple(_dataset(DATASETS[name]) for name in sorted(DATASETS, key=_data_place)),
        presets=PRESETS,
        train=options_of(TrainConfig),
        instruments=tuple(_instrument(each) for _, each in sorted(all_instruments().items())),
    )


ORDER = (
    *("linear", "deep", "conv", "sparse", "denoising", "contractive", "stacked"),
    *("vae", "beta-vae", "capacity-vae", "tc-vae", "conditional-vae", "wae"),
    *("vq-vae", "vq-vae-2", "two-decoder", "topological", "realnvp", "maf", "spline"),
)
"""From the plain to the intricate, as a lecture takes them; what is not named here comes last."""


DATA_ORDER = (
    *("digits", "mnist", "fashion-mnist", "kmnist", "emnist", "qmnist", "usps"),
    *("svhn", "cifar10", "celeba", "shapes", "patches"),
    *("wine", "cells", "noise", "spheres", "swiss-roll"),
    *("two-moons", "eight-gaussians", "checkerboard", "ring", "pinwheel"),
)
"""Images, then tables, then points of the plane; the first is what a new window offers."""


def _data_place(name: str) -> tuple[int, str]:
    return (DATA_ORDER.index(name) if name in DATA_ORDER else len(DATA_ORDER), name)


def _place(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def options_of(config: type[Any]) -> tuple[Option, ...]:
    """The options of a pydantic dataclass in the order of its fields, those of a body last."""
    fields: Mapping[str, FieldInfo] = config.__pydantic_fields__
    names = sorted(fields, key=BODY_OPTIONS.__contains__)
    return tuple(_option(name, fields[name]) for name in names)


def _option(name: str, field: FieldInfo) -> Option:
    kind, choices = _kind(field.annotation)
    ranged = _element(field.annotation) if kind == "ints" else field
    extra = field.json_schema_extra
    marks = dict(extra) if isinstance(extra, Mapping) else {}
    return Option(
        name=name,
        title=field.title or name,
        description=field.description or "",
        kind=kind,
        default=field.default,
        low=_limit(ranged, "ge", "gt"),
        high=_limit(ranged, "le", "lt"),
        choices=choices or tuple(cast("list[str]", marks.get("suggestions", []))),
        live=bool(marks.get("live", False)),
        logarithmic=bool(marks.get("logarithmic", False)),
        advanced=bool(marks.get("advanced", False)),
        when=tuple(str(word) for word in cast("list[object]", marks.get("when", []))),
    )


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    """How an annotated type is entered, and the words of a choice."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _kind(next(part for part in get_args(annotation) if part is not NoneType))
    if origin is Literal:
        return "choice", get_args(annotation)
    if origin is tuple:
        return "ints", ()
    kinds: dict[type, Kind] = {bool: "bool", int: "int", float: "float"}
    return kinds.get(annotation, "text"), ()


def _element(annotation: Any) -> FieldInfo:
    """What is said of the elements of `tuple[Annotated[int, Field(…)], ...]`, optional or not."""
    if get_origin(annotation) in (Annotated, Union, UnionType):
        parts = get_args(annotation)
        return _element(next(part for part in parts if part is not NoneType))
    element = get_args(annotation)[0]
    found = [part for part in get_args(element)[1:] if isinstance(part, FieldInfo)]
    return found[0] if found else FieldInfo()


def _limit(field: FieldInfo, *names: str) -> float | None:
    """The bound that a field states, inclusive or not."""
    for limit in field.metadata:
        for name in names:
            value = getattr(limit, name, None)
            if value is not None:
                return float(value)
    return None


def _instrument(entry: InstrumentEntry) -> Entry:
    """A registered instrument as a row."""
    return Entry(
        name=entry.name,
        title=entry.title,
        summary=entry.summary,
        source=entry.source,
        options=options_of(entry.config),
    )


def _model(entry: ModelEntry) -> Entry:
    """A registered model as a row."""
    return Entry(
        name=entry.name,
        title=entry.title,
        summary=entry.summary,
        source=entry.source,
        data=entry.data,
        options=options_of(entry.config),
        settings={
            "data": {"name": entry.dataset},
            **({"train": dict(entry.defaults)} if entry.defaults else {}),
        },
        origin=_origin("models", entry.name),
    )


def _dataset(entry: DatasetEntry) -> Entry:
    """A registered data set as a row."""
    return Entry(
        name=entry.name,
        title=entry.title,
        summary=entry.summary,
        source=entry.source,
        data=(entry.kind,),
        options=entry.options,
        download=entry.download is not None,
        origin=_origin("data", entry.name),
    )


def _origin(kind: str, name: str) -> str:
    plugin = plugins.bringer(kind, name)
    return "" if plugin is None else plugin.name


def files() -> dict[str, str]:
    """Texts by their file under `resources`."""
    rows = catalogue()
    return {
        "catalogue.json": rows.to_json(),
        "help/models.md": models_page(rows),
        "help/datasets.md": data_page(rows),
    }


if __name__ == "__main__":
    for name, text in files().items():
        (paths.resources() / name).write_text(text, encoding="utf-8")
