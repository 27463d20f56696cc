"""What the points are coloured by: label, part, condition, or what else is known of them."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aeviz import raster
from aeviz.messages import ByteArray, Conditions, IntArray, Known
from aeviz.numbers import measure
from aeviz.palettes import Tokens, label_colours, scale_colours

MISSING = -1
"""The key of the samples without a label."""

KNOWN = "known:"
"""How the name of a colouring by something that is known begins."""

SHADES = 64
"""Colours of a scale of numbers."""

_TAIL = 0.01
_SAID = 5


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


@dataclass(frozen=True)
class Scale:
    """Numbers as colours.

    Attributes:
        low: The number of the first colour; smaller ones have it too.
        high: That of the last one; larger ones have it too.
        unit: Of both, or "".
        is_below: Whether there are smaller ones.
        is_above: Whether there are larger ones.
    """

    low: float
    high: float
    unit: str = ""
    is_below: bool = False
    is_above: bool = False

    def words(self) -> tuple[str, str]:
        """What stands at both ends."""
        unit = f" {self.unit}" if self.unit else ""
        # years and the like read better without a separator
        low, high = (
            measure(end, 3).replace(",", "" if abs(end) < 1e4 else ",")
            for end in (self.low, self.high)
        )
        return f"≤ {low}" if self.is_below else low, (f"≥ {high}" if self.is_above else high) + unit


@dataclass(frozen=True, eq=False)
class Colouring:
    """Which group every sample is in.

    Attributes:
        codes: Index into `groups` of every sample, uint16 (N,).
        groups: In the order of the legend; of numbers the shades of their scale.
        scale: Where they are numbers.
    """

    codes: NDArray[np.uint16]
    groups: tuple[Group, ...]
    scale: Scale | None = None

    @property
    def said(self) -> tuple[Group, ...]:
        """The groups that a legend names: of a scale some of its numbers."""
        if self.scale is None:
            return self.groups
        shades = self.groups[:SHADES]
        chosen = [shades[place] for place in np.linspace(0, SHADES - 1, _SAID).astype(int)]
        return (*chosen, *self.groups[SHADES:])

    def palette(self, colours: Tokens, hidden: frozenset[int]) -> raster.Pixels:
        """A pixel for every group, 0 for the hidden ones."""
        missing = np.array(list(bytes.fromhex(colours.missing[1:])), np.uint8)
        each = [missing if group.colour is None else group.colour for group in self.groups]
        pixels = raster.to_palette(np.array(each, np.uint8).reshape(-1, 3))
        pixels[[group.key in hidden for group in self.groups]] = 0
        return pixels


class Coloured(Protocol):
    """What is known of the shown samples; see `messages.RunOpened`."""

    @property
    def index(self) -> IntArray:
        """Their numbers, (N,)."""
        ...

    @property
    def labels(self) -> IntArray | None:
        """Their labels, (N,)."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each label."""
        ...

    @property
    def parts(self) -> ByteArray:
        """0 for train, 1 for validation, (N,)."""
        ...

    @property
    def conditions(self) -> Conditions | None:
        """What a conditional model can be told."""
        ...

    @property
    def told(self) -> NDArray[Any] | None:
        """The condition of every sample."""
        ...

    @property
    def known(self) -> tuple[Known, ...]:
        """What else is known of them."""
        ...


def label_name(label: int, names: tuple[str, ...]) -> str:
    """The name of a label: its class name, its number, or that there is none."""
    if label < 0:
        return "no label"
    return names[label] if label < len(names) else str(label)


def part_name(part: int) -> str:
    """The split that a sample is in, by its number in `RunOpened.parts`."""
    return "validation" if part else "training"


def label_count(run: Coloured) -> int:
    """How many labels there are: every class has a colour, also one without samples."""
    highest = -1 if run.labels is None else int(run.labels.max(initial=-1))
    return max(len(run.class_names), highest + 1)


def by_label(run: Coloured) -> Colouring:
    """Colours by label; one colour for all where the run has no labels."""
    if run.labels is None:
        return _one_colour(len(run.index))
    return _by_choice(run.labels, label_count(run), run.class_names)


def by_condition(run: Coloured) -> Colouring:
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
    table = label_colours(labels)
    groups = [
        Group(label, label_name(label, names), table[label], int(counts[label]))
        for label in range(labels)
    ]
    if counts[labels]:
        name = label_name(MISSING, names)
        groups.append(Group(MISSING, name, None, int(counts[labels])))
    return Colouring(codes.astype(np.uint16), tuple(groups))


def by_part(run: Coloured) -> Colouring:
    """Colours by part: training and validation."""
    codes = np.minimum(run.parts, 1).astype(np.uint16)
    table, counts = label_colours(2), np.bincount(codes, minlength=2)
    groups = (Group(part, part_name(part), table[part], int(counts[part])) for part in (0, 1))
    return Colouring(codes, tuple(groups))


def by_known(run: Coloured, known: Known) -> Colouring:
    """Colours by one of the things that are known: choices as labels are, numbers on a scale."""
    if known.names:
        return _by_choice(known.values.astype(np.int64), len(known.names), known.names)
    values, is_known = known.values, np.isfinite(known.values)
    if not is_known.any():
        return _one_colour(len(run.index))
    scale = _scale(values[is_known], known.unit)
    wide = scale.high - scale.low
    shares = (np.where(is_known, values, scale.low).astype(np.float64) - scale.low) / (wide or 1.0)
    codes = np.clip((shares * SHADES).astype(np.int64), 0, SHADES - 1)
    codes[~is_known] = SHADES
    counts, table = np.bincount(codes, minlength=SHADES + 1), scale_colours(SHADES)
    middles = scale.low + (np.arange(SHADES) + 0.5) / SHADES * wide
    groups = [
        Group(shade, measure(middles[shade], 3), table[shade], int(counts[shade]))
        for shade in range(SHADES)
    ]
    if counts[SHADES]:
        groups.append(Group(MISSING, "missing", None, int(counts[SHADES])))
    return Colouring(codes.astype(np.uint16), tuple(groups), scale)


def _scale(values: NDArray[np.float32], unit: str) -> Scale:
    """From nearly the smallest to nearly the largest: single ones do not stretch it."""
    low, high = (float(each) for each in np.quantile(values, (_TAIL, 1 - _TAIL)))
    if not high > low:
        low, high = float(values.min()), float(values.max())
    return Scale(low, high, unit, bool((values < low).any()), bool((values > high).any()))


def colouring_of(run: Coloured, colour: str) -> Colouring:
    """The colouring of a name: one of `BY`, or `KNOWN` and the name of what is known."""
    for known in run.known:
        if colour == KNOWN + known.name:
            return by_known(run, known)
    return BY.get(colour, by_label)(run)


def _one_colour(count: int) -> Colouring:
    return Colouring(np.zeros(count, np.uint16), (Group(0, "samples", label_colours(1)[0], count),))


BY = {"label": by_label, "part": by_part, "condition": by_condition}
"""The colourings by their names."""
