"""Films of a run: the map as it formed, decodes along a path, decodes along the dimensions."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aeviz.export import animation, films, sheets
from aeviz.export.lettering import Lettering
from aeviz.messages import ByteArray, FloatArray
from aeviz.runs.reading import RunError

if TYPE_CHECKING:
    from aeviz.api import Run
    from aeviz.plane import Plane

MOST_FRAMES = 400
"""Pictures of a film at most: of long runs some epochs are left out, which is said."""

MOST_PLACES = 40_000_000
"""Positions of all samples at all epochs at most, 320 MB; beyond that, fewer epochs are shown."""

RATE = 25
"""Pictures of a second at most between the epochs, and along a path."""

SMALLEST, LARGEST = 240, 1920
"""Pixels of a side."""

MOST_DIMENSIONS = 64
"""Of a traversal those that carry most are shown."""

Report = Callable[[float | None, str], None]
"""Told the share that is done, None where it is not known, and what is being done."""


def silent(share: float | None, phrase: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Cut:
    """How a film is made.

    Attributes:
        kind: "gif", "webp" or "mp4".
        seconds: How long it plays; None for as long as its epochs, or the plain four seconds, take.
        size: Pixels of the map, or of the longer side of a decode at least.
        has_title: Whether the title of the run stands above.
        has_note: Whether each picture says its epoch, or where on the path it is.
        has_legend: Whether a map has its legend beside it.
    """

    kind: str = "gif"
    seconds: float | None = None
    size: int = animation.SIDE
    has_title: bool = True
    has_note: bool = True
    has_legend: bool = True


def check(cut: Cut) -> None:
    """Raise ValueError, with a sentence, before the work where a film cannot be made so."""
    films.check_kind(cut.kind)
    if not SMALLEST <= cut.size <= LARGEST:
        raise ValueError(f"the size of a film is from {SMALLEST} to {LARGEST} pixels")
    if cut.seconds is not None and not 0 < cut.seconds <= 600:
        raise ValueError("a film plays for 600 seconds at most, and for more than none")


def chosen_epochs(run: "Run") -> tuple[list[int], str]:
    """The epochs that a film shows, and a sentence where some are left out.

    Raises:
        RunError: If there is none.
    """
    kept = [line.epoch for line in run.folder.epochs if run.folder.has_latents(line.epoch)]
    if not kept:
        raise RunError(f"{run.path}: no epoch has been written yet")
    most = min(MOST_FRAMES, max(2, MOST_PLACES // max(1, len(run.index))))
    if len(kept) <= most:
        return kept, ""
    rows = np.linspace(0, len(kept) - 1, most).round().astype(int)
    sentence = f"{most} of {len(kept)} epochs are shown, evenly spaced"
    return [kept[row] for row in rows], sentence


def film_of_training(
    run: "Run",
    cut: Cut,
    *,
    look: animation.Look | None = None,
    plane: "Plane | None" = None,
    report: Report = silent,
) -> bytes:
    """The map of every epoch, as the bytes of a film.

    Args:
        run: Whose map.
        cut: How it is made.
        look: Colours of the shown samples; None for those of their labels.
        plane: Which plane of the latent space; None for the one that the window shows at first.
        report: Told how far it is.

    Raises:
        RunError: If there is no epoch.
        ValueError: If it cannot be made so.
    """
    check(cut)
    epochs, _ = chosen_epochs(run)
    seconds = max(3.0, 0.12 * len(epochs)) if cut.seconds is None else cut.seconds
    between = _between(len(epochs), seconds)
    report(None, "reading latents")
    positions = [laid.positions for laid in run.planes(epochs, plane)]
    look = look or animation.by_label(run.labels, len(positions[0]), run.class_names)
    title, entries = run.title if cut.has_title else "", look.legend if cut.has_legend else ()
    lettering = Lettering(cut.size, title, entries)
    frames = animation.map_frames(
        positions, epochs, look, lettering, between, side=cut.size, has_epoch=cut.has_note
    )
    total = (len(epochs) - 1) * between + 1
    # Whole colours cost a WebP of many small spots several times the bytes.
    shown = _telling(frames, total, report)
    return films.film(cut.kind, shown, seconds, count=total, is_exact=False)


def _between(epochs: int, seconds: float) -> int:
    """Pictures from one epoch to the next."""
    wanted = min(MOST_FRAMES, round(RATE * seconds))
    return max(1, min(6, MOST_FRAMES // epochs, wanted // epochs))


def film_of_path(
    run: "Run",
    cut: Cut,
    z: FloatArray,
    epoch: int,
    *,
    condition: Any = None,
    report: Report = silent,
) -> bytes:
    """What is decoded along a path, as the bytes of a film.

    Args:
        run: Whose decoder.
        cut: How it is made.
        z: Latents along the path, (T, D).
        epoch: Whose weights decode.
        condition: What a conditional model is told.
        report: Told how far it is.

    Raises:
        ValueError: If the latents do not fit the run, or it cannot be made so.
    """
    check(cut)
    report(None, "decoding")
    x = run.decode(np.asarray(z, np.float32), epoch, condition=condition)
    cells = run.cells(x)
    count = len(cells)
    notes = [f"{number + 1} of {count}" if cut.has_note else "" for number in range(count)]
    frames = _titled(cells, notes, _title(run, epoch, cut), cut.size)
    shown = _telling(frames, count, report)
    return films.film(cut.kind, shown, cut.seconds or films.SECONDS, count=count)


def film_of_traversal(
    run: "Run",
    cut: Cut,
    epoch: int,
    *,
    steps: int = 25,
    sample: int | None = None,
    at: FloatArray | None = None,
    condition: Any = None,
    report: Report = silent,
) -> bytes:
    """All latent dimensions at once, each going through its range, there and back.

    Args:
        run: Whose decoder.
        cut: How it is made; `size` is that of the whole sheet.
        epoch: Whose weights decode.
        steps: Latents along a dimension.
        sample: The number of the sample that all go through.
        at: The latent that all go through; without it and a sample it is the median latent.
        condition: What a conditional model is told.
        report: Told how far it is.

    Raises:
        ValueError: If there is no such sample, or it cannot be made so.
    """
    check(cut)
    report(None, "decoding")
    found = run.traverse(steps, epoch, sample=sample, at=at)
    z, order = found.z[:MOST_DIMENSIONS], found.order[:MOST_DIMENSIONS]
    x = run.decode(z, epoch, condition=condition)
    sheet = run.picture(x, pale=found.dead[order])
    there_and_back = sweep_frames(sheet, len(z), steps)
    count = len(there_and_back)
    frames = _titled(there_and_back, [""] * count, _title(run, epoch, cut), cut.size)
    shown = _telling(frames, count, report)
    return films.film(cut.kind, shown, cut.seconds or films.SECONDS, count=count)


def sweep_frames(sheet: ByteArray, dimensions: int, steps: int) -> ByteArray:
    """A sheet with a row for every dimension as a film of all of them, there and back.

    Args:
        sheet: uint8 (dimensions · H, steps · W, 3).
        dimensions: How many rows it has.
        steps: How many columns.

    Returns:
        uint8 (2 · steps - 2, H', W', 3), the dimensions of each step in a square.
    """
    # (D · H, steps · W, 3) -> (D, H, steps, W, 3) -> (D, steps, H, W, 3)
    rows = sheet.reshape(dimensions, -1, steps, sheet.shape[1] // steps, 3).swapaxes(1, 2)
    columns = math.ceil(math.sqrt(dimensions))
    frames = np.stack([sheets.sheet(rows[:, step], columns) for step in range(steps)])
    return np.concatenate([frames, frames[-2:0:-1]])


def _title(run: "Run", epoch: int, cut: Cut) -> str:
    return f"{run.title}, epoch {epoch}" if cut.has_title else ""


def _titled(pictures: ByteArray, notes: list[str], title: str, size: int) -> Iterator[ByteArray]:
    """Each picture, enlarged by whole pixels, with its words above it."""
    lettering = Lettering(size, title)
    for picture, note in zip(pictures, notes, strict=True):
        big = sheets.enlarged(picture[np.newaxis], size)[0]
        yield lettering.framed(big, note)


def _telling(frames: Iterator[ByteArray], count: int, report: Report) -> Iterator[ByteArray]:
    """The frames, each told when the film takes it; at the end they are being packed."""
    for number, frame in enumerate(frames):
        report(number / count, "drawing")
        yield frame
    report(None, "packing")
