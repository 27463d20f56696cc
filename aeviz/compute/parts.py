"""Encoder and decoder of a run as modules of their own, which take and give a person's units."""

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from aeviz.data.dataset import MOST_LOGARITHM, Scaling
from aeviz.models.base import Conditional, LatentModel

PartName = Literal["encoder", "decoder"]
PARTS: tuple[PartName, ...] = ("encoder", "decoder")


class Units(nn.Module):
    """Between a person's units and what a model sees.

    Images are floats (B, H, W, C) with 0 black and 1 white, tables rows (B, F) of the data's own
    numbers; a model sees scaled images (B, C, H, W), or scaled rows.

    Args:
        scaling: Of the run.
        white: The value of an image that is white, in the data's own units.
        is_image: Whether a sample is an image.
    """

    shift: Tensor
    scale: Tensor
    matrix: Tensor
    back: Tensor

    def __init__(self, scaling: Scaling, white: float, *, is_image: bool) -> None:
        super().__init__()
        self.is_image, self.is_plain = is_image, is_image and scaling.is_plain
        self.is_logarithmic = scaling.is_logarithmic
        self.white = white if is_image else 1.0
        self.register_buffer("shift", torch.tensor(scaling.shift))
        self.register_buffer("scale", torch.tensor(scaling.scale))
        matrix = scaling.matrix
        self.has_matrix = matrix is not None
        if matrix is not None:
            back = np.linalg.inv(matrix.astype(np.float64)).astype(np.float32)
            self.register_buffer("matrix", torch.tensor(matrix))
            self.register_buffer("back", torch.tensor(back))

    def to_model(self, own: Tensor) -> Tensor:
        """A person's samples as a model sees them."""
        if not self.is_plain:
            own = own * self.white
            own = torch.log1p(own) if self.is_logarithmic else own
            own = (own - self.shift) / self.scale
            own = _mixed(own, self.matrix) if self.has_matrix else own
        return own.permute(0, 3, 1, 2) if self.is_image else own

    def to_person(self, scaled: Tensor) -> Tensor:
        """A model's samples as a person has them."""
        own = scaled.permute(0, 2, 3, 1) if self.is_image else scaled
        if self.is_plain:
            return own
        own = _mixed(own, self.back) if self.has_matrix else own
        own = own * self.scale + self.shift
        own = torch.expm1(own.clamp(max=float(MOST_LOGARITHM))) if self.is_logarithmic else own
        return own / self.white


class EncoderPart(nn.Module):
    """Samples in a person's units to latents (B, D)."""

    def __init__(self, model: LatentModel, units: Units) -> None:
        super().__init__()
        self.model, self.units = model, units

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Encode; of a posterior the mean."""
        return self.model.encode(self.units.to_model(x), _told(self.model, self.units, condition))


class DecoderPart(nn.Module):
    """Latents (B, D) to samples in a person's units."""

    def __init__(self, model: LatentModel, units: Units) -> None:
        super().__init__()
        self.model, self.units = model, units

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Decode."""
        told = _told(self.model, self.units, condition)
        return self.units.to_person(self.model.decode(z, told))


def part_of(model: LatentModel, units: Units, name: PartName) -> nn.Module:
    """One of the two parts, in `eval()`."""
    made = EncoderPart(model, units) if name == "encoder" else DecoderPart(model, units)
    return made.eval()


def example_of(
    model: LatentModel, sample_shape: tuple[int, ...], name: PartName, count: int, seed: int = 0
) -> tuple[Tensor, ...]:
    """Input of a part: samples or latents, and a condition where the model takes one.

    Args:
        model: Of the run.
        sample_shape: (H, W, C) or (F,).
        name: Which part.
        count: Rows.
        seed: The same gives the same.
    """
    draw = torch.Generator().manual_seed(seed)
    shape = sample_shape if name == "encoder" else (model.latent_dim,)
    values = torch.rand((count, *shape), generator=draw)
    first = values if name == "encoder" else 2 * values - 1
    if not isinstance(model, Conditional):
        return (first,)
    if model.condition_kind == "numbers":
        return first, torch.zeros(count, len(model.condition_names))
    if model.condition_kind == "sample":
        return first, torch.rand((count, *sample_shape), generator=draw)
    return first, torch.arange(count) % len(model.condition_names)


def _told(model: LatentModel, units: Units, condition: Tensor | None) -> Tensor | None:
    """A condition as the model takes it: a sample in a person's units is scaled as well."""
    is_sample = isinstance(model, Conditional) and model.condition_kind == "sample"
    return units.to_model(condition) if is_sample and condition is not None else condition


def _mixed(rows: Tensor, matrix: Tensor) -> Tensor:
    features = math.prod(rows.shape[1:])
    return (rows.reshape(-1, features) @ matrix).reshape(rows.shape)
