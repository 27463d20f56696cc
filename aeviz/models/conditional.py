"""Conditional variational autoencoder: encoder and decoder are told what is known already."""

from collections.abc import Sequence
from typing import final

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term
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
from aeviz.models.options import FORBID_EXTRA
from aeviz.models.priors import kl_term, warm_up
from aeviz.models.told import ConditionOption, Embedded, Embedding
from aeviz.models.vae import Beta, WarmUp


@dataclass(frozen=True, config=FORBID_EXTRA)
class ConditionalVAEConfig(BodyConfig):
    """Options of the conditional variational autoencoder."""

    condition: ConditionOption = "label"
    embedding: Embedding = 16
    beta: Beta = 1.0
    likelihood: LikelihoodOption = "auto"
    variance: Variance = "fixed"
    sigma: Sigma = 0.5
    warm_up: WarmUp = 0.0


@register_model(
    "conditional-vae",
    title="Conditional variational autoencoder",
    summary="A VAE that is told the label: its latents are left with the style alone.",
    source="Sohn, Lee & Yan, 2015; Kingma et al., 2014 (M2)",
    config=ConditionalVAEConfig,
)
@final
class ConditionalVAE(LatentModel):
    """Gaussian posterior q(z|x, c) and likelihood p(x|z, c); the prior p(z) does not know c.

    A condition that is not known is told as zeros, so that samples without a label can be trained
    on, encoded and decoded too. Where the condition is a part of the sample itself, the encoder
    takes it from the sample if it is not told.

    References:
        | Learning Structured Output Representation using Deep Conditional Generative Models (Sohn,
        | Lee & Yan, 2015), https://papers.nips.cc/paper/5775
        | Semi-Supervised Learning with Deep Generative Models (Kingma et al., 2014), on model M2,
        | whose prior does not depend on the label, https://arxiv.org/abs/1406.5298
    """

    def __init__(self, data: DataSpec, config: ConditionalVAEConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.config = config
        self.widths = layout_of(data, config)
        self.embedded = Embedded(data, config, config.embedding)
        self.condition_kind = self.embedded.kind
        self.condition_names = self.embedded.names
        extra = self.embedded.width
        # one layer gives mu and log_var side by side
        self.encoder = make_encoder(data, config, 2 * config.latent_dim, extra)
        self.decoder = make_decoder(data, config, config.latent_dim + extra)
        self.observation = Observation(
            data, config.likelihood, config.output, config.sigma, config.variance
        )
        self.bounded = self.observation.bounded

    def posterior(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`mu` and `log_var` of q(z|x, c), each (B, D)."""
        if condition is None and self.condition_kind == "sample":
            condition = x
        told = self.embedded(condition, x)
        mu, log_var = self.encoder(self.observation.seen(x), told).chunk(2, dim=1)
        return mu, log_var

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """The posterior mean `mu`, (B, D)."""
        return self.posterior(x, condition)[0]

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The mean of p(x|z, c) for latents (B, D)."""
        return self.observation.mean(self._output(z, condition))

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Reconstruction term plus β KL, with one draw of z per sample."""
        mu, log_var = self.posterior(batch.x, batch.condition)
        z = sample_normal(mu, log_var, step.generator)
        output = self._output(z, batch.condition)
        reconstruction = self.observation.distance(batch.x, output) / len(z)
        kl = kl_to_standard_normal(mu, log_var).mean()
        weight = step.weights.get("beta", self.config.beta)
        weight *= warm_up(step, self.config.warm_up, is_training=self.training)
        parts = {"reconstruction": reconstruction, "kl": kl}
        return Losses(reconstruction + weight * kl, parts)

    def _output(self, z: Tensor, condition: Tensor | None) -> Tensor:
        """What the decoder gives, before it becomes a mean."""
        output: Tensor = self.decoder(torch.cat([z, self.embedded(condition, z)], dim=1))
        return output

    def log_prior(self, z: Tensor) -> Tensor:
        """Log p(z) in nats, (B,)."""
        return log_standard_normal(z)

    def draw_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws from p(z), (count, D)."""
        return draw_standard_normal(count, self.latent_dim, generator)

    def log_likelihood(self, x: Tensor, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Log p(x|z, c) in nats per sample, (B,)."""
        return self.observation.log_prob(x, self._output(z, condition))

    @property
    def terms(self) -> tuple[Term, ...]:
        """Reconstruction and KL divergence."""
        return (self.observation.term, kl_term("normal"))

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths
