"""What a film has to know of the window: colours of the map, its plane, the path, the condition."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz import colouring
from aeviz.gui import wording
from aeviz.gui.session import Session
from aeviz.plane import PCA

NO_RUN = "No run is shown."
NO_PATH = "There is no path on the map: draw one with the path tool."
OWN = "It is a model of your own, which the program that opened it can save."

RATE = 25
"""Decodes for every second of a path."""

MOST = 400
"""Decodes of a path at most."""

_MISSING = (150, 156, 165)


def why_not(session: Session, what: str) -> str:
    """Why there is no film of it, "" where there is: "film" of training, "path", "traversal"."""
    run = session.run
    if run is None or not session.epochs:
        return NO_RUN
    if what != "film" and wording.is_own(run):
        return OWN
    if what == "path" and session.walk.even(session.route.method) is None:
        return NO_PATH
    return ""


def options_of(
    session: Session, what: str, seconds: float, hidden: frozenset[int] = frozenset()
) -> dict[str, Any]:
    """What the writer of a film takes beside its run, without how it is cut.

    Args:
        session: With the run.
        what: As in `why_not`.
        seconds: How long it plays.
        hidden: Groups of the map that the legend hides.
    """
    if what == "film":
        plane = session.planes.shown
        look = look_of(session, hidden)
        return {"look": look} if plane == PCA else {"look": look, "plane": plane}
    told = {"condition": told_of(session)}
    if what == "path":
        return {"z": latents_along(session, seconds), **told}
    return {"at": session.pin, "sample": base_sample(session), **told}


def look_of(session: Session, hidden: frozenset[int]) -> dict[str, Any]:
    """Colours and legend of the map; which samples are shown, None for all."""
    run = session.run
    assert run is not None
    found = colouring.colouring_of(run, session.colour)
    is_hidden = np.array([group.key in hidden for group in found.groups], bool)
    shown = session.is_shown & ~is_hidden[found.codes]
    tones = [_tone(group) for group in found.groups]
    said = [(group.name, _tone(group)) for group in found.said if group.key not in hidden]
    return {
        "codes": found.codes,
        "colours": np.array(tones, np.uint8).reshape(-1, 3),
        "legend": said if len(found.groups) > 1 else [],
        "rows": None if shown.all() or not shown.any() else np.flatnonzero(shown),
    }


def _tone(group: colouring.Group) -> tuple[int, int, int]:
    if group.colour is None:
        return _MISSING
    red, green, blue = group.colour.tolist()
    return red, green, blue


def told_of(session: Session) -> Any:
    """The condition as a run outside the window knows it: a sample by its number."""
    run, told = session.run, session.condition
    about = None if run is None else run.conditions
    if run is not None and about is not None and about.kind == "sample" and isinstance(told, int):
        return int(run.index[told])
    return told


def base_sample(session: Session) -> int | None:
    """The number of the first selected sample; None without any, or where a latent is pinned."""
    run, chosen = session.run, session.selection
    if run is None or session.pin is not None or not chosen.size:
        return None
    return int(run.index[chosen[0]])


def latents_along(session: Session, seconds: float) -> NDArray[np.float32]:
    """The chosen path in even steps, (T, D)."""
    even = session.walk.even(session.route.method)
    assert even is not None
    count = int(min(MOST, max(2, round(RATE * seconds))))
    places = np.linspace(0, len(even) - 1, count)
    rows = np.arange(len(even))
    along = [np.interp(places, rows, column) for column in np.asarray(even).T]
    return np.asarray(along, np.float32).T
