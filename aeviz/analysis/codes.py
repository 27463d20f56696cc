"""The codes of a quantising model: what they stand for, a sample's code map, draws of new ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.models.base import Codebook, LatentModel, Prior

MOST_SAMPLES = 2000
"""Samples at most whose codes are counted, evenly chosen."""

ROWS = 32
"""Samples of a slice: some milliseconds."""

MOST_DRAWS = 256


class Patches:
    """The mean piece of the reconstructions around the places where each code stands.

    A piece is what the place covers and half as much on each side.

    Args:
        number: K.
        shape: Of a sample, (C, H, W).
        size: Height and width of the code map.
    """

    def __init__(self, number: int, shape: Sequence[int], size: tuple[int, int]) -> None:
        channels, *sides = shape
        covered = [-(-side // places) for side, places in zip(sides, size, strict=True)]
        self.margins = [-(-side // 2) for side in covered]
        self.starts = [
            [place * side // places for place in range(places)]
            for side, places in zip(sides, size, strict=True)
        ]
        piece = [side + 2 * margin for side, margin in zip(covered, self.margins, strict=True)]
        self.sums = torch.zeros(number, channels, *piece)
        self.weights = torch.zeros(number, 1, *piece)

    def add(self, codes: Tensor, x_hat: Tensor) -> None:
        """Add reconstructions (B, C, H, W) with their codes (B, h, w)."""
        (down, across), (height, width) = self.margins, self.sums.shape[2:]
        # so far beyond the image that the last piece is whole
        pads = (across, across + width, down, down + height)
        inside = functional.pad(torch.ones_like(x_hat[:1, :1]), pads)
        padded = functional.pad(x_hat, pads)
        for row, top in enumerate(self.starts[0]):
            for column, left in enumerate(self.starts[1]):
                piece = (..., slice(top, top + height), slice(left, left + width))
                chosen = codes[:, row, column]
                self.sums.index_add_(0, chosen, padded[piece])
                self.weights.index_add_(0, chosen, inside[piece].expand(len(chosen), -1, -1, -1))

    def means(self) -> Tensor:
        """The mean pieces (K, C, h, w); 0 where nothing was added."""
        return self.sums / self.weights.clamp(min=1.0)


@register_question("codebook")
def codebook(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """How often each code of a level is chosen, and what it stands for.

    Arguments: `level`, 0 by default. Arrays: `counts` int64 (K,), for images `patches` uint8
    (K, h, w, C), and `colours_L` uint8 (K, 3) of each level L, in which similar codes are similar.
    Values: `samples`, how many were counted, `level`, and the names of all `levels`.
    """
    model, samples = quantising(subject), subject.samples
    if samples is None or not subject.kept:
        raise ValueError("this run keeps no samples whose codes could be counted")
    level = int(arguments.get("level", 0))
    number = len(model.codebook(level))
    counts = np.zeros(number, np.int64)
    colours = {
        f"colours_{n}": colours_of(model.codebook(n).numpy()) for n in range(len(model.map_sizes))
    }
    patches: Patches | None = None
    rows = np.arange(subject.kept)[:: -(-subject.kept // MOST_SAMPLES)]
    for first in range(0, len(rows), ROWS):
        x = torch.from_numpy(samples(rows[first : first + ROWS]))
        if patches is None and x.ndim == 4:
            patches = Patches(number, x.shape[1:], model.map_sizes[level])
        counts += count_codes(model, x, level, patches)
        seen = min(first + ROWS, len(rows))
        arrays: dict[str, NDArray[Any]] = {"counts": counts.copy(), **colours}
        values = {"samples": seen, "level": level, "levels": model.level_names}
        if patches is not None and (first == 0 or seen == len(rows)):
            arrays["patches"] = bytes_of(patches.means())
            yield Findings(arrays, values)
        elif seen == len(rows):
            yield Findings(arrays, values)
        else:
            yield None


@torch.no_grad()
def count_codes(
    model: Codebook, x: Tensor, level: int, patches: Patches | None
) -> NDArray[np.int64]:
    """How often each code is chosen for some samples, (K,); their reconstructions go to patches."""
    codes = model.codes(x)
    if patches is not None and isinstance(model, LatentModel):
        patches.add(codes[level], model.decode(model.look_up(codes)))
    number = len(model.codebook(level))
    return np.asarray(torch.bincount(codes[level].flatten(), minlength=number).numpy(), np.int64)


@register_question("code_map")
def code_map(subject: Subject, arguments: Mapping[str, Any]) -> Findings:
    """A sample's codes, and what becomes of its reconstruction when some are exchanged.

    Arguments: `row` of a shown sample; `edits`, pairs of (level, row, column, code). Arrays:
    `codes_L` and `edited_L` int64 (h, w) of each level L; `reconstruction` and `edited`, uint8
    (H, W, C) or float32 (F,) in own units. Values: `row`, the names of the `levels`, and in nats
    `log_prior` and `edited_log_prior`.
    """
    model, samples = quantising(subject), subject.samples
    row = int(arguments["row"])
    if samples is None or row >= subject.kept:
        raise ValueError(f"this run does not keep the sample of row {row}")
    before = _codes_of(model, samples(np.array([row], np.int64)))
    after = tuple(codes.clone() for codes in before)
    for level, place_row, column, code in arguments.get("edits", ()):
        after[level][0, place_row, column] = code
    arrays: dict[str, NDArray[Any]] = {}
    for name, codes in (("codes", before), ("edited", after)):
        arrays |= {f"{name}_{level}": each[0].numpy() for level, each in enumerate(codes)}
    z = torch.cat([model.look_up(before), model.look_up(after)])
    pictures, log_p = shown(subject, z), log_prior(subject, z)
    arrays |= {"reconstruction": pictures[0], "edited": pictures[1]}
    values = {"row": row, "levels": model.level_names}
    return Findings(arrays, {**values, "log_prior": log_p[0], "edited_log_prior": log_p[1]})


@torch.no_grad()
def _codes_of(model: Codebook, samples: NDArray[np.float32]) -> tuple[Tensor, ...]:
    return model.codes(torch.from_numpy(samples))


@register_question("code_draws")
def code_draws(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """New code maps drawn from the prior, decoded.

    Arguments: `count`, `seed`. Arrays: `drawn`, uint8 (count, H, W, C) or float32 (count, F), and
    `log_prior` (count,) in nats.
    """
    quantising(subject)
    model: object = subject.model  # a module has any attribute: mypy takes all for a prior
    if not isinstance(model, Prior):
        raise ValueError("this model has no prior to draw from")
    count = min(int(arguments.get("count", 16)), MOST_DRAWS)
    generator = torch.Generator().manual_seed(int(arguments.get("seed", 0)))
    with torch.no_grad():
        z = model.draw_prior(count, generator)
    pictures = []
    for rows in torch.split(z, ROWS):
        pictures.append(shown(subject, rows))
        yield None
    arrays = {"drawn": np.concatenate(pictures), "log_prior": np.array(log_prior(subject, z))}
    yield Findings(arrays, {"seed": int(arguments.get("seed", 0))})


def quantising(subject: Subject) -> Codebook:
    """The model of a question, which has to quantise.

    Raises:
        ValueError: If it does not.
    """
    model: object = subject.model
    if not isinstance(model, Codebook):
        raise ValueError("this model has no codebook")
    return model


@torch.no_grad()
def shown(subject: Subject, z: Tensor) -> NDArray[Any]:
    """Decodes as the window shows them: uint8 (B, H, W, C), or float32 (B, F) in own units."""
    assert subject.model is not None
    x_hat = subject.model.decode(z)
    if x_hat.ndim == 4:
        return bytes_of(x_hat)
    values = np.ascontiguousarray(x_hat.numpy())
    return values if subject.own_units is None else subject.own_units(values)


@torch.no_grad()
def log_prior(subject: Subject, z: Tensor) -> list[float]:
    """Log p of latents in nats; NaN of a model without a prior."""
    model: object = subject.model
    if not isinstance(model, Prior):
        return [float("nan")] * len(z)
    return [float(value) for value in model.log_prior(z)]


def bytes_of(x: Tensor) -> NDArray[np.uint8]:
    """Images (B, C, H, W) with white 1 as bytes (B, H, W, C), clipped."""
    levels = x.clamp(0.0, 1.0).mul(255.0).round().to(torch.uint8)
    return np.ascontiguousarray(levels.permute(0, 2, 3, 1).numpy())


def colours_of(codes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A colour for each code (K, d): the three principal axes are red, green and blue, (K, 3)."""
    centred = codes.astype(np.float64) - codes.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:3]
    parts = np.zeros((len(codes), 3))
    parts[:, : len(axes)] = centred @ axes.T
    spread = np.abs(parts).max(axis=0)
    return np.asarray(np.rint(128 + 90 * parts / np.where(spread > 0, spread, 1.0)), np.uint8)
