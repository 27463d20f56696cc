"""Code maps: the convolutions around them, and the latent that their codes make together."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from aeviz.models import quantiser
from aeviz.models.body import BodyConfig, after_convolution, area, enlarge
from aeviz.models.code_options import CodesConfig
from aeviz.models.layers import ACTIVATIONS
from aeviz.models.quantiser import Quantiser

Size = tuple[int, int]
"""Height and width of a map."""


class QuantisedMap(NamedTuple):
    """What quantising a map (B, d, h, w) gives.

    Attributes:
        codes: int64 (B, h, w).
        map: The codes themselves, (B, d, h, w), with the gradient straight through.
        commitment: Summed over places and dimensions, mean over the samples: a scalar.
        codebook: Likewise.
    """

    codes: Tensor
    map: Tensor
    commitment: Tensor
    codebook: Tensor


class CodeMaps(nn.Module):
    """The codebooks of one or several levels; a latent is all their codes, level after level.

    Args:
        config: Number and size of the codes, and how they learn.
        sizes: Height and width of each level's map, the coarsest first.
        names: Of the levels; "" for the only one.

    Attributes:
        latent_dim: D, the sum of h·w·d over the levels.
    """

    def __init__(self, config: CodesConfig, sizes: Sequence[Size], names: Sequence[str]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.names = tuple(names)
        self.dimensions = config.code_dim
        self.number = config.codes
        self.latent_dim = config.code_dim * sum(area(size) for size in self.sizes)
        decay = config.decay if config.codebook == "ema" else None
        self.levels = nn.ModuleList(
            Quantiser(config.codes, config.code_dim, decay=decay, dead_after=config.dead_after)
            for _ in self.sizes
        )

    def forward(
        self, features: Tensor, level: int = 0, generator: torch.Generator | None = None
    ) -> QuantisedMap:
        """Quantise a map (B, d, h, w) with the codebook of a level; learns in training."""
        count, _, height, width = features.shape
        vectors = features.permute(0, 2, 3, 1).reshape(-1, self.dimensions)  # (B·h·w, d)
        found = self.levels[level](vectors, generator)
        places = found.vectors.view(count, height, width, self.dimensions)
        return QuantisedMap(
            codes=found.codes.view(count, height, width),
            map=places.permute(0, 3, 1, 2),
            commitment=found.commitment / count,
            codebook=found.codebook / count,
        )

    def nearest(self, features: Tensor, level: int = 0) -> Tensor:
        """The nearest codes of a map (B, d, h, w), which learn nothing from it: int64 (B, h, w)."""
        count, _, height, width = features.shape
        vectors = features.permute(0, 2, 3, 1).reshape(-1, self.dimensions)
        return self._level(level).nearest(vectors).view(count, height, width)

    def codebook(self, level: int) -> Tensor:
        """The codes of a level, (K, d)."""
        return self._level(level).codes.detach()

    def quantise(self, z: Tensor) -> tuple[Tensor, ...]:
        """The nearest codes of latents (B, D): int64 (B, h, w) of each level."""
        lengths = [self.dimensions * area(size) for size in self.sizes]
        parts = torch.split(z, lengths, dim=1)
        return tuple(
            self._level(level).found(part.reshape(-1, self.dimensions)).view(-1, *size)
            for level, (part, size) in enumerate(zip(parts, self.sizes, strict=True))
        )

    def look_up(self, codes: Sequence[Tensor]) -> Tensor:
        """The latents (B, D) of codes int64 (B, h, w) of each level."""
        rows = [self._level(n).look_up(each).flatten(1) for n, each in enumerate(codes)]
        return torch.cat(rows, dim=1)

    def map(self, codes: Tensor, level: int = 0) -> Tensor:
        """The codes of a level as a map for a decoder: int64 (B, h, w) to (B, d, h, w)."""
        return self._level(level).look_up(codes).permute(0, 3, 1, 2)

    def counts(self, z: Tensor) -> Tensor:
        """How often each code of each level occurs in latents (B, D), float64 (levels, K)."""
        return torch.stack([quantiser.usage(codes, self.number) for codes in self.quantise(z)])

    def figures(self, counts: Tensor) -> dict[str, float]:
        """Perplexity and share of the codes in use by level; see `quantiser.figures`."""
        return quantiser.figures(list(counts), self.names)

    def _level(self, level: int) -> Quantiser:
        found = self.levels[level]
        assert isinstance(found, Quantiser)
        return found


class Residual(nn.Module):
    """A map plus what two convolutions make of it."""

    def __init__(self, channels: int, config: BodyConfig) -> None:
        super().__init__()
        self.change = nn.Sequential(
            ACTIVATIONS[config.activation](),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=config.bias and not config.batch_norm),
            *after_convolution(channels, config),
            nn.Conv2d(channels, channels, 1, bias=config.bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        y: Tensor = x + self.change(x)
        return y


def map_encoder(inputs: int, outputs: int, config: BodyConfig, blocks: int) -> nn.Sequential:
    """Maps (B, inputs, H, W) to (B, outputs, h, w): a halving per entry of `channels`."""
    layers: list[nn.Module] = []
    has_bias = config.bias and not config.batch_norm
    for before, after in pairwise((inputs, *config.channels)):
        layers.append(nn.Conv2d(before, after, 4, 2, 1, bias=has_bias))
        layers += after_convolution(after, config)
    last = config.channels[-1]
    layers += [Residual(last, config) for _ in range(blocks)]
    layers.append(nn.Conv2d(last, outputs, 1, bias=config.bias))
    return nn.Sequential(*layers)


def map_decoder(
    inputs: int, outputs: int, config: BodyConfig, sizes: Sequence[Size], blocks: int
) -> nn.Sequential:
    """Maps (B, inputs, h, w) to (B, outputs, H, W).

    Args:
        inputs: Maps that come in.
        outputs: Maps that go out, without activation.
        config: Of the body; its `channels` are used in reverse.
        sizes: Of the maps, from the code map to the image; one more than there are `channels`.
        blocks: Residual blocks before the first enlargement.
    """
    widths = (*config.channels[::-1], outputs)
    first = nn.Conv2d(inputs, widths[0], 3, 1, 1, bias=config.bias and not config.batch_norm)
    layers: list[nn.Module] = [first, *after_convolution(widths[0], config)]
    layers += [Residual(widths[0], config) for _ in range(blocks)]
    steps = zip(pairwise(widths), pairwise(sizes), strict=True)
    for number, ((before, after), (size, to)) in enumerate(steps):
        is_last = number == len(config.channels) - 1
        has_bias = config.bias and (is_last or not config.batch_norm)
        layers += enlarge(before, after, size, to, config.upsampling, bias=has_bias)
        layers += [] if is_last else after_convolution(after, config)
    return nn.Sequential(*layers)
