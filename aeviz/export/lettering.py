"""Words on pictures: a title, an epoch, a legend, without Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from aeviz import paths
from aeviz.messages import ByteArray

PAPER, INK, GREY = (255, 255, 255), (60, 66, 76), (150, 156, 165)

BASE = 640
"""Pixels of a picture whose letters have their plain size."""

_MARGIN, _HEAD, _ROW, _COLUMN = 24, 44, 24, 170
_MOST_ROWS = 60


@dataclass(frozen=True)
class Entry:
    """A line of a legend.

    Attributes:
        name: What a person reads.
        colour: 0 to 255 each.
    """

    name: str
    colour: tuple[int, int, int]


class Lettering:
    """Sets words above and beside pictures of one size.

    Args:
        size: Pixels of the longer side that the letters are made for.
        title: Above, at the left; "" for none.
        entries: Of the legend at the right; none for no legend.
    """

    def __init__(self, size: int, title: str = "", entries: Sequence[Entry] = ()) -> None:
        self._scale = max(0.75, size / BASE)
        self._title, self._entries = _plain(title), tuple(entries)
        fonts = paths.resources() / "fonts"
        self._bold = ImageFont.truetype(str(fonts / "Inter-SemiBold.otf"), self._px(17))
        self._font = ImageFont.truetype(str(fonts / "Inter-Regular.otf"), self._px(15))

    def framed(self, picture: ByteArray, note: str = "", *, head: bool = True) -> ByteArray:
        """The picture with its words around it.

        Args:
            picture: uint8 (H, W, 3).
            note: Above, at the right, such as the epoch.
            head: Whether words above get room of their own; else they lie on the picture.

        Returns:
            uint8 (H', W', 3), the same size for every picture of one size, but for those with
            neither title nor note.
        """
        height, width = picture.shape[:2]
        top = self._px(_HEAD) if head and (self._title or note) else 0
        right = self._px(_COLUMN) if self._entries else 0
        whole = Image.new("RGB", (width + right, height + top), PAPER)
        whole.paste(Image.fromarray(picture), (0, top))
        pen = ImageDraw.Draw(whole)
        self._write_head(pen, width, note)
        self._write_legend(pen, width, top, height)
        return np.asarray(whole)

    def _write_head(self, pen: ImageDraw.ImageDraw, width: int, note: str) -> None:
        margin, room = min(self._px(_MARGIN), width // 20), width
        if note:
            length = pen.textlength(note, font=self._font)
            place = (width - margin, self._px(16))
            pen.text(place, note, fill=INK, font=self._font, anchor="ra")
            room -= round(length) + margin
        title = _fitting(pen, self._title, self._bold, room - 2 * margin)
        pen.text((margin, self._px(14)), title, fill=INK, font=self._bold)

    def _write_legend(self, pen: ImageDraw.ImageDraw, left: int, top: int, height: int) -> None:
        row, spot = self._px(_ROW), self._px(10)
        first = top + self._px(16 if top else _HEAD)
        most = max(1, min(_MOST_ROWS, (top + height - first) // row - 1))
        entries = self._entries
        rows = entries if len(entries) <= most + 1 else entries[:most]
        for number, entry in enumerate(rows):
            middle = first + row * number + row // 2
            box = (left, middle - spot // 2, left + spot, middle + spot // 2)
            pen.ellipse(box, fill=entry.colour)
            name = _fitting(pen, _plain(entry.name), self._font, self._px(_COLUMN - 24))
            place = (left + self._px(18), middle)
            pen.text(place, name, fill=INK, font=self._font, anchor="lm")
        if len(rows) < len(entries):
            place = (left + self._px(18), first + row * len(rows) + row // 2)
            said = f"and {len(entries) - len(rows):,} more"
            pen.text(place, said, fill=GREY, font=self._font, anchor="lm")

    def _px(self, length: float) -> int:
        return round(length * self._scale)


def _plain(text: str) -> str:
    """One line without control characters: of several a place at the right would be an error."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _fitting(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """The text, its end cut away where there is no room for it."""
    if pen.textlength(text, font=font) <= room:
        return text
    text = text[:200]
    while text and pen.textlength(f"{text}…", font=font) > room:
        text = text[:-1]
    return f"{text.rstrip()}…" if text else ""
