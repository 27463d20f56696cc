"""MAF: a masked autoregressive flow, fast towards z and one pass per feature back."""

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
class MAFConfig:
    """Options of the masked autoregressive flow."""

    transforms: Transforms = 8
    widths: HiddenWidths = (64, 64)
    activation: Activation = "relu"


@register_model(
    "maf",
    title="Masked autoregressive flow",
    summary="Every feature is moved and scaled by what comes before it: an exact density, "
    "slower to invert.",
    source="Papamakarios et al., 2017",
    config=MAFConfig,
    dataset="two-moons",
    defaults=TRAINING,
)
@final
class MAF(LatentModel):
    """Affine autoregressive transforms whose order alternates.

    Towards z each transform takes one pass, back to x as many as there are features.

    Attributes:
        bijection: Standardising and the flow.

    References:
        | Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017)
        | https://arxiv.org/abs/1705.07057
    """

    def __init__(self, data: DataSpec, config: MAFConfig) -> None:
        super().__init__()
        self.latent_dim = features_of(data, "maf")
        self.layers = layout_of(data, config.transforms)
        flow = build_flow(
            "maf",
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
        """Map latents back to x = f⁻¹(z), exactly; F passes per transform."""
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
