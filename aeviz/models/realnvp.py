"""RealNVP: a flow of affine couplings, equally fast in both directions."""

from collections.abc import Sequence
from typing import final

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term, TruthLine
from aeviz.models import likelihoods
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.bijection import (
    BASE,
    LOG_DET,
    TRAINING,
    Bijection,
    HiddenWidths,
    Transforms,
    dequantised,
    features_of,
    layout_of,
)
from aeviz.models.flows import Mapped, build_flow
from aeviz.models.options import FORBID_EXTRA, Activation


@dataclass(frozen=True, config=FORBID_EXTRA)
class RealNVPConfig:
    """Options of the RealNVP flow."""

    transforms: Transforms = 8
    widths: HiddenWidths = (64, 64)
    activation: Activation = "relu"


@register_model(
    "realnvp",
    title="RealNVP flow",
    summary="Half of the features move and scale the other half, in turn: exactly "
    "invertible, with an exact density.",
    source="Dinh et al., 2017",
    config=RealNVPConfig,
    dataset="two-moons",
    defaults=TRAINING,
)
@final
class RealNVP(LatentModel):
    """Affine couplings; each changes every second feature, told the others.

    Attributes:
        bijection: Standardising and the flow.

    References:
        | Density estimation using Real NVP (Dinh et al., 2017)
        | https://arxiv.org/abs/1605.08803
    """

    def __init__(self, data: DataSpec, config: RealNVPConfig) -> None:
        super().__init__()
        self.latent_dim = features_of(data, "realnvp")
        self.layers = layout_of(data, config.transforms)
        flow = build_flow(
            "realnvp",
            self.latent_dim,
            transforms=config.transforms,
            widths=config.widths,
            activation=config.activation,
        )
        self.bijection = Bijection(flow, data)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map samples to z = f(x), (B, F)."""
        return self.bijection.encode(x)

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents back to x = f⁻¹(z), exactly; one pass per transform."""
        return self.bijection.decode(z)

    def loss(self, batch: Batch, step: Step) -> Losses:
        """−log p(x)."""
        return self.bijection.loss(batch, step)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Base density and volume change."""
        return (BASE, LOG_DET)

    def log_density(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`log p_z(f(x))` and `log |det ∂f/∂x|` in nats, each (B,)."""
        return self.bijection.log_density(x)

    def dequantised(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Samples (B, …) as the loss takes them: images with noise of one grey step's width."""
        return dequantised(x, self.bijection.data.step, generator)

    def standardised(self, x: Tensor) -> Tensor:
        """Samples (B, …) as the first transform takes them, (B, F)."""
        return self.bijection.standardised(x)

    def onwards(self, y: Tensor, stage: int) -> Sequence[Mapped]:
        """Places y (B, F) after so many transforms, and where each further one takes them."""
        return self.bijection.onwards(y, stage)

    def log_prior(self, z: Tensor) -> Tensor:
        """Log N(z; 0, I) in nats, (B,)."""
        return likelihoods.log_standard_normal(z)

    def draw_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws from N(0, I), (count, F)."""
        return likelihoods.draw_standard_normal(count, self.latent_dim, generator)

    def prepare(self, x: Tensor) -> None:
        """Take mean and standard deviation of every feature from the training samples (N, …)."""
        self.bijection.prepare(x)

    def truths(self, x: Tensor) -> tuple[TruthLine, ...]:
        """The entropy of what the samples were drawn from, where it is known."""
        return self.bijection.truths()

    def layout(self) -> Sequence[int]:
        """F before and after every transform, there and back."""
        return self.layers
