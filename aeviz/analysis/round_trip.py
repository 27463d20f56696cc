"""Decodes of an invertible model, each checked by encoding it again.

Far from its data a trained flow may invert wrongly by orders of magnitude in single precision,
without a sign of it. What is wrong is decoded again in double precision, and what is wrong even
then becomes NaN: it is not shown.

References:
    | Understanding and mitigating exploding inverses in invertible neural networks (Behrmann et
    | al., 2021), https://arxiv.org/abs/2006.09347
"""

import copy

import torch
from torch import Tensor

from aeviz.models.base import LatentModel

TOLERANCE = 1e-2
"""Largest distance of a latent from the latent of its decode, per dimension; of latents beyond 1 as
a share of their largest coordinate."""


class RoundTrip:
    """Decodes with one model. Its weights may change between calls, told by `forget`."""

    def __init__(self, model: LatentModel) -> None:
        self._model = model
        self._precise: LatentModel | None = None

    def forget(self) -> None:
        """The model has other weights now."""
        self._precise = None

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to samples (B, …); rows that cannot be inverted are NaN."""
        x = self._model.decode(z, condition)
        wrong = ~holds(z, self._model.encode(x, condition))
        if wrong.any():
            told = None if condition is None else condition[wrong]
            x[wrong] = self._decode_precisely(z[wrong], told).to(x.dtype)
        return x

    def _decode_precisely(self, z: Tensor, condition: Tensor | None) -> Tensor:
        if self._precise is None:
            self._precise = copy.deepcopy(self._model).double()
        x = self._precise.decode(z.double(), condition)
        x[~holds(z, self._precise.encode(x, condition))] = torch.nan
        return x


def holds(z: Tensor, again: Tensor) -> Tensor:
    """Whether latents (B, D) came back near enough, (B,)."""
    allowed = TOLERANCE * z.abs().amax(dim=1).clamp(min=1.0)
    return (again - z).abs().amax(dim=1) <= allowed  # false for NaN
