"""InfoVAE and Wasserstein autoencoder: all latents together are drawn towards the prior."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, final

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
from aeviz.models.mmd import EstimateName, KernelName, ScalesName, mmd
from aeviz.models.options import FORBID_EXTRA
from aeviz.models.priors import kl_term

MMD = Term(
    name="mmd",
    title="MMD to the prior",
    formula="MMD²(q(z), p(z))",
    unit="kernel units, 0 to 2",
    definition="Squared maximum mean discrepancy between the latents of a batch and as many draws "
    "from the standard normal prior; the unbiased estimate may be a little below 0.",
    weight="penalty",
)


@dataclass(frozen=True, config=FORBID_EXTRA)
class WAEConfig(BodyConfig):
    """Options of the InfoVAE / Wasserstein autoencoder."""

    penalty: Annotated[
        float,
        Field(
            ge=0,
            le=1_000_000,
            title="Penalty",
            description="Weight λ of the MMD between latents and prior",
            json_schema_extra={"live": True, "logarithmic": True},
        ),
    ] = 10.0
    encoder: Annotated[
        Literal["deterministic", "gaussian"],
        Field(
            title="Encoder",
            description="One latent for every sample, or a Gaussian posterior that z is drawn from",
        ),
    ] = "deterministic"
    kl_weight: Annotated[
        float,
        Field(
            ge=0,
            le=1000,
            title="KL weight",
            description="Weight 1 − α of every sample's own KL divergence: 0 is the Wasserstein "
            "autoencoder; 1 is a VAE with the MMD beside it",
            json_schema_extra={"live": True, "when": ["encoder", "gaussian"]},
        ),
    ] = 0.0
    kernel: Annotated[
        KernelName,
        Field(
            title="Kernel",
            description="What two latents have in common: imq, the inverse multiquadratic, still "
            "feels those far away; rbf, the Gaussian kernel, does not",
        ),
    ] = "imq"
    bandwidth: Annotated[
        float,
        Field(
            ge=0.01,
            le=100,
            title="Bandwidth",
            description="Width of the kernel; 1 suits points as far apart as draws of the prior",
            json_schema_extra={"logarithmic": True},
        ),
    ] = 1.0
    scales: Annotated[
        ScalesName,
        Field(
            title="Scales",
            description="One kernel, or the mean of seven whose squared widths are 0.1 to 10 times "
            "that one's",
            json_schema_extra={"advanced": True},
        ),
    ] = "one"
    estimate: Annotated[
        EstimateName,
        Field(
            title="Estimate",
            description="biased counts every latent's pair with itself too, and never falls below "
            "0; unbiased is right on average",
            json_schema_extra={"advanced": True},
        ),
    ] = "unbiased"
    likelihood: LikelihoodOption = "mse"
    variance: Variance = "fixed"
    sigma: Sigma = 0.5


@register_model(
    "wae",
    title="InfoVAE / Wasserstein autoencoder",
    summary="Not every sample's own latents but all of them together are made to look like the "
    "prior.",
    source="Tolstikhin et al., 2018; Zhao et al., 2019 (InfoVAE)",
    config=WAEConfig,
)
@final
class WAE(LatentModel):
    """Reconstruction plus λ times the MMD between the latents and a standard normal prior.

    The method `posterior` is there only with a Gaussian encoder, and `log_likelihood` only with a
    likelihood: what a model has not, it does not promise.

    References:
        | Wasserstein Auto-Encoders (Tolstikhin et al., 2018), https://arxiv.org/abs/1711.01558
        | InfoVAE (Zhao et al., 2019), https://arxiv.org/abs/1706.02262
    """

    is_pairwise = True
    posterior: Callable[..., tuple[Tensor, Tensor]]
    log_likelihood: Callable[..., Tensor]

    def __init__(self, data: DataSpec, config: WAEConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.config = config
        self.widths = layout_of(data, config)
        self.is_gaussian = config.encoder == "gaussian"
        self.encoder = make_encoder(data, config, config.latent_dim * (1 + self.is_gaussian))
        self.decoder = make_decoder(data, config, config.latent_dim)
        self.observation = Observation(
            data, config.likelihood, config.output, config.sigma, config.variance
        )
        self.bounded = self.observation.bounded
        if self.is_gaussian:
            self.posterior = self._posterior
        if self.observation.kind != "mse":
            self.log_likelihood = self._log_likelihood

    def _posterior(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`mu` and `log_var` of q(z|x), each (B, D)."""
        mu, log_var = self.encoder(self.observation.seen(x)).chunk(2, dim=1)
        return mu, log_var

    def _log_likelihood(self, x: Tensor, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Log p(x|z) in nats per sample, (B,)."""
        return self.observation.log_prob(x, self.decoder(z))

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """The latents (B, D); of a Gaussian encoder the posterior mean."""
        if self.is_gaussian:
            return self._posterior(x)[0]
        z: Tensor = self.encoder(self.observation.seen(x))
        return z

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The mean of p(x|z) for latents (B, D)."""
        return self.observation.mean(self.decoder(z))

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Reconstruction plus λ MMD, with a Gaussian encoder also the weighted KL divergence."""
        parts = {}
        if self.is_gaussian:
            mu, log_var = self._posterior(batch.x)
            z = sample_normal(mu, log_var, step.generator)
            parts["kl"] = kl_to_standard_normal(mu, log_var).mean()
        else:
            z = self.encode(batch.x)
        reconstruction = self.observation.distance(batch.x, self.decoder(z)) / len(z)
        total = reconstruction + step.weights.get("penalty", self.config.penalty) * (
            discrepancy := self._discrepancy(z, step.generator)
        )
        if self.is_gaussian:
            total = total + step.weights.get("kl_weight", self.config.kl_weight) * parts["kl"]
        return Losses(total, {"reconstruction": reconstruction, "mmd": discrepancy, **parts})

    def _discrepancy(self, z: Tensor, generator: torch.Generator | None) -> Tensor:
        """Squared MMD between latents (B, D) and as many draws from the prior."""
        drawn = torch.randn(z.shape, generator=generator, device=z.device, dtype=z.dtype)
        config = self.config
        return mmd(
            z,
            drawn,
            kernel=config.kernel,
            bandwidth=config.bandwidth,
            scales=config.scales,
            estimate=config.estimate,
        )

    def log_prior(self, z: Tensor) -> Tensor:
        """Log N(z; 0, I) in nats, (B,)."""
        return log_standard_normal(z)

    def draw_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws from N(0, I), (count, D)."""
        return draw_standard_normal(count, self.latent_dim, generator)

    def truths(self, x: Tensor) -> tuple[TruthLine, ...]:
        """The reconstruction term of a collapsed model, and the least there can be."""
        return anchors(self.observation, x)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Reconstruction, MMD, and with a Gaussian encoder the KL divergence."""
        kl = (kl_term("normal", weight="kl_weight"),) if self.is_gaussian else ()
        return (self.observation.term, MMD, *kl)

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths
