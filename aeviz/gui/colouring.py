"""What the points of the map are coloured by: their labels, their part, or their condition."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeviz import raster
from aeviz.gui import theme, wording
from aeviz.gui.label_colours import label_count
from aeviz.messages import RunOpened

MISSING = -1
"""The key of the samples without a label."""


@dataclass(frozen=True, eq=False)
class Group:
    """One row of the legend.

    Attributes:
        key: The label or the part; `MISSING` for samples without a label.
        name: What a person reads.
        colour: uint8 (3,); None for the grey of missing labels.
        count: How many samples it has.
    """

    key: int
    name: str
    colour: NDArray[np.uint8] | None
    count: int


@dataclass(frozen=True, eq=False)
class Colouring:
    """Which group every sample is in.

    Attributes:
        codes: Index into `groups` of every sample, uint16 (N,).
        groups: In the order of the legend.
    """

    codes: NDArray[np.uint16]
    groups: tuple[Group, ...]

    def palette(self, colours: theme.Tokens, hidden: frozenset[int]) -> raster.Pixels:
        """A pixel for every group, 0 for the hidden ones."""
        missing = np.array(list(bytes.fromhex(colours.missing[1:])), np.uint8)
        each = [missing if group.colour is None else group.colour for group in self.groups]
        pixels = raster.to_palette(np.array(each, np.uint8).reshape(-1, 3))
        pixels[[group.key in hidden for group in self.groups]] = 0
        return pixels


def by_label(run: RunOpened) -> Colouring:
    """Colours by label; one colour for all where the run has no labels."""
    if run.labels is None:
        return _one_colour(len(run.index))
    return _by_choice(run.labels, label_count(run), run.class_names)


def by_condition(run: RunOpened) -> Colouring:
    """Colours by what a conditional model was told, where that is a choice; else one colour."""
    if run.told is None or run.conditions is None or run.conditions.kind != "choice":
        return _one_colour(len(run.index))
    return _by_choice(run.told, len(run.conditions.names), run.conditions.names)


def _by_choice(values: NDArray[np.int64], count: int, names: tuple[str, ...]) -> Colouring:
    """Colours by numbers (N,) from 0 to `count` − 1; negative ones are missing."""
    # Colours repeat long before there are so many; one code is for samples that are hidden.
    labels = min(count, raster.MOST_CODES - 2)
    codes = np.where(values < 0, labels, np.minimum(values, labels - 1))
    counts = np.bincount(codes, minlength=labels + 1)
    table = theme.label_colours(labels)
    groups = [
        Group(label, wording.label_name(label, names), table[label], int(counts[label]))
        for label in range(labels)
    ]
    if counts[labels]:
        name = wording.label_name(MISSING, names)
        groups.append(Group(MISSING, name, None, int(counts[labels])))
    return Colouring(codes.astype(np.uint16), tuple(groups))


def by_part(run: RunOpened) -> Colouring:
    """Colours by part: training and validation."""
    codes = np.minimum(run.parts, 1).astype(np.uint16)
    table, counts = theme.label_colours(2), np.bincount(codes, minlength=2)
    groups = (
        Group(part, wording.part_name(part), table[part], int(counts[part])) for part in (0, 1)
    )
    return Colouring(codes, tuple(groups))


def _one_colour(count: int) -> Colouring:
    return Colouring(
        np.zeros(count, np.uint16), (Group(0, "samples", theme.label_colours(1)[0], count),)
    )


BY = {"label": by_label, "part": by_part, "condition": by_condition}
"""The colourings by their names."""
