"""Options that several data sets share, and how a loader reads one."""

from collections.abc import Mapping
from typing import Any

from aeviz.catalogue import Option
from aeviz.data.dataset import DataError

BINARISE = Option(
    name="binarise",
    title="Binarise",
    description="Black or white pixels for training: drawn once, or anew in every epoch",
    kind="choice",
    default="no",
    choices=("no", "fixed", "dynamic"),
)
"""Of image data sets; the training does it, the data set itself keeps its bytes."""

DOWNLOAD = Option(
    name="download",
    title="Download",
    description="Fetch the files with torchvision when they are not on this computer",
    kind="bool",
    default=False,
    advanced=True,
)
"""Of data sets with files; who trains calls the entry's `download` first, a loader never does."""

SEED = Option(
    name="seed",
    title="Data seed",
    description="Seed of the points; the same seed draws the same points",
    kind="int",
    default=0,
    low=0,
    high=2**32 - 1,
    advanced=True,
)
"""Of data sets that are drawn. They draw with numpy's legacy generator `RandomState`, whose numbers
numpy promises never to change: a stored run finds its data again."""


def number(options: Mapping[str, Any], option: Option) -> float:
    """The value of a numeric option, or its default.

    Raises:
        DataError: If it is no number, not whole where it has to be, or out of its range.
    """
    value = options.get(option.name, option.default)
    allowed = (int,) if option.kind == "int" else (int, float)
    low = float("-inf") if option.low is None else option.low
    high = float("inf") if option.high is None else option.high
    if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
        what = "a whole number" if option.kind == "int" else "a number"
        span = f"from {low:,.10g} to {high:,.10g}"
        raise DataError(f"data.{option.name} must be {what} {span}, got {value!r}")
    return value


def choice(options: Mapping[str, Any], option: Option) -> str:
    """The word that an option of choices has, or its default.

    Raises:
        DataError: If it is none of them.
    """
    value = options.get(option.name, option.default)
    if value not in option.choices:
        words = ", ".join(option.choices[:-1]) + f" or {option.choices[-1]}"
        raise DataError(f"data.{option.name} must be {words}, got {value!r}")
    return str(value)
