"""How what is on screen is made again in Python: the pieces that several views need."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from aeviz.gui.drawn import Draws
from aeviz.gui.route import Anchor
from aeviz.gui.session import Session
from aeviz.plane import PCA, Plane
from aeviz.script import Call, Name, assigned


def decoding_epoch(session: Session) -> int:
    """The epoch whose weights decode: the shown one, or where they were thinned the nearest."""
    kept = [done.epoch for done in session.epochs if done.has_weights]
    return min(kept, key=lambda epoch: abs(epoch - session.epoch), default=session.epoch)


def told(session: Session) -> Any:
    """What a conditional model is told, as `Run.decode` takes it; None of the others."""
    run = session.run
    if run is None or run.conditions is None or session.condition is None:
        return None
    if run.conditions.kind == "sample" and isinstance(session.condition, int):
        return int(run.index[session.condition])
    return session.condition


def shown_plane(session: Session) -> Plane | None:
    """The plane that the map shows; None for its own."""
    return None if session.planes.shown == PCA else session.planes.shown


def numbers_of(session: Session, rows: Iterable[int]) -> Any:
    """Numbers of samples in their data set by their rows, int64 (K,)."""
    index = np.empty(0, np.int64) if session.run is None else session.run.index
    return index[np.asarray(list(rows), np.int64)]


def path_lines(session: Session) -> list[str]:
    """Statements that make `anchors`, and what a drawn path needs."""
    route = session.route
    lines = [assigned("anchors", [_place(session, anchor) for anchor in route.anchors])]
    if route.line is not None and "freehand" in route.wanted:
        lines.append(assigned("drawn", route.line))
    return lines


def _place(session: Session, anchor: Anchor) -> Any:
    """An anchor as `Run.along` takes it: a sample by its number, or a latent."""
    if anchor.row >= 0 and session.run is not None:
        return int(session.run.index[anchor.row])
    return anchor.z


def path_call(session: Session, method: Any, steps: int, *, measured: bool = True) -> Call:
    """The call that goes along the route; `path_lines` stand before it."""
    route = session.route
    is_each = isinstance(method, Name)
    is_drawn = method == "freehand" or (is_each and "freehand" in route.wanted)
    named = {
        "method": None if method == "straight" else method,
        "closed": True if route.is_closed else None,
        "drawn": Name("drawn") if is_drawn else None,
        "knots": route.knots if is_drawn else None,
        "condition": told(session),
        "measured": None if measured else False,
    }
    return Call("run.along", [Name("anchors"), steps, decoding_epoch(session)], named)


def draw_lines(draws: Draws) -> list[str]:
    """Statements that draw the same latents again, as `z`."""
    named = {
        "using": None if draws.using == "prior" else draws.using,
        "sample": draws.sample,
        "seed": draws.seed,
    }
    lines = [assigned("z", Call("run.draw", [draws.count, draws.epoch], named))]
    if draws.sample is not None:
        mean = Call("run.latents_of", [[draws.sample], draws.epoch])
        lines.append(assigned("z", Call("np.concatenate", [[mean, Name("z")]])))
    return lines
