"""A folder for the TensorBoard projector: latents, what is known of them, and their pictures."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.tables.formulas import neutral
from aeviz.export import sheets
from aeviz.export.latents import Encoded
from aeviz.export.tables import number
from aeviz.runs.atomic import write_bytes

TENSORS, METADATA, SPRITE, CONFIG = (
    "tensors.tsv",
    "metadata.tsv",
    "sprite.png",
    "projector_config.pbtxt",
)
MOST_SIDE = 8192
"""Pixels along a side of the sprite: the projector takes no more."""

MOST_TILE = 64
"""Pixels along a side of one picture; larger ones are reduced."""


def write_projector(folder: Path, found: Encoded, images: NDArray[np.uint8] | None) -> list[str]:
    """Write the folder, the configuration last.

    Args:
        folder: New or empty.
        found: The latents.
        images: One per latent, uint8 (N, H, W, 3); None without pictures.

    Returns:
        Sentences about what could not be shown.

    Raises:
        SaveError: If a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / TENSORS, tensors_tsv(found))
    write_bytes(folder / METADATA, metadata_tsv(found))
    lines = [f'  tensor_name: "latents of epoch {found.epoch}"']
    lines += [f'  tensor_path: "{TENSORS}"', f'  metadata_path: "{METADATA}"']
    notes: list[str] = []
    if images is not None:
        picture, tile = sprite(images)
        if picture is None:
            notes.append(f"{len(images):,} pictures do not fit into a sprite: it has none")
        else:
            write_bytes(folder / SPRITE, sheets.png(picture))
            size = f"single_image_dim: {tile[1]}\n    single_image_dim: {tile[0]}"
            lines.append(f'  sprite {{\n    image_path: "{SPRITE}"\n    {size}\n  }}')
    text = "\n".join(["embeddings {", *lines, "}", ""])
    write_bytes(folder / CONFIG, text.encode())
    return notes


def tensors_tsv(found: Encoded) -> bytes:
    """One line per sample, the numbers with tabs between them."""
    lines = ("\t".join(map(number, z)) for z in found.z)
    return ("\n".join(lines) + "\n").encode()


def metadata_tsv(found: Encoded) -> bytes:
    """A header and one line per sample: its number, its label, its name."""
    names = [found.names] if found.names else []
    head = ["index", "label", *(["name"] if names else [])]
    rows: Sequence[Sequence[Any]] = list(zip(found.index, found.words(), *names, strict=True))
    lines = ["\t".join(head), *("\t".join(_cell(value) for value in row) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def _cell(value: Any) -> str:
    """A value without tabs and line breaks, which would begin another cell, and no formula."""
    return neutral(" ".join(str(value).split()))


def sprite(images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8] | None, tuple[int, int]]:
    """All pictures in a square of tiles, row by row, as the projector wants them.

    Returns:
        uint8 (S, S', 3), None where they do not fit; height and width of a tile.
    """
    side = math.ceil(math.sqrt(len(images)))
    step = max(1, math.ceil(max(images.shape[1:3]) / min(MOST_TILE, MOST_SIDE // side or 1)))
    tiles = images[:, ::step, ::step]
    high, wide = tiles.shape[1:3]
    if side * max(high, wide) > MOST_SIDE:
        return None, (high, wide)
    whole = np.full((side * side, high, wide, 3), 255, np.uint8)
    whole[: len(tiles)] = tiles
    ordered = whole.reshape(side, side, high, wide, 3).swapaxes(1, 2)
    return np.ascontiguousarray(ordered.reshape(side * high, side * wide, 3)), (high, wide)
