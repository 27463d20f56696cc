"""Variational autoencoder: likelihoods, priors, β, KL warm-up, free bits."""

from collections.abc import Sequence
from typing import Annotated, Literal, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term, TruthLine
from aeviz.models.anchors import anchors
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, layout_of, make_decoder, make_encoder
from aeviz.models.layers import sample_normal
from aeviz.models.likelihoods import LikelihoodOption, Observation, Sigma, Variance
from aeviz.models.options import FORBID_EXTRA
from aeviz.models.priors import (
    FREE_BITS,
    MOMENTS,
    Components,
    PriorOption,
    Transforms,
    free_nats,
    kl_divergence,
    kl_term,
    make_prior,
    moment_distance,
    warm_up,
)

Beta = Annotated[
    float,
    Field(
        ge=0,
        le=1000,
        title="β",
        description="Weight of the KL divergence: 1 is the VAE, larger orders the latents more and "
        "reconstructs less",
        json_schema_extra={"live": True, "logarithmic": True},
    ),
]

WarmUp = Annotated[
    float,
    Field(
        ge=0,
        le=100_000,
        title="KL warm-up",
        description="Epochs over which the weight of the KL divergence is raised from 0 to β "
        "while training; 0 begins with β",
    ),
]

DivergenceName = Literal["kl", "moments"]


@dataclass(frozen=True, config=FORBID_EXTRA)
class VAEConfig(BodyConfig):
    """Options of the variational autoencoder."""

    beta: Beta = 1.0
    likelihood: LikelihoodOption = "auto"
    variance: Variance = "fixed"
    sigma: Sigma = 0.5
    prior: PriorOption = "normal"
    components: Components = 10
    transforms: Transforms = 3
    warm_up: WarmUp = 0.0
    free_bits: Annotated[
        float,
        Field(
            ge=0,
            le=100,
            title="Free bits",
            description="Nats of KL divergence that every latent dimension may have for nothing, "
            "against dimensions that die",
        ),
    ] = 0.0
    divergence: Annotated[
        DivergenceName,
        Field(
            title="Divergence",
            description="kl is the KL divergence; moments is the squared distance of (μ, σ) from "
            "(0, 1) in its place, to see why the KL",
            json_schema_extra={"advanced": True},
        ),
    ] = "kl"


@register_model(
    "vae",
    title="Variational autoencoder",
    summary="Every sample becomes a small cloud of latents, and the clouds fill a standard normal.",
    source="Kingma & Welling, 2014; Higgins et al., 2017 (β)",
    config=VAEConfig,
)
@final
class VAE(LatentModel):
    """Gaussian posterior with diagonal covariance; standard normal or learned prior.

    The loss is the reconstruction term plus β times the KL divergence: the negative ELBO at β = 1
    with a likelihood in nats.

    References:
        | Auto-Encoding Variational Bayes (Kingma & Welling, 2014)
        | https://arxiv.org/abs/1312.6114
        | β-VAE (Higgins et al., 2017), https://openreview.net/forum?id=Sy2fzU9gl
        | Ladder Variational Autoencoders (Sønderby et al., 2016), on warm-up
        | https://arxiv.org/abs/1602.02282
        | Improved Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016), on
        | free bits, https://arxiv.org/abs/1606.04934
    """

    def __init__(self, data: DataSpec, config: VAEConfig) -> None:
        super().__init__()
        if config.divergence == "moments" and (config.prior != "normal" or config.free_bits > 0):
            raise ValueError(
                "model.divergence=moments compares with 0 and 1 alone: it takes neither another "
                "model.prior nor model.free_bits"
            )
        self.latent_dim = config.latent_dim
        self.config = config
        self.widths = layout_of(data, config)
        # one layer gives mu and log_var side by side
        self.encoder = make_encoder(data, config, 2 * config.latent_dim)
        self.decoder = make_decoder(data, config, config.latent_dim)
        self.observation = Observation(
            data, config.likelihood, config.output, config.sigma, config.variance
        )
        self.bounded = self.observation.bounded
        self.prior = make_prior(
            config.prior, config.latent_dim, config.components, config.transforms
        )

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
        """Reconstruction term plus β KL, with one draw of z per sample."""
        mu, log_var = self.posterior(batch.x)
        z = sample_normal(mu, log_var, step.generator)
        reconstruction = self.observation.distance(batch.x, self.decoder(z)) / len(z)
        parts = self._divergence(mu, log_var, z)
        weight = step.weights.get("beta", self.config.beta)
        weight *= warm_up(step, self.config.warm_up, is_training=self.training)
        total = reconstruction
        for part in parts.values():
            total = total + weight * part
        return Losses(total, {"reconstruction": reconstruction, **parts})

    def _divergence(self, mu: Tensor, log_var: Tensor, z: Tensor) -> dict[str, Tensor]:
        """The terms that β weighs, means over the batch."""
        if self.config.divergence == "moments":
            return {"moments": moment_distance(mu, log_var).mean()}
        kl = kl_divergence(self.prior, mu, log_var, z)
        parts = {"kl": kl.mean()}
        if self.config.free_bits > 0:
            free = self.config.free_bits
            parts["free_bits"] = free_nats(mu, log_var, kl, self.prior, free)
        return parts

    def log_prior(self, z: Tensor) -> Tensor:
        """Log p(z) in nats, (B,)."""
        return self.prior.log_prob(z)

    def draw_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws from p(z), (count, D)."""
        return self.prior.draw(count, generator)

    def log_likelihood(self, x: Tensor, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Log p(x|z) in nats per sample, (B,)."""
        return self.observation.log_prob(x, self.decoder(z))

    def truths(self, x: Tensor) -> tuple[TruthLine, ...]:
        """The reconstruction term of a collapsed model, and the least there can be."""
        return anchors(self.observation, x)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Reconstruction and divergence."""
        if self.config.divergence == "moments":
            return (self.observation.term, MOMENTS)
        kl = kl_term(self.config.prior)
        free = (FREE_BITS,) if self.config.free_bits > 0 else ()
        return (self.observation.term, kl, *free)

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths
