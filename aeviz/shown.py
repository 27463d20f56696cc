"""What a window shows, as plain values and arrays: what a session file holds, and nothing of Qt."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from aeviz.plane import PCA, Plane

Region = tuple[float, float, float, float]
DockArea = Literal["left", "right", "bottom", "top", "floating"]


@dataclass(frozen=True, eq=False)
class ShownPath:
    """A path on the map.

    Attributes:
        anchors: Latents that it goes through, float32 (A, D).
        rows: The sample of every anchor, -1 for a place, int64 (A,).
        line: What was drawn, float64 (L, D), with the anchors at `knots`; None where nothing was.
        knots: Rows of `line`, ascending, one for every anchor; empty without a line.
        is_closed: Whether it comes back to its first anchor.
        method: How it goes from anchor to anchor.
        steps: How many decodes lie along it.
        compares: Whether every method is shown.
        at: The shown place, from 0 to 1.
        active: The anchor that keys move, -1 for none.
    """

    anchors: NDArray[np.float32]
    rows: NDArray[np.int64]
    line: NDArray[np.float64] | None
    knots: tuple[int, ...]
    is_closed: bool
    method: str
    steps: int
    compares: bool
    at: float
    active: int


@dataclass(frozen=True, eq=False)
class ShownGroup:
    """Samples with a name: their rows, int64 (K,), ascending."""

    name: str
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class ShownDock:
    """Where a panel is.

    Attributes:
        name: Of the panel.
        area: The side of the window.
        row: Panels of one side with one number share tabs.
        is_visible: Whether it is open.
        is_front: Whether it is the tab that is seen.
        width: Its width in points.
        height: Its height in points.
    """

    name: str
    area: DockArea
    row: int
    is_visible: bool
    is_front: bool
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Shown:
    """Everything that is on screen of a run of N samples and D latent dimensions.

    Attributes:
        samples: N.
        latent_dim: D.
        playhead: The shown time, in epochs.
        following: Whether the playhead goes along with the training.
        plane: What the map shows of more than two dimensions.
        region: Left, right, low and high end of the map; None where it follows the points.
        one_scale: Whether both axes of the map have one scale.
        colour: What the map is coloured by.
        hidden: The keys that the legend hides, by what the map is coloured by.
        tool: Which tool the mouse is.
        layers: Names of the layers that are shown.
        condition: What a conditional model is told.
        pin: The pinned latent, float32 (D,).
        selection: Rows of the selected samples, int64 (K,), ascending.
        masked: Which samples are hidden one by one, bool (N,); None for none.
        path: The path on the map; None without one.
        groups: Samples that were named.
        attributes: Directions between them: name, start, end.
        size: Width and height of the window in points.
        docks: Its panels, side by side and from top to bottom.
    """

    samples: int
    latent_dim: int
    playhead: float = 0.0
    following: bool = False
    plane: Plane = PCA
    region: Region | None = None
    one_scale: bool = True
    colour: str = "label"
    hidden: tuple[tuple[str, tuple[int, ...]], ...] = ()
    tool: str = "inspect"
    layers: tuple[str, ...] = ()
    condition: int | tuple[float, ...] | None = None
    pin: NDArray[np.float32] | None = None
    selection: NDArray[np.int64] | None = None
    masked: NDArray[np.bool_] | None = None
    path: ShownPath | None = None
    groups: tuple[ShownGroup, ...] = ()
    attributes: tuple[tuple[str, str, str], ...] = ()
    size: tuple[int, int] = (1280, 800)
    docks: tuple[ShownDock, ...] = ()


LAYOUT = ("size", "docks")
"""Fields that say how the window lies, not what is looked at."""


def is_same(one: Any, other: Any, leaving_out: tuple[str, ...] = ()) -> bool:
    """Whether two of these, or two of their values, say the same.

    Args:
        one: What was shown, or a part of it.
        other: The same at another time.
        leaving_out: Fields that do not count.
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(is_same(a, b) for a, b in pairs)
    if is_dataclass(one):
        names = [each.name for each in fields(one) if each.name not in leaving_out]
        return all(is_same(getattr(one, name), getattr(other, name)) for name in names)
    return bool(one == other)
