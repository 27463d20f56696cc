"""The options of a folder of pictures, reached as `--set data.NAME=VALUE`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aeviz.catalogue import Option
from aeviz.data.dataset import DataError
from aeviz.data.options import choice

LEAST_SIDE, MOST_SIDE = 4, 4096
"""Pixels along a side of a sample."""

SIZE = Option(
    name="size",
    title="Size",
    description="Pixels that pictures of other sizes are brought to: one number, or WIDTHxHEIGHT; "
    "empty for the most common size, or 64 where that is larger than 128",
    kind="text",
    default="",
)
FIT = Option(
    name="fit",
    title="Fit",
    description="What is done with pictures of another shape: cut their edges off, put bars beside "
    "them, or stretch them",
    kind="choice",
    default="crop",
    choices=("crop", "pad", "stretch"),
)
COLOUR = Option(
    name="colour",
    title="Colour",
    description="Whether samples are grey or in colour; auto where any of the pictures looked at "
    "has colour",
    kind="choice",
    default="auto",
    choices=("auto", "grey", "colour"),
)
BACKGROUND = Option(
    name="background",
    title="Background",
    description="What stands behind transparent pictures and in the bars beside padded ones",
    kind="choice",
    default="black",
    choices=("black", "white"),
    advanced=True,
)
OPTIONS = (SIZE, FIT, COLOUR, BACKGROUND)


@dataclass(frozen=True)
class Wishes:
    """The options of a folder of pictures, checked.

    Attributes:
        size: (width, height), or None to choose it by the pictures.
        fit: "crop", "pad" or "stretch".
        colour: "auto", "grey" or "colour".
        background: "black" or "white".
    """

    size: tuple[int, int] | None = None
    fit: str = "crop"
    colour: str = "auto"
    background: str = "black"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Wishes":
        """The wishes in options; what is no option of pictures is left out.

        Raises:
            DataError: If a value is none of an option's words, or no size.
        """
        return cls(
            _size(options.get(SIZE.name, SIZE.default)),
            choice(options, FIT),
            choice(options, COLOUR),
            choice(options, BACKGROUND),
        )


def _size(value: Any) -> tuple[int, int] | None:
    text = str(value).strip()
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,5})(?:\s*[x×]\s*(\d{1,5}))?", text)
    sides = [int(side) for side in found.groups() if side] if found else [0]
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in sides):
        raise DataError(
            f"data.size={text}: it should be a number of pixels from {LEAST_SIDE} to "
            f"{MOST_SIDE:,}, or two as WIDTHxHEIGHT"
        )
    return sides[0], sides[-1]
