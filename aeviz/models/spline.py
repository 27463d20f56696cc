"""Neural spline flow: rational-quadratic splines bend each feature, told the others."""

from collections.abc import Sequence
from typing import Annotated, Literal, final

import torch
from pydantic import Field
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

MOST_AUTOREGRESSIVE = 16
"""Features at most for which "auto" takes autoregressive splines."""

Bins = Annotated[
    int,
    Field(
        ge=2,
        le=128,
        title="Bins",
        description="Pieces of each curve between -5 and 5; more make sharper edges",
    ),
]
ConditionerName = Literal["auto", "autoregressive", "coupling"]
Conditioner = Annotated[
    ConditionerName,
    Field(
        title="Conditioner",
        description="What shapes the curve of a feature: all features before it (autoregressive), "
        "or half of them (coupling: decodes in one pass); auto couples beyond 16 features",
        json_schema_extra={"advanced": True},
    ),
]


@dataclass(frozen=True, config=FORBID_EXTRA)
class SplineConfig:
    """Options of the neural spline flow."""

    transforms: Transforms = 3
    widths: HiddenWidths = (64, 64)
    bins: Bins = 16
    conditioner: Conditioner = "auto"
    activation: Activation = "relu"


@register_model(
    "spline",
    title="Neural spline flow",
    summary="Every feature is bent by a monotone curve that the other features shape: the "
    "sharpest densities of the three flows.",
    source="Durkan et al., 2019",
    config=SplineConfig,
    dataset="two-moons",
    defaults=TRAINING,
)
@final
class Spline(LatentModel):
    """Rational-quadratic splines on [-5, 5] standard deviations, the identity outside.

    Autoregressive splines take one pass per feature to decode, coupled ones a single pass.

    Attributes:
        bijection: Standardising and the flow.

    References:
        | Neural Spline Flows (Durkan et al., 2019)
        | https://arxiv.org/abs/1906.04032
    """

    def __init__(self, data: DataSpec, config: SplineConfig) -> None:
        super().__init__()
        self.latent_dim = features_of(data, "spline")
        self.layers = layout_of(data, config.transforms)
        flow = build_flow(
            "spline",
            self.latent_dim,
            transforms=config.transforms,
            widths=config.widths,
            bins=config.bins,
            coupling=is_coupled(config.conditioner, self.latent_dim),
            activation=config.activation,
        )
        self.bijection = Bijection(flow, data)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map samples to z = f(x), (B, F)."""
        return self.bijection.encode(x)

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents back to x = f⁻¹(z), exactly; one or F passes per transform."""
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


def is_coupled(conditioner: ConditionerName, features: int) -> bool:
    """Whether splines couple two halves of the features instead of being autoregressive."""
    return conditioner == "coupling" or (conditioner == "auto" and features > MOST_AUTOREGRESSIVE)
