"""Charts of a report as inline SVG: the map and the losses, in colours that follow the page."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aeviz import palettes
from aeviz.messages import FloatArray, IntArray

WIDE, HIGH = 760.0, 420.0
LEFT, BELOW, ABOVE, RIGHT = 52.0, 34.0, 10.0, 12.0
MOST_POINTS = 4000
"""Points of the map at most; of more a random sample is drawn, which the page says."""


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes:
        name: For the legend.
        values: One per epoch from 0 on; NaN is a gap.
        colour: CSS.
        is_dashed: Whether it is of the validation part.
    """

    name: str
    values: Sequence[float]
    colour: str
    is_dashed: bool = False


def map_svg(positions: FloatArray, labels: IntArray | None, titles: Sequence[str]) -> str:
    """Points (N, 2) in equal scales, coloured by label."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    middle, reach = (low + high) / 2, max(float((high - low).max()) / 2, 1e-9) * 1.05
    side = HIGH - ABOVE - BELOW
    wide = WIDE - LEFT - RIGHT
    across = reach * wide / side
    box = (middle[0] - across, middle[0] + across, middle[1] - reach, middle[1] + reach)
    x = LEFT + (positions[:, 0] - box[0]) / (box[1] - box[0]) * wide
    y = ABOVE + (box[3] - positions[:, 1]) / (box[3] - box[2]) * side
    colours = class_colours(labels)
    codes = np.zeros(len(x), np.int64) if labels is None else np.maximum(labels, -1)
    groups = []
    for code in np.unique(codes):
        colour = colours[code] if code >= 0 and colours else "var(--muted)"
        rows = np.flatnonzero(codes == code)
        spots = "".join(f'<circle cx="{x[row]:.1f}" cy="{y[row]:.1f}" r="2.6"/>' for row in rows)
        groups.append(f'<g fill="{colour}" fill-opacity="0.8">{spots}</g>')
    return _svg([*_frame(box, titles), *groups])


def class_colours(labels: IntArray | None) -> list[str]:
    """A CSS colour for every label."""
    if labels is None or labels.max(initial=-1) < 0:
        return ["var(--accent)"]
    table = palettes.label_colours(int(labels.max()) + 1)
    return ["#" + "".join(f"{int(part):02x}" for part in row[:3]) for row in table]


def loss_svg(curves: Sequence[Curve], unit: str) -> str:
    """Curves over the epochs."""
    everything = np.concatenate([np.asarray(curve.values, np.float64) for curve in curves])
    finite = everything[np.isfinite(everything)]
    low, high = (0.0, 1.0) if not finite.size else (float(finite.min()), float(finite.max()))
    room = (high - low) * 0.05 or 0.5
    last = max(len(curve.values) for curve in curves) - 1
    box = (0.0, float(max(last, 1)), low - room, high + room)
    lines = [_line(curve, box) for curve in curves]
    return _svg([*_frame(box, ("epoch", unit)), *lines])


def _line(curve: Curve, box: tuple[float, float, float, float]) -> str:
    pieces, is_down = [], False
    for epoch, value in enumerate(curve.values):
        if not math.isfinite(value):
            is_down = False
            continue
        x, y = _place(epoch, value, box)
        pieces.append(f"{'L' if is_down else 'M'}{x:.1f},{y:.1f}")
        is_down = True
    dash = ' stroke-dasharray="5 4"' if curve.is_dashed else ""
    style = f'fill="none" stroke="{curve.colour}" stroke-width="1.8" stroke-linejoin="round"{dash}'
    return f'<path d="{"".join(pieces)}" {style}/>'


def _place(x: float, y: float, box: tuple[float, float, float, float]) -> tuple[float, float]:
    left, right, low, high = box
    across = LEFT + (x - left) / (right - left) * (WIDE - LEFT - RIGHT)
    return across, ABOVE + (high - y) / (high - low) * (HIGH - ABOVE - BELOW)


def _frame(box: tuple[float, float, float, float], titles: Sequence[str]) -> list[str]:
    """Grid, numbers and titles of both axes."""
    left, right, low, high = box
    found = []
    for value in ticks(left, right, 8):
        x, _ = _place(value, low, box)
        found.append(f'<path d="M{x:.1f},{ABOVE}V{HIGH - BELOW}" stroke="var(--line)"/>')
        words = f'<text x="{x:.1f}" y="{HIGH - BELOW + 15}" text-anchor="middle">{tick(value)}'
        found.append(f"{words}</text>")
    for value in ticks(low, high, 6):
        _, y = _place(left, value, box)
        found.append(f'<path d="M{LEFT},{y:.1f}H{WIDE - RIGHT}" stroke="var(--line)"/>')
        words = f'<text x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{tick(value)}'
        found.append(f"{words}</text>")
    across, up = (html.escape(title) for title in titles[:2])
    middle = (ABOVE + HIGH - BELOW) / 2
    found.append(
        f'<text x="{(LEFT + WIDE) / 2}" y="{HIGH - 4}" text-anchor="middle">{across}</text>'
    )
    turned = f'transform="translate(12,{middle}) rotate(-90)" text-anchor="middle"'
    return [*found, f"<text {turned}>{up}</text>"]


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two values, so many at most."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    decade = 10.0 ** math.floor(math.log10(span / most))
    step = next(factor * decade for factor in (1, 2, 5, 10) if span / (factor * decade) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def tick(value: float) -> str:
    """A number beside an axis, with a true minus sign."""
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def _svg(parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDE:g} {HIGH:g}" role="img">{"".join(parts)}</svg>'
