"""Colours for signed differences and for errors, in the light and in the dark theme.

Both start from the theme's own neutral tone, so that "nothing" looks like nothing. Blue and orange
stay apart for colour-blind readers.
"""

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import ByteArray

Colour = tuple[int, int, int]

_NEUTRAL: dict[bool, Colour] = {False: (247, 247, 247), True: (26, 30, 35)}
_BELOW: dict[bool, Colour] = {False: (23, 84, 166), True: (108, 170, 255)}
_ABOVE: dict[bool, Colour] = {False: (196, 78, 10), True: (255, 158, 84)}
_ERROR: dict[bool, Colour] = {False: (92, 36, 138), True: (226, 180, 255)}


def diverging(values: NDArray[np.float32], limit: float, *, dark: bool) -> ByteArray:
    """Signed values as colours: -limit blue, 0 neutral, +limit orange.

    Args:
        values: Any shape; what lies outside ±limit takes the colour of the end.
        limit: Positive.
        dark: Whether the dark theme is on.

    Returns:
        uint8 of shape `values.shape` + (3,).
    """
    share = np.clip(np.nan_to_num(values / limit), -1.0, 1.0)[..., None]
    ends = np.where(share < 0, _array(_BELOW[dark]), _array(_ABOVE[dark]))
    return _blend(_array(_NEUTRAL[dark]), ends, np.abs(share))


def sequential(values: NDArray[np.float32], limit: float, *, dark: bool) -> ByteArray:
    """Values from 0 (neutral) to `limit` (full colour), uint8 of `values.shape` + (3,)."""
    share = np.clip(np.nan_to_num(values / limit), 0.0, 1.0)[..., None]
    return _blend(_array(_NEUTRAL[dark]), _array(_ERROR[dark]), share)


def _array(colour: Colour) -> NDArray[np.float32]:
    return np.array(colour, np.float32)


def _blend(
    start: NDArray[np.float32], end: NDArray[np.float32], share: NDArray[np.float32]
) -> ByteArray:
    return np.asarray(np.rint(start + (end - start) * share), np.uint8)
