"""The samples of a run side by side in one PNG, at their own size, in the order of its latents."""

import io
import math

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from aeviz.export import sheets
from aeviz.export.latents import ExportError
from aeviz.messages import ByteArray

MOST_SIDE = 16384
"""Pixels along a side at most: what draws sprites takes no more."""


def sprite_sheet(images: ByteArray, columns: int | None = None) -> tuple[bytes, str]:
    """Pictures row by row in one sheet.

    Args:
        images: uint8 (N, H, W, C) with one to four channels.
        columns: Pictures in a row; None for about as many as there are rows.

    Returns:
        The bytes of a PNG file, which has `columns`, `rows`, `samples` and `tile` (W×H) as text,
        and the same as words.

    Raises:
        ExportError: If the sheet would be too large.
    """
    count, high, wide = images.shape[:3]
    columns = math.ceil(math.sqrt(count)) if columns is None else min(columns, count)
    rows = math.ceil(count / columns)
    if columns * wide > MOST_SIDE or rows * high > MOST_SIDE:
        raise ExportError(
            f"{count:,} pictures in {columns:,} columns make {columns * wide:,} × {rows * high:,}"
            f" pixels, and a sheet has {MOST_SIDE:,} along a side at most"
        )
    facts = PngInfo()
    numbers = {"columns": columns, "rows": rows, "samples": count, "tile": f"{wide}x{high}"}
    for name, value in numbers.items():
        facts.add_text(name, str(value))
    whole = sheets.sheet(sheets.image_cells(images, 1), columns)
    buffer = io.BytesIO()
    is_grey = images.shape[3] == 1
    Image.fromarray(np.ascontiguousarray(whole[..., 0]) if is_grey else whole).save(
        buffer, format="PNG", pnginfo=facts
    )
    return buffer.getvalue(), f"{count:,} pictures of {wide} × {high} pixels in {columns} columns"
