"""β-TC-VAE: only the dependence between latent dimensions is made to pay more."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term, TruthLine
from aeviz.models.anchors import anchors
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, layout_of, make_decoder, make_encoder
from aeviz.models.layers import sample_normal
from aeviz.models.likelihoods import (
    LikelihoodOption,
    Observation,
    Sigma,
    Variance,
    draw_standard_normal,
    log_normal,
    log_standard_normal,
)
from aeviz.models.options import FORBID_EXTRA, LatentDim

EstimateName = Literal["stratified", "weighted"]


def _term(name: str, title: str, formula: str, what: str, weight: str) -> Term:
    definition = (
        f"{what}; q(z) is the mean of all posteriors, estimated from the batch and the number of "
        "samples trained on; mean over the samples."
    )
    return Term(name, title, formula, "nats per sample", definition, weight)


MUTUAL = _term(
    "mutual_information",
    "Mutual information",
    "KL(q(z,n) ‖ q(z) p(n))",
    "How much a latent says of the sample that it was drawn for",
    "alpha",
)
CORRELATION = _term(
    "total_correlation",
    "Total correlation",
    "KL(q(z) ‖ Π q(zⱼ))",
    "How far the latent dimensions are from independent",
    "beta",
)
DIMENSIONS = _term(
    "dimension_kl",
    "Dimension-wise KL",
    "Σ KL(q(zⱼ) ‖ p(zⱼ))",
    "How far each latent dimension by itself is from the prior",
    "gamma",
)


def _weight(title: str, of: str) -> object:
    return Field(
        ge=0,
        le=1000,
        title=title,
        description=f"Weight of the {of}",
        json_schema_extra={"live": True, "logarithmic": True},
    )


@dataclass(frozen=True, config=FORBID_EXTRA)
class TCVAEConfig(BodyConfig):
    """Options of the β-TC-VAE."""

    latent_dim: LatentDim = 10
    beta: Annotated[float, _weight("β", "total correlation")] = 6.0
    alpha: Annotated[float, _weight("α", "mutual information")] = 1.0
    gamma: Annotated[float, _weight("γ", "dimension-wise KL")] = 1.0
    estimate: Annotated[
        EstimateName,
        Field(
            title="Estimate",
            description="How the density of all latents is estimated from a batch: stratified is "
            "unbiased for q(z), weighted is the simpler one, too small on average",
            json_schema_extra={"advanced": True},
        ),
    ] = "stratified"
    likelihood: LikelihoodOption = "auto"
    variance: Variance = "fixed"
    sigma: Sigma = 0.5


@register_model(
    "tc-vae",
    title="β-TC-VAE",
    summary="Only what makes latent dimensions depend on each other pays more, so that each comes "
    "to mean one thing.",
    source="Chen et al., 2018",
    config=TCVAEConfig,
    dataset="shapes",
)
@final
class TCVAE(LatentModel):
    """Gaussian posterior whose KL divergence is weighed in three parts.

    References:
        | Isolating Sources of Disentanglement in VAEs (Chen et al., 2018)
        | https://arxiv.org/abs/1802.04942
    """

    is_pairwise = True

    def __init__(self, data: DataSpec, config: TCVAEConfig) -> None:
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
        """Reconstruction term plus the three parts of the divergence, each with its weight."""
        mu, log_var = self.posterior(batch.x)
        z = sample_normal(mu, log_var, step.generator)
        reconstruction = self.observation.distance(batch.x, self.decoder(z)) / len(z)
        stratified = self.config.estimate == "stratified"
        parts = decompose(z, mu, log_var, step.samples, stratified=stratified)
        config, weights = self.config, step.weights
        total = (
            reconstruction
            + weights.get("alpha", config.alpha) * parts.mutual_information
            + weights.get("beta", config.beta) * parts.total_correlation
            + weights.get("gamma", config.gamma) * parts.dimension_kl
        )
        return Losses(total, {"reconstruction": reconstruction, **parts._asdict()})

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
        """Reconstruction and the three parts of the divergence."""
        return (self.observation.term, MUTUAL, CORRELATION, DIMENSIONS)

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths


class Decomposition(NamedTuple):
    """The KL divergence in three parts, each a scalar in nats, mean over the batch.

    Their sum is the mean of log q(z|x) − log p(z), whatever the estimate of q(z).
    """

    mutual_information: Tensor
    total_correlation: Tensor
    dimension_kl: Tensor


def decompose(
    z: Tensor, mu: Tensor, log_var: Tensor, samples: int, *, stratified: bool = True
) -> Decomposition:
    """Split the divergence from the standard normal into three parts.

    Args:
        z: One draw per sample of the batch, (B, D).
        mu: Of q(z|x), (B, D).
        log_var: Of q(z|x), (B, D).
        samples: Number N of samples that q(z) is the mean over.
        stratified: Which estimate of q(z) from the batch.
    """
    each = log_normal(z[:, None], mu, log_var)  # (B, B, D): draw i under posterior j
    weights = log_weights(len(z), samples, z, stratified=stratified)
    own = log_normal(z, mu, log_var).sum(dim=1)
    joint = torch.logsumexp(each.sum(dim=2) + weights, dim=1)
    product = torch.logsumexp(each + weights[:, :, None], dim=1).sum(dim=1)
    return Decomposition(
        (own - joint).mean(),
        (joint - product).mean(),
        (product - log_standard_normal(z)).mean(),
    )


def log_weights(count: int, samples: int, like: Tensor, *, stratified: bool) -> Tensor:
    """Logarithm of the weight of posterior j in the estimate of q at draw i, (B, B).

    Stratified: the draw's own posterior stands for itself alone, 1/N; of the M = B − 1 others one
    has the weight (N − M) / (N M) and the rest 1/M. A row's weights add up to 1, and each sample of
    the data set has the weight 1/N on average. Where the batch holds all N, every weight is 1/N.

    References:
        Chen et al., 2018, appendix C.
    """
    if not stratified:
        return torch.full_like(like[:1, :1], -math.log(samples * count)).expand(count, count)
    if samples <= count or count == 1:
        return torch.full_like(like[:1, :1], -math.log(count)).expand(count, count)
    others = count - 1
    own = torch.eye(count, device=like.device, dtype=like.dtype)
    weights = torch.full_like(own, 1.0 / others)
    weights = weights + own * (1.0 / samples - 1.0 / others)
    weights = weights + own.roll(1, dims=1) * ((samples - others) / samples - 1.0) / others
    return weights.log()
