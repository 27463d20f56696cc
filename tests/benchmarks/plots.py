"""`python -m tests.benchmarks.plots ROWS.json -o FILE.png`: the curves of `--only growth`, drawn.

ROWS.json is what `python -m tests.benchmarks --only growth --json ROWS.json` has written.
"""

import argparse
import io
import math
import re
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from aeviz.palettes import label_colours
from aeviz.runs.atomic import write_bytes
from tests.benchmarks.frame import Row, from_json

ROW = re.compile(r"(?P<title>.+?): (?P<name>.+), (?P<size>[\d,]+)$")
WIDE, HIGH = 620, 300
LEFT, BELOW, ABOVE, RIGHT, BETWEEN = 64, 36, 40, 210, 10
SCALE = 2
TEXT, FAINT, LINE = "#23272f", "#667085", "#e4e7ec"

Curves = dict[str, dict[str, list[tuple[int, float]]]]


def curves_of(rows: list[Row]) -> Curves:
    """Sizes and milliseconds by title and name."""
    found: Curves = {}
    for each in rows:
        matched = ROW.fullmatch(each.name)
        if matched is not None and each.value is not None:
            curve = found.setdefault(matched["title"], {}).setdefault(matched["name"], [])
            curve.append((int(matched["size"].replace(",", "")), each.value))
    return found


def plot(curves: Curves) -> Image.Image:
    """One chart below the other, both axes logarithmic."""
    high = len(curves) * (HIGH + BETWEEN)
    image = Image.new("RGB", (WIDE * SCALE, high * SCALE), "white")
    draw = ImageDraw.Draw(image)
    for number, (title, names) in enumerate(curves.items()):
        _chart(draw, number * (HIGH + BETWEEN), title, names)
    return image


def _chart(
    draw: ImageDraw.ImageDraw, top: int, title: str, names: dict[str, list[tuple[int, float]]]
) -> None:
    sizes = [math.log10(size) for curve in names.values() for size, _ in curve]
    times = [math.log10(time) for curve in names.values() for _, time in curve]
    box = (math.floor(min(sizes)), math.ceil(max(sizes)), math.floor(min(times)), _top(times))
    _text(draw, (LEFT, top + 10), _words(title), 13, TEXT)
    for power in range(box[2], box[3] + 1):
        y = _place((box[0], power), box)[1] + top
        _line(draw, [(LEFT, y), (WIDE - RIGHT, y)], LINE, 1)
        _text(draw, (LEFT - 8, y - 7), f"{10.0**power:g} ms", 10, FAINT, anchor="ra")
    for power in range(box[0], box[1] + 1):
        x = _place((power, box[2]), box)[0]
        _line(draw, [(x, top + ABOVE), (x, top + HIGH - BELOW)], LINE, 1)
        _text(draw, (x, top + HIGH - BELOW + 8), f"{10**power:,}", 10, FAINT, anchor="ma")
    colours = label_colours(max(len(names), 4)).tolist()
    for number, (name, curve) in enumerate(names.items()):
        colour = "#{:02x}{:02x}{:02x}".format(*colours[number])
        points = [_place((math.log10(size), math.log10(time)), box) for size, time in curve]
        _line(draw, [(x, y + top) for x, y in points], colour, 2)
        for x, y in points:
            _dot(draw, x, y + top, colour)
        y = top + ABOVE + 20 * number + 8
        _line(draw, [(WIDE - RIGHT + 14, y), (WIDE - RIGHT + 32, y)], colour, 2)
        _text(draw, (WIDE - RIGHT + 38, y - 7), name, 11, TEXT)


def _words(title: str) -> str:
    """A title without its range, whose superscripts the font has not."""
    return re.sub(r" \d.*", "", title).capitalize()


def _top(times: list[float]) -> int:
    """The decade above all times; one more than below where all lie in one."""
    return max(math.ceil(max(times)), math.floor(min(times)) + 1)


def _place(at: tuple[float, float], box: tuple[int, int, int, int]) -> tuple[float, float]:
    left, right, low, high = box
    x = LEFT + (at[0] - left) / max(right - left, 1) * (WIDE - RIGHT - LEFT)
    return x, HIGH - BELOW - (at[1] - low) / (high - low) * (HIGH - BELOW - ABOVE)


def _line(
    draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: str, width: int
) -> None:
    scaled = [(x * SCALE, y * SCALE) for x, y in points]
    draw.line(scaled, colour, width * SCALE, joint="curve")


def _dot(draw: ImageDraw.ImageDraw, x: float, y: float, colour: str) -> None:
    reach = 3.0 * SCALE
    x, y = x * SCALE, y * SCALE
    draw.ellipse((x - reach, y - reach, x + reach, y + reach), colour)


def _text(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    words: str,
    size: int,
    colour: str,
    anchor: str = "la",
) -> None:
    font = ImageFont.load_default(size * SCALE)
    draw.text((at[0] * SCALE, at[1] * SCALE), words, colour, font, anchor)


def main() -> None:
    """Parse, draw, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.plots")
    parser.add_argument("rows", type=Path, help="rows of --only growth as JSON")
    parser.add_argument("-o", dest="target", type=Path, required=True, help="the picture, PNG")
    given = parser.parse_args()
    rows = from_json(given.rows.read_text(encoding="utf-8"))
    image = plot(curves_of(rows)).quantize(32)
    given.target.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    write_bytes(given.target, stream.getvalue())


if __name__ == "__main__":
    main()
