"""What the samples of a folder of pictures shall be, chosen by what some of its pictures are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aeviz.data.pictures.decoding import WHITES, Look, Plan
from aeviz.data.pictures.options import LEAST_SIDE, Wishes

HEADERS = 2_000
"""Pictures at most whose sizes are looked at, evenly spread."""

PIXELS = 64
"""Of these, pictures at most whose colours and levels are looked at."""

LARGEST_COMMON, OTHERWISE = 128, 64
"""Up to this side the most common size is kept; larger pictures are brought to the other."""


@dataclass
class Looks:
    """What was seen of some pictures.

    Attributes:
        seen: Of those that could be read.
        deep: Rows of those whose pixels are looked at too.
    """

    seen: list[Look] = field(default_factory=list)
    deep: frozenset[int] = frozenset()

    def add(self, answer: Mapping[str, Any]) -> None:
        """Take what a process has answered about a picture."""
        if "look" in answer:
            self.seen.append(Look(**answer["look"]))


def spread(count: int, most: int) -> list[int]:
    """At most `most` of the first `count` numbers, evenly spread."""
    if count <= most:
        return list(range(count))
    return [int(number) for number in np.linspace(0, count - 1, most).round()]


def choose(looks: Looks, wishes: Wishes) -> tuple[Plan, Sequence[str]]:
    """The plan for every picture, and what a person should know of it.

    At least one picture has been looked at.
    """
    sizes = Counter((look.width, look.height) for look in looks.seen)
    common, often = sizes.most_common(1)[0]
    width, height = wishes.size or _suitable(common)
    is_colour = wishes.colour == "colour" or (
        wishes.colour == "auto" and any(look.is_colour for look in looks.seen)
    )
    highest = max(look.highest for look in looks.seen)
    white = next((level for level in WHITES if level >= highest), WHITES[-1])
    plan = Plan(
        width,
        height,
        3 if is_colour else 1,
        wishes.fit,
        wishes.background,
        white if highest else WHITES[-1],
    )
    remarks = []
    if len(sizes) > 1:
        share = often / len(looks.seen)
        remarks.append(
            f"its pictures have different sizes, {common[0]} × {common[1]} most often "
            f"({share:.0%} of {len(looks.seen):,} looked at)"
        )
    return plan, remarks


def _suitable(common: tuple[int, int]) -> tuple[int, int]:
    if max(common) > LARGEST_COMMON:
        return OTHERWISE, OTHERWISE
    return max(common[0], LEAST_SIDE), max(common[1], LEAST_SIDE)
