"""What is on screen as the content of a session file, and back, with every field checked."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from aeviz.plane import Direction, Plane, PlaneKind
from aeviz.sessions.fields import Fields
from aeviz.shown import DockArea, Shown, ShownDock, ShownGroup, ShownPath

MOST_SAMPLES = 2**31
MOST_DIMENSIONS = 2**24
MOST_EPOCHS = 10_000_000
MOST_GROUPS = 1000
LARGEST_LABEL = 2**31
LARGEST_PLACE = 1e15
"""Numbers of the latent space lie within this: their squares are still single precision."""

Arrays = dict[str, NDArray[Any]]


# ── writing ───────────────────────────────────────────────────────────────────────────────────


def to_content(shown: Shown) -> tuple[dict[str, Any], Arrays]:
    """The JSON of what is shown, and its arrays by name."""
    content = {
        "samples": shown.samples,
        "latent_dim": shown.latent_dim,
        "time": {"playhead": shown.playhead, "following": shown.following},
        "map": {
            "plane": _plane_row(shown.plane),
            "region": None if shown.region is None else list(shown.region),
            "one_scale": shown.one_scale,
            "colour": shown.colour,
            "hidden": {colour: list(keys) for colour, keys in shown.hidden},
            "tool": shown.tool,
            "layers": list(shown.layers),
        },
        "condition": _listed(shown.condition),
        "path": None if shown.path is None else _path_row(shown.path),
        "groups": [{"name": group.name} for group in shown.groups],
        "attributes": [{"name": n, "from": a, "to": b} for n, a, b in shown.attributes],
        "window": {"size": list(shown.size), "docks": [vars(dock) for dock in shown.docks]},
    }
    return content, _arrays_of(shown)


def _arrays_of(shown: Shown) -> Arrays:
    found: dict[str, NDArray[Any] | None] = {
        "pin": shown.pin,
        "selection": shown.selection,
        "masked": shown.masked,
        **{f"groups/{number}": group.rows for number, group in enumerate(shown.groups)},
    }
    if shown.path is not None:
        found |= {
            "path/anchors": shown.path.anchors,
            "path/rows": shown.path.rows,
            "path/line": shown.path.line,
        }
    return {name: array for name, array in found.items() if array is not None}


def _listed(value: int | tuple[float, ...] | None) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _plane_row(plane: Plane) -> dict[str, Any]:
    directions = [
        {"kind": d.kind, "numbers": list(d.numbers), "title": d.title, "start": list(d.start)}
        for d in plane.directions
    ]
    base = _listed(plane.base)
    return {"kind": plane.kind, "directions": directions, "base": base, "epoch": plane.epoch}


def _path_row(path: ShownPath) -> dict[str, Any]:
    return {
        "method": path.method,
        "steps": path.steps,
        "closed": path.is_closed,
        "compares": path.compares,
        "at": path.at,
        "active": path.active,
        "knots": list(path.knots),
    }


# ── reading ───────────────────────────────────────────────────────────────────────────────────


def from_content(row: Mapping[str, Any], arrays: Mapping[str, bytes], where: str) -> Shown:
    """What a session file shows.

    Args:
        row: Its JSON.
        arrays: The content of its `.npy` files.
        where: Its path, for messages.

    Raises:
        SessionError: If a field or an array is missing, of another kind, or out of its range.
    """
    fields = Fields(row, where, arrays)
    samples = fields.whole("samples", 0, MOST_SAMPLES)
    dimensions = fields.whole("latent_dim", 1, MOST_DIMENSIONS)
    time, on_map, window = (fields.inside(name) for name in ("time", "map", "window"))
    return Shown(
        samples=samples,
        latent_dim=dimensions,
        playhead=time.number("playhead", 0, MOST_EPOCHS),
        following=time.flag("following"),
        plane=_plane(on_map.inside("plane"), samples, dimensions),
        region=_region(on_map),
        one_scale=on_map.flag("one_scale"),
        colour=on_map.text("colour"),
        hidden=_hidden(on_map.inside("hidden")),
        tool=on_map.text("tool"),
        layers=on_map.texts("layers"),
        condition=_condition(fields),
        pin=_within(fields, "pin", (dimensions,)),
        selection=fields.rows("selection", samples),
        masked=fields.array("masked", np.bool_, (samples,)),
        path=_path(fields, samples, dimensions),
        groups=_groups(fields, samples),
        attributes=_attributes(fields),
        size=_size(window),
        docks=tuple(_dock(each) for each in window.each("docks", 100)),
    )


def _plane(fields: Fields, samples: int, dimensions: int) -> Plane:
    kind: PlaneKind = fields.one_of("kind", get_args(PlaneKind))
    epoch = fields.whole("epoch", -1, MOST_EPOCHS)
    found = tuple(_direction(each, samples, dimensions) for each in fields.each("directions", 2))
    if len(found) != (2 if kind == "axes" else 0):
        raise fields.wrong("directions", "must hold two for the plane 'axes', none for others")
    return Plane(kind, found, _base(fields, samples, dimensions), epoch)


def _base(fields: Fields, samples: int, dimensions: int) -> tuple[float, ...] | int | None:
    if isinstance(fields.get("base"), list):
        return _latent(fields, "base", dimensions)
    return fields.whole("base", 0, samples - 1) if fields.has("base") else None


def _direction(fields: Fields, samples: int, dimensions: int) -> Direction:
    kind = fields.one_of("kind", ("dimension", "principal", "samples", "pin"))
    most = dimensions if kind in ("dimension", "principal") else samples
    numbers = fields.wholes("numbers", 0, most - 1)
    if len(numbers) != (2 if kind == "samples" else 1):
        raise fields.wrong("numbers", f"does not fit the kind {kind!r}")
    start = fields.numbers("start", MOST_DIMENSIONS)
    if len(start) != (dimensions if kind == "pin" else 0):
        raise fields.wrong("start", f"does not fit the kind {kind!r}")
    return Direction(kind, numbers, fields.text("title"), start)


def _latent(fields: Fields, name: str, dimensions: int) -> tuple[float, ...]:
    found = fields.numbers(name, MOST_DIMENSIONS)
    if len(found) != dimensions:
        raise fields.wrong(name, f"must hold {dimensions} numbers")
    return found


def _region(fields: Fields) -> tuple[float, float, float, float] | None:
    if not fields.has("region"):
        return None
    region = fields.numbers("region", 4)
    if len(region) != 4 or not (region[0] < region[1] and region[2] < region[3]):
        raise fields.wrong("region", "must hold left, right, low and high in order")
    return region[0], region[1], region[2], region[3]


def _hidden(fields: Fields) -> tuple[tuple[str, tuple[int, ...]], ...]:
    high = LARGEST_LABEL
    return tuple((name, fields.wholes(name, -high, high)) for name in fields.names)


def _condition(fields: Fields) -> int | tuple[float, ...] | None:
    if isinstance(fields.get("condition"), list):
        return fields.numbers("condition")
    return fields.whole("condition", 0, MOST_SAMPLES) if fields.has("condition") else None


def _within(fields: Fields, name: str, shape: tuple[int | None, ...]) -> Any:
    """An array of latents; numbers that no map can show are refused."""
    found = fields.array(name, np.float32, shape)
    if found is not None and found.size and np.abs(found).max() > LARGEST_PLACE:
        raise fields.wrong(name, f"holds numbers beyond {LARGEST_PLACE:g}")
    return found


def _path(fields: Fields, samples: int, dimensions: int) -> ShownPath | None:
    if not fields.has("path"):
        return None
    own = fields.inside("path")
    anchors = _within(fields, "path/anchors", (None, dimensions))
    rows = fields.rows("path/rows", samples, ascending=False)
    if anchors is None or rows is None or len(anchors) != len(rows) or not 1 <= len(rows) <= 50:
        raise fields.wrong("path", "must have 1 to 50 anchors, each with its row")
    line, knots = _line(fields, own, len(anchors), dimensions)
    return ShownPath(
        anchors=anchors,
        rows=rows,
        line=line,
        knots=knots,
        is_closed=own.flag("closed"),
        method=own.text("method"),
        steps=own.whole("steps", 2, 64),
        compares=own.flag("compares"),
        at=own.number("at", 0, 1),
        active=own.whole("active", -1, len(anchors) - 1),
    )


def _line(
    fields: Fields, own: Fields, anchors: int, dimensions: int
) -> tuple[NDArray[np.float64] | None, tuple[int, ...]]:
    line = fields.array("path/line", np.float64, (None, dimensions))
    knots = own.wholes("knots", 0, 0 if line is None else len(line) - 1)
    if line is None and not knots:
        return None, ()
    if line is None or len(knots) != anchors or any(a > b for a, b in pairwise(knots)):
        raise own.wrong("knots", "must hold a row of the drawn line for every anchor, in order")
    if np.abs(line).max() > LARGEST_PLACE:
        raise own.wrong("line", f"holds numbers beyond {LARGEST_PLACE:g}")
    return line, knots


def _groups(fields: Fields, samples: int) -> tuple[ShownGroup, ...]:
    found = []
    for number, each in enumerate(fields.each("groups", MOST_GROUPS)):
        rows = fields.rows(f"groups/{number}", samples)
        if rows is None or not len(rows):
            raise each.wrong("", "has no samples")
        found.append(ShownGroup(each.text("name"), rows))
    if len({group.name for group in found}) < len(found):
        raise fields.wrong("groups", "has a name that stands twice")
    return tuple(found)


def _attributes(fields: Fields) -> tuple[tuple[str, str, str], ...]:
    listed = fields.each("attributes", MOST_GROUPS)
    return tuple((each.text("name"), each.text("from"), each.text("to")) for each in listed)


def _size(fields: Fields) -> tuple[int, int]:
    size = fields.wholes("size", 1, 2**16)
    if len(size) != 2:
        raise fields.wrong("size", "must hold width and height")
    return size[0], size[1]


def _dock(fields: Fields) -> ShownDock:
    return ShownDock(
        name=fields.text("name"),
        area=fields.one_of("area", get_args(DockArea)),
        row=fields.whole("row", 0, 1000),
        is_visible=fields.flag("is_visible"),
        is_front=fields.flag("is_front"),
        width=fields.whole("width", 0, 2**16),
        height=fields.whole("height", 0, 2**16),
    )
