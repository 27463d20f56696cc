"""Values over the map as colours: bands of a log density, a ramp of one hue. numpy only."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from aeviz.palettes import rgb

FloatArray = NDArray[np.float32]

SPAN = 9
"""Bands of one nat below the highest: e⁻⁹ of the highest density is shown as nothing."""

DARKEST = 0.62
"""Share of the accent in the highest band."""

PALE = 0.42
"""The same where points lie over it, which have to stand out from it."""

OF_IMAGES, OF_PROFILES = 0.7, 0.4
"""Opacities of decodes under the points of a map, which are read first."""

FINE = 4
"""How many times finer than the density its picture is, so that lines are thin."""

_LINE = 0.2  # how much more of the accent is on a line than in the band above it

STEPS = 256
"""Colours of a ramp."""

_ENDS = {False: (172, 128, 198), True: (122, 86, 148)}
"""The highest value's colour; pale, since points have to stand out from it."""
# OKLab (Ottosson, 2020, https://bottosson.github.io/posts/oklab/): linear sRGB to cone responses,
# and their cube roots to lightness and two opponent axes.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)


def bands_of(density: FloatArray, top: float) -> NDArray[np.int16]:
    """Which band of one nat each value lies in: `SPAN` is the highest, 0 below all of them."""
    place = np.nan_to_num(density - top, nan=-np.inf, neginf=-1e9) + SPAN
    return np.asarray(np.clip(np.ceil(place), 0, SPAN), np.int16)


def finer(density: FloatArray) -> FloatArray:
    """The same (rows, columns) by linear interpolation, four times as many along each side."""
    made = np.maximum(np.nan_to_num(density, nan=-1e9), -1e9).astype(np.float32)
    for axis in (0, 1):
        count = made.shape[axis]
        place = np.linspace(0, count - 1, FINE * count, dtype=np.float32)
        low = np.minimum(place.astype(np.int64), count - 2)
        share = (place - low).reshape((-1, 1) if axis == 0 else (1, -1))
        below, above = np.take(made, low, axis), np.take(made, low + 1, axis)
        made = below + share * (above - below)
    return made


def edges_of(bands: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Where the next place to the right or below is in another band."""
    edges = np.zeros(bands.shape, bool)
    edges[:-1] |= bands[:-1] != bands[1:]
    edges[:, :-1] |= bands[:, :-1] != bands[:, 1:]
    return edges


def band_colours(ground: str, accent: str, darkest: float = DARKEST) -> NDArray[np.uint8]:
    """Colours of the bands from none to the highest, then those of the lines above each band.

    Args:
        ground: Where nothing is, "#rrggbb".
        accent: What is mixed into it.
        darkest: Share of the accent in the highest band.

    Returns:
        uint8 (2 · (SPAN + 1), 3).
    """
    below, above = (np.array(rgb(name), np.float64) for name in (ground, accent))
    places = (np.arange(SPAN + 1) / SPAN) ** 1.3 * darkest
    shares = np.concatenate([places, places + _LINE])[:, np.newaxis]
    return np.asarray(np.rint(shares * above + (1 - shares) * below), np.uint8)


@cache
def ramp(ground: str, *, is_dark: bool) -> NDArray[np.uint8]:
    """Colours from the lowest to the highest value: from the ground into one hue, uint8 (STEPS, 3).

    Steps are equal in OKLab, so equal differences of values look equally large.
    """
    ends = np.array([rgb(ground), _ENDS[is_dark]]) / 255
    linear = np.where(ends <= 0.04045, ends / 12.92, ((ends + 0.055) / 1.055) ** 2.4)
    # Between two colours, equal steps of the roots are equal steps of OKLab: it is linear in them.
    low, high = np.cbrt(linear @ _TO_CONES.T)
    roots = low + np.linspace(0, 1, STEPS)[:, np.newaxis] * (high - low)
    linear = np.clip(roots**3 @ np.linalg.inv(_TO_CONES).T, 0, 1)
    shares = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(shares * 255), np.uint8)
