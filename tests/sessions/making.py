"""A session that shows a little of everything."""

from pathlib import Path
from typing import Any

import numpy as np

from aeviz.plane import Direction, Plane, dimension
from aeviz.sessions.file import SessionFile
from aeviz.sessions.link import Link
from aeviz.shown import Shown, ShownDock, ShownGroup, ShownPath

SAMPLES, DIMENSIONS = 12, 3


def make_path(**changed: Any) -> ShownPath:
    given: dict[str, Any] = {
        "anchors": np.arange(6, dtype=np.float32).reshape(2, 3),
        "rows": np.array([-1, 4]),
        "line": np.linspace(0, 1, 21).reshape(7, 3),
        "knots": (0, 6),
        "is_closed": True,
        "method": "freehand",
        "steps": 9,
        "compares": True,
        "at": 0.25,
        "active": 1,
    }
    return ShownPath(**{**given, **changed})


def make_shown(**changed: Any) -> Shown:
    pin = Direction("pin", (3,), "pin → 3", (0.5, -1.0, 2.0))
    given: dict[str, Any] = {
        "samples": SAMPLES,
        "latent_dim": DIMENSIONS,
        "playhead": 1.5,
        "following": True,
        "plane": Plane("axes", (dimension(2), pin), (0.0, 1.0, -3.5), 1),
        "region": (-1.0, 2.0, -0.5, 0.75),
        "one_scale": False,
        "colour": "part",
        "hidden": (("label", (0, 2)), ("part", (1,))),
        "tool": "path",
        "layers": ("histogram", "ellipses"),
        "condition": (0.5, 1.25),
        "pin": np.array([0.1, -0.2, 0.3], np.float32),
        "selection": np.array([1, 5, 11]),
        "masked": np.arange(SAMPLES) % 4 == 0,
        "path": make_path(),
        "groups": (ShownGroup("left", np.array([0, 3])), ShownGroup("größer", np.array([7]))),
        "attributes": (("wider", "group:left", "label:1"),),
        "size": (1600, 1000),
        "docks": (
            ShownDock("training", "left", 0, True, True, 320, 600),
            ShownDock("log", "bottom", 0, False, False, 0, 0),
        ),
    }
    return Shown(**{**given, **changed})


def make_session(**changed: Any) -> SessionFile:
    return SessionFile(Link("relative", "runs/first", "0" * 64, 1, "1" * 64), make_shown(**changed))


def number_of(path: Path) -> int:
    """The number that `numbered` put into a session file, once all of it is found to belong."""
    from aeviz.sessions.file import read
    from aeviz.shown import is_same

    shown = read(path).shown
    assert is_same(shown, numbered(shown.samples - SAMPLES))
    return shown.samples - SAMPLES


def numbered(number: int) -> Shown:
    """A session that is told from others by all that is in it."""
    rows = np.arange(number % 7 + 1)
    return make_shown(
        samples=SAMPLES + number,
        selection=rows,
        masked=np.arange(SAMPLES + number) % 2 == 0,
        region=(-1.0 - number, 1.0, 0.0, 1.0 + number),
    )
