"""Latents, shares and names of labels as a person reads them."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.colouring import label_name as label_name
from aeviz.colouring import part_name as part_name
from aeviz.gui.numbers import count
from aeviz.messages import RunOpened

NO_BREAK = "\u00a0"
MISSING = "–"


def decimals(span: float) -> int:
    """How many decimals tell places apart on a map of that width, 0 to 8.

    Example:
        >>> decimals(8.0), decimals(0.03), decimals(900.0)
        (2, 4, 0)
    """
    if not math.isfinite(span) or span <= 0:
        return 2
    return min(max(2 - math.floor(math.log10(span / 2)), 0), 8)


def coordinate(value: float, places: int = 2) -> str:
    """A coordinate with fixed decimals, so that the text does not jump while the mouse moves.

    Example:
        >>> coordinate(-1.304), coordinate(-0.001)
        ('−1.30', '0.00')
    """
    text = f"{value:.{places}f}" if math.isfinite(value) else MISSING
    return text.removeprefix("-") if not text.strip("-0.") else text.replace("-", "−")


def latent(z: Iterable[float], places: int = 2, most: int = 4) -> str:
    """A latent of shape (D,) as text; beyond `most` dimensions the rest is counted.

    Example:
        >>> latent([0.5, -1.25])
        '(0.50, −1.25)'
        >>> latent([0, 1, 2, 3, 4, 5], places=0)
        '(0, 1, 2, 3, … 6 dimensions)'
    """
    values = list(z)
    shown = [coordinate(value, places) for value in values[:most]]
    if len(values) > most:
        shown.append(f"… {len(values)} dimensions")
    return f"({', '.join(shown)})"


def share(fraction: float) -> str:
    r"""A share in [0, 1] as a percentage.

    Example:
        >>> share(0.031), share(0.0004), share(0.2513)
        ('3.1\xa0%', 'under 0.1\xa0%', '25\xa0%')
    """
    percent = 100 * fraction
    if percent == 0:
        return f"0{NO_BREAK}%"
    if 0 < percent < 0.1:
        return f"under 0.1{NO_BREAK}%"
    return f"{percent:.0f}{NO_BREAK}%" if percent >= 10 else f"{percent:.1f}{NO_BREAK}%"


def signed_share(fraction: float) -> str:
    r"""A signed share as a percentage.

    Example:
        >>> signed_share(-0.031), signed_share(0.25)
        ('−3.1\xa0%', '+25\xa0%')
    """
    sign = "−" if fraction < 0 else "+"
    return f"{sign}{share(abs(fraction))}"


def several(value: int, one: str, many: str = "") -> str:
    """A count with its noun.

    Example:
        >>> several(1, "class", "classes"), several(1797, "sample")
        ('1 class', '1,797 samples')
    """
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def nice_ceiling(value: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below a positive value.

    A scale that ends there stays the same while the values under it change a little.

    Example:
        >>> nice_ceiling(0.42), nice_ceiling(2.0), nice_ceiling(0.0)
        (0.5, 2.0, 1.0)
    """
    if not math.isfinite(value) or value <= 0:
        return 1.0
    power = math.floor(math.log10(value))
    for factor in (1.0, 2.0, 5.0):
        ceiling = float(f"{factor:.0f}e{power}")
        # 0.2 as a float32 is a little more than 0.2
        if value <= ceiling * (1 + 1e-6):
            return ceiling
    return float(f"1e{power + 1}")


def error_unit(settings: Mapping[str, Any], *, is_image: bool) -> str:
    """What a mean squared error in the model's scale is the mean over.

    Example:
        >>> error_unit({"data": {"name": "patches", "whiten": True}}, is_image=True)
        'whitened pixel'
    """
    if not is_image:
        return "feature, standardised"
    data = settings.get("data", {})
    if "whiten" not in data:
        return "pixel, black 0 and white 1"
    return "whitened pixel" if data["whiten"] else "pixel in units of contrast"


def largest(values: NDArray[np.float32]) -> float:
    """The largest finite magnitude, 0 where there is none."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def is_own(run: RunOpened) -> bool:
    """Whether the model is a program's own encoder and decoder, which cannot be trained here."""
    model = run.settings.get("model")
    return isinstance(model, Mapping) and model.get("name") == "own"
