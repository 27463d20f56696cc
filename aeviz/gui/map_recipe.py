"""How the map and the losses are made again in Python."""

from typing import Any

import numpy as np

from aeviz.gui import recipes
from aeviz.gui.drawn import drawn_of
from aeviz.gui.latent_view import LatentView
from aeviz.gui.loss_plot import LossPlot
from aeviz.gui.put import put_of
from aeviz.gui.session import Session
from aeviz.gui.sweep import sweep_call, sweep_of
from aeviz.script import Call, Name, Recipe, assigned

LAYERS = {
    "density.histogram": "histogram",
    "density.prior": "prior",
    "density.posterior": "posterior",
    "density.gmm": "gmm",
    "density.flow": "flow",
    "stretch": "stretch",
    "unlikely": "unlikely",
    "ellipses.all": "ellipses",
    "ellipses.some": "ellipses of selected",
}
"""What `Run.map_picture` calls the layers of the map."""

SMOOTH = 200
"""Places along a path that is drawn on the map."""

NO_WEIGHTS = "The weights of this epoch are not kept: layers and paths are left out."
PUT_IN = "The sample that was put in is left out."


def map_recipe(view: LatentView) -> Recipe | None:
    """The map as it is shown now; None where it shows nothing."""
    session = view.session
    if session.run is None or not session.epochs:
        return None
    decodes = recipes.decoding_epoch(session) == session.epoch and session.run.decodes
    lines: list[str] = []
    named = {**_points(view), **_place(view)}
    if decodes:
        named |= _layers(session) | _over(session, lines)
    named["pin"] = session.pin
    has_more = bool(session.layers.shown & {*LAYERS, "grid", "draws"}) or session.route.is_path
    notes = [NO_WEIGHTS] if has_more and not decodes else []
    if put_of(session).z is not None:
        notes.append(PUT_IN)
    lines.append(assigned("picture", Call("run.map_picture", [session.epoch], named)))
    return Recipe("map", lines, notes)


def _points(view: LatentView) -> dict[str, Any]:
    """Which samples are drawn, and how."""
    session = view.session
    masked, selection = session.masked, session.selection
    named: dict[str, Any] = {
        "plane": recipes.shown_plane(session),
        "colour": None if session.colour == "label" else session.colour,
        "hidden": sorted(view.hidden) or None,
        "selected": recipes.numbers_of(session, selection) if selection.size else None,
    }
    if masked is not None:
        shown = np.flatnonzero(~masked)
        is_few = len(shown) < int(masked.sum())
        rows = shown if is_few else np.flatnonzero(masked)
        named["only" if is_few else "without"] = recipes.numbers_of(session, rows)
    return named


def _place(view: LatentView) -> dict[str, Any]:
    """Which part of the map is seen, in how many pixels."""
    box = view.plot.box
    (left, right), (low, high) = box.viewRange()
    # Seven digits are finer than a pixel of any screen, and can be read.
    region = tuple(float(f"{end:.7g}") for end in (left, right, low, high))
    size = (max(round(box.width()), 1), max(round(box.height()), 1))
    return {"region": region, "size": size}


def _layers(session: Session) -> dict[str, Any]:
    """The layers that have a name."""
    shown = [LAYERS[name] for name in sorted(session.layers.shown) if name in LAYERS]
    if not session.selection.size and LAYERS["ellipses.some"] in shown:
        shown.remove(LAYERS["ellipses.some"])
    condition = recipes.told(session) if "stretch" in shown else None
    return {"layers": shown or None, "condition": condition}


def _over(session: Session, lines: list[str]) -> dict[str, Any]:
    """What is computed first: decodes under the points, paths and draws over them."""
    named: dict[str, Any] = {}
    cells, drawn = sweep_of(session).cells, drawn_of(session)
    if "grid" in session.layers.shown and cells is not None:
        lines.append(assigned("sweep", sweep_call(session, cells)))
        named["sweep"] = Name("sweep")
    if session.route.is_path:
        lines += recipes.path_lines(session)
        calls = [
            recipes.path_call(session, method, SMOOTH, measured=False)
            for method in _drawn_methods(session)
        ]
        lines.append(assigned("paths", calls))
        named["paths"] = Name("[path.z for path in paths]")
        named["anchors"] = Call("run.latents_of", [Name("anchors"), session.epoch])
    if "draws" in session.layers.shown and drawn.draws is not None:
        lines += recipes.draw_lines(drawn.draws)
        named["draws"] = Name("z")
    return named


def _drawn_methods(session: Session) -> list[str]:
    """The methods that have a curve, the chosen one first."""
    route, walk = session.route, session.walk
    wanted = [route.method, *(name for name in route.wanted if name != route.method)]
    return [name for name in wanted if walk.curve(name) is not None]


def loss_recipe(plot: LossPlot) -> Recipe | None:
    """The losses as they are shown now; None where there are none."""
    if not plot.curve_names:
        return None
    log = True if plot.is_log else None
    call = Call("run.loss_picture", [plot.quantity], {"log": log})
    lines = [
        assigned("picture", call),
        "for name, values in run.metrics.items():",
        '    print(f"{name}: {values[-1]:.6g}")',
    ]
    return Recipe("losses", lines)
