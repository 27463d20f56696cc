"""One picture to bytes of a given size, with Pillow; called in a fenced process.

What a picture has that a sample has not (a palette, transparency, four inks, 16 bits, a turn that
its EXIF tells) is dealt with here, and told.

References:
    | Exchangeable image file format (Exif) 2.32, tag 274, Orientation
"""

import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "WEBP")
"""What Pillow may take a file for: none of these runs a program, as EPS does."""

MOST_PIXELS = 100_000_000
"""Pixels of a picture at most: 300 MB as colours."""

COLOUR_STEP = 8
"""Levels that two channels have to differ by for a pixel to count as coloured."""

ORIENTATION = 274
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
WHITES = (255, 1023, 4095, 16383, 65535)
"""Highest values of cameras with 8 to 16 bits."""

Image.MAX_IMAGE_PIXELS = None  # looked at here, for every picture, with a sentence


class Unreadable(Exception):
    """A picture cannot be used; the message is the end of a sentence that begins with its name."""


@dataclass(frozen=True)
class Plan:
    """What every picture is made into.

    Attributes:
        width: Pixels.
        height: Pixels.
        channels: 1 for grey, 3 for colour.
        fit: "crop", "pad" or "stretch".
        background: "black" or "white", behind transparent pictures and in bars.
        white: The value of 16-bit pictures that is shown as white.
    """

    width: int
    height: int
    channels: int
    fit: str = "crop"
    background: str = "black"
    white: int = 65535

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the process that decodes."""
        return asdict(self)


@dataclass(frozen=True)
class Look:
    """What the header of a picture says, and its pixels where they were looked at.

    Attributes:
        width: Pixels, as it is seen.
        height: Pixels.
        is_colour: Whether its pixels were looked at and have colours.
        highest: The highest value of a 16-bit picture whose pixels were looked at, else 0.
    """

    width: int
    height: int
    is_colour: bool
    highest: int


def look(path: Path, *, deep: bool) -> Look:
    """See how large a picture is; also its colours and values where it is to be deep.

    Raises:
        Unreadable: If it is none, or is damaged.
    """
    with _opened(path) as image:
        width, height = image.size
        # Pillow has turned the size of a TIFF already
        if image.format != "TIFF" and _orientation(image) >= 5:
            width, height = height, width
        if not deep:
            return Look(width, height, False, 0)
        image.draft(image.mode, (64, 64))
        image.load()
        if _is_deep(image):
            values = np.asarray(image)
            return Look(width, height, False, 0 if values.dtype.kind == "f" else int(values.max()))
        small = _plain(image, "black", set()).resize((64, 64), Image.Resampling.BOX)
        return Look(width, height, _has_colour(small), 0)


def decode(path: Path, plan: Plan) -> tuple[NDArray[np.uint8], set[str]]:
    """A picture as uint8 (H, W, C), and what was special about it.

    The words of the set are "palette", "transparency", "CMYK", "16 bits", "turned", "resized",
    "clipped" (brighter than the plan's white) and "colour lost".

    Raises:
        Unreadable: If it is none, or is damaged.
    """
    traits: set[str] = set()
    with _opened(path) as image:
        if image.mode in ("P", "PA"):
            traits.add("palette")
        if image.mode == "CMYK":
            traits.add("CMYK")
        full = image.size
        if image.format == "JPEG":  # a large one is decoded at a half, a quarter …
            twice = 2 * max(plan.width, plan.height)
            image.draft(image.mode, (twice, twice))
        image.load()
        turn = TURNS.get(_orientation(image))
        if _is_deep(image):
            traits.add("16 bits")
            flat = _of_levels(image, plan.white, traits)
        else:
            flat = _plain(image, plan.background, traits)
        if turn is not None:
            traits.add("turned")
            flat = flat.transpose(turn)
        if full not in ((plan.width, plan.height), (plan.height, plan.width)):
            traits.add("resized")
        fitted = _fitted(flat, plan)
        if plan.channels == 1 and fitted.mode == "RGB" and _has_colour(fitted):
            traits.add("colour lost")
        mode = "L" if plan.channels == 1 else "RGB"
        pixels = np.asarray(fitted if fitted.mode == mode else fitted.convert(mode))
        return pixels.reshape(plan.height, plan.width, plan.channels), traits


# ── opening ───────────────────────────────────────────────────────────────────────────────────

GREYS = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def reason(error: BaseException) -> str:
    """Why a picture cannot be used, as the end of a sentence."""
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return "is no picture of a known kind"
    if isinstance(error, FileNotFoundError):
        return "is not there any more"
    if isinstance(error, MemoryError):
        return "needs too much memory"
    words = " ".join(str(error).split())[:80]
    if "truncated" in words.lower():
        return "is truncated"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"is damaged: {words}" if words else f"is damaged: {type(error).__name__}"


def _opened(path: Path) -> Image.Image:
    if not stat.S_ISREG(path.stat().st_mode):
        raise Unreadable("is no file")
    image = Image.open(path, formats=FORMATS)
    width, height = image.size
    if width * height > MOST_PIXELS:
        image.close()
        raise Unreadable(f"has {width * height:,} pixels, and {MOST_PIXELS:,} can be read")
    return image


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ORIENTATION, 1)
        return found if isinstance(found, int) else 1
    except Exception:  # noqa: BLE001 - a damaged EXIF block says nothing; the pixels are there
        return 1


def _is_deep(image: Image.Image) -> bool:
    """Whether its values are more than bytes."""
    return image.mode.startswith("I") or image.mode == "F"


# ── pixels ────────────────────────────────────────────────────────────────────────────────────


def _of_levels(image: Image.Image, white: int, traits: set[str]) -> Image.Image:
    """A picture of many levels as bytes, `white` as 255; numbers with a fraction lie in [0, 1]."""
    values = np.asarray(image)
    if values.dtype.kind == "f":
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise Unreadable("holds numbers outside 0 to 1: save it with 8 or 16 bits")
        return Image.fromarray(np.rint(values * 255).astype(np.uint8))
    if values.min() < 0 or values.max() > WHITES[-1]:
        raise Unreadable(f"holds values outside 0 to {WHITES[-1]:,}: save it with 8 or 16 bits")
    if values.max() > white:
        traits.add("clipped")
    scaled = np.minimum(values, white).astype(np.float32) * np.float32(255 / white)
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _plain(image: Image.Image, background: str, traits: set[str]) -> Image.Image:
    """A picture as grey or colours without palette, inks and transparency."""
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        if np.asarray(seen.getchannel("A")).min() == 255:
            return seen.convert("RGB")
        traits.add("transparency")
        ground = Image.new("RGBA", seen.size, background)
        return Image.alpha_composite(ground, seen).convert("RGB")
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode in GREYS else "RGB")


def _has_colour(image: Image.Image) -> bool:
    """Whether the channels of a pixel differ by more than a JPEG of a grey picture has them."""
    if image.mode != "RGB":
        return False
    channels = np.asarray(image).astype(np.int16)
    return bool((channels.max(axis=2) - channels.min(axis=2)).max(initial=0) > COLOUR_STEP)


def _fitted(image: Image.Image, plan: Plan) -> Image.Image:
    """A picture in the size of the plan, cut or padded evenly on both sides."""
    size = (plan.width, plan.height)
    if image.size == size:
        return image
    width, height = image.size
    if plan.fit == "pad":
        scale = min(plan.width / width, plan.height / height)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        ground = Image.new(image.mode, size, plan.background)
        place = ((plan.width - inner[0]) // 2, (plan.height - inner[1]) // 2)
        ground.paste(_resized(image, inner, (0, 0, width, height)), place)
        return ground
    if plan.fit == "stretch":
        return _resized(image, size, (0, 0, width, height))
    scale = min(width / plan.width, height / plan.height)
    left, top = (width - plan.width * scale) / 2, (height - plan.height * scale) / 2
    return _resized(image, size, (left, top, width - left, height - top))


def _resized(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]
) -> Image.Image:
    return image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
