"""Capacity-annealed β-VAE: the latents may carry a little more information at every step."""

from collections.abc import Sequence
from typing import Annotated, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term, TruthLine
from aeviz.models.anchors import anchors
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, layout_of, make_decoder, make_encoder
from aeviz.models.layers import kl_to_standard_normal, sample_normal
from aeviz.models.likelihoods import (
    LikelihoodOption,
    Observation,
    Sigma,
    Variance,
    draw_standard_normal,
    log_standard_normal,
)
from aeviz.models.options import FORBID_EXTRA, LatentDim
from aeviz.models.priors import kl_term

CAPACITY = Term(
    name="capacity",
    title="Capacity",
    formula="(|KL − C| − KL)",
    unit="nats per sample",
    definition="What makes of the divergence its distance from the capacity C, which grows while "
    "training and has its full size in validation: −C as long as the divergence is above C.",
    weight="gamma",
)


@dataclass(frozen=True, config=FORBID_EXTRA)
class CapacityVAEConfig(BodyConfig):
    """Options of the capacity-annealed β-VAE."""

    latent_dim: LatentDim = 10
    gamma: Annotated[
        float,
        Field(
            ge=0,
            le=100_000,
            title="γ",
            description="Weight that holds the KL divergence at the capacity",
            json_schema_extra={"live": True, "logarithmic": True},
        ),
    ] = 10.0
    capacity: Annotated[
        float,
        Field(
            ge=0,
            le=1000,
            title="Capacity",
            description="Nats per sample that the latents may carry in the end",
            json_schema_extra={"live": True},
        ),
    ] = 10.0
    growth: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            title="Growth",
            description="Share of the training over which the capacity grows from 0 to its full "
            "size, step by step",
        ),
    ] = 0.8
    likelihood: LikelihoodOption = "auto"
    variance: Variance = "fixed"
    sigma: Sigma = 0.5


@register_model(
    "capacity-vae",
    title="Capacity-annealed β-VAE",
    summary="The latents may carry more and more information: the factors that matter most come "
    "first.",
    source="Burgess et al., 2018",
    config=CapacityVAEConfig,
    dataset="shapes",
)
@final
class CapacityVAE(LatentModel):
    """Gaussian posterior whose divergence follows a capacity: reconstruction + γ |KL − C|.

    References:
        | Understanding disentangling in β-VAE (Burgess et al., 2018)
        | https://arxiv.org/abs/1804.03599
    """

    def __init__(self, data: DataSpec, config: CapacityVAEConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.config = config
        self.widths = layout_of(data, config)
        self.encoder = make_encoder(data, config, 2 * config.latent_dim)
        self.decoder = make_decoder(data, config, config.latent_dim)
        self.observation = Observation(
            data, config.likelihood, config.output, config.sigma, config.variance
        )
        self.bounded = self.observation.bounded

    def posterior(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`mu` and `log_var` of q(z|x), each (B, D)."""
        mu, log_var = self.encoder(self.observation.seen(x)).chunk(2, dim=1)
        return mu, log_var

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """The posterior mean `mu`, (B, D)."""
        return self.posterior(x)[0]

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The mean of p(x|z) for latents (B, D)."""
        return self.observation.mean(self.decoder(z))

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Reconstruction term plus γ times the distance of the KL divergence from the capacity."""
        mu, log_var = self.posterior(batch.x)
        z = sample_normal(mu, log_var, step.generator)
        reconstruction = self.observation.distance(batch.x, self.decoder(z)) / len(z)
        kl = kl_to_standard_normal(mu, log_var).mean()
        gap = (kl - self._capacity(step)).abs()
        total = reconstruction + step.weights.get("gamma", self.config.gamma) * gap
        return Losses(total, {"reconstruction": reconstruction, "kl": kl, "capacity": gap - kl})

    def _capacity(self, step: Step) -> float:
        """C in nats: what training has reached, all of it in validation, so epochs compare."""
        capacity = step.weights.get("capacity", self.config.capacity)
        if not self.training or step.progress >= self.config.growth:
            return capacity
        return capacity * step.progress / self.config.growth

    def log_prior(self, z: Tensor) -> Tensor:
        """Log N(z; 0, I) in nats, (B,)."""
        return log_standard_normal(z)

    def draw_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws from N(0, I), (count, D)."""
        return draw_standard_normal(count, self.latent_dim, generator)

    def log_likelihood(self, x: Tensor, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Log p(x|z) in nats per sample, (B,)."""
        return self.observation.log_prob(x, self.decoder(z))

    def truths(self, x: Tensor) -> tuple[TruthLine, ...]:
        """The reconstruction term of a collapsed model, and the least there can be."""
        return anchors(self.observation, x)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Reconstruction, KL divergence, and what makes of it the distance from the capacity."""
        return (self.observation.term, kl_term("normal", weight="gamma"), CAPACITY)

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths
