"""Films of a run: the map as it formed, and decodes along a path, told step by step."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aeviz.export import animation, films, sheets
from aeviz.messages import ByteArray, FloatArray
from aeviz.runs.reading import RunError

if TYPE_CHECKING:
    from aeviz.api import Run

MOST_FRAMES = 400
"""Pictures of a film at most: of long runs some epochs are left out, which is said."""

Step = tuple[float, str, bytes | None]
"""The share that is done, what is being done, and the film once it is there."""


def chosen_epochs(run: "Run") -> tuple[list[int], str]:
    """The epochs that a film shows, and a sentence where some are left out.

    Raises:
        RunError: If there is none.
    """
    kept = [line.epoch for line in run.folder.epochs if run.folder.has_latents(line.epoch)]
    if not kept:
        raise RunError(f"{run.path}: no epoch has been written yet")
    if len(kept) <= MOST_FRAMES:
        return kept, ""
    rows = np.linspace(0, len(kept) - 1, MOST_FRAMES).round().astype(int)
    sentence = f"{MOST_FRAMES} of {len(kept)} epochs are shown, evenly spaced"
    return [kept[row] for row in rows], sentence


def film_of_training(run: "Run", kind: str, seconds: float | None = None) -> Iterator[Step]:
    """The map of every epoch, coloured by label.

    Args:
        run: Whose map.
        kind: "gif", "webp" or "mp4".
        seconds: How long it plays; None for as long as its epochs take.

    Raises:
        RunError: If there is no epoch.
        FilmError: If that kind cannot be written here.
    """
    films.check_kind(kind)
    epochs, _ = chosen_epochs(run)
    between = max(1, min(6, MOST_FRAMES // len(epochs)))
    yield 0.0, "reading latents", None
    planes = run.planes(epochs)
    total = (len(epochs) - 1) * between + 1
    frames: list[ByteArray] = []
    positions = [plane.positions for plane in planes]
    for frame in animation.map_frames(positions, epochs, run.labels, run.title, between):
        frames.append(frame)
        yield 0.9 * len(frames) / total, "drawing", None
    yield 0.9, "packing", None
    length = max(3.0, 0.12 * len(epochs)) if seconds is None else seconds
    yield 1.0, "packing", films.film(kind, np.stack(frames), length)


def film_of_path(
    run: "Run",
    kind: str,
    z: Sequence[Sequence[float]] | FloatArray,
    epoch: int,
    condition: Any = None,
    seconds: float = films.SECONDS,
) -> Iterator[Step]:
    """What is decoded along a path.

    Args:
        run: Whose decoder.
        kind: As in `film_of_training`.
        z: Latents along the path, (T, D).
        epoch: Whose weights decode.
        condition: What a conditional model is told.
        seconds: How long it plays.

    Raises:
        FilmError: If that kind cannot be written here.
        ValueError: If the latents do not fit the run.
    """
    films.check_kind(kind)
    yield 0.0, "decoding", None
    x = run.decode(np.asarray(z, np.float32), epoch, condition=condition)
    yield 0.5, "drawing", None
    cells = run.cells(x)
    yield 0.7, "packing", None
    yield 1.0, "packing", films.film(kind, sheets.enlarged(cells), seconds)
