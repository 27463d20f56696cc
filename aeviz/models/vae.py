"""Variational autoencoder with Bernoulli, Gaussian or squared-error reconstruction and a β."""

from collections.abc import Sequence
from typing import Annotated, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term
from aeviz.models import likelihoods
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, layout_of, make_decoder, make_encoder
from aeviz.models.layers import kl_to_standard_normal, sample_normal
from aeviz.models.likelihoods import LikelihoodOption, Sigma
from aeviz.models.options import FORBID_EXTRA

KL = Term(
    name="kl",
    title="KL divergence",
    formula="KL(q(z|x) ‖ p(z))",
    unit="nats per sample",
    definition="Divergence of the posterior from the standard normal prior, in closed form, summed "
    "over the latent dimensions, mean over the samples.",
    weight="beta",
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


@dataclass(frozen=True, config=FORBID_EXTRA)
class VAEConfig(BodyConfig):
    """Options of the variational autoencoder."""

    beta: Beta = 1.0
    likelihood: LikelihoodOption = "auto"
    sigma: Sigma = 0.5


@register_model(
    "vae",
    title="Variational autoencoder",
    summary="Every sample becomes a small cloud of latents, and the clouds fill a standard normal.",
    source="Kingma & Welling, 2014; Higgins et al., 2017 (β)",
    config=VAEConfig,
)
@final
class VAE(LatentModel):
    """Gaussian posterior with diagonal covariance, standard normal prior.

    The loss is the reconstruction term plus β times the KL divergence: the negative ELBO at β = 1
    with a likelihood in nats.

    References:
        | Auto-Encoding Variational Bayes (Kingma & Welling, 2014)
        | https://arxiv.org/abs/1312.6114
        | β-VAE (Higgins et al., 2017), https://openreview.net/forum?id=Sy2fzU9gl
    """

    def __init__(self, data: DataSpec, config: VAEConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.beta = config.beta
        self.sigma = config.sigma
        self.likelihood = likelihoods.resolve(config.likelihood, data)
        self.bounded = likelihoods.is_sigmoid(config.output, self.likelihood)
        self.widths = layout_of(data, config)
        # one layer gives mu and log_var side by side
        self.encoder = make_encoder(data, config, 2 * config.latent_dim)
        self.decoder = make_decoder(data, config, config.latent_dim)

    def posterior(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`mu` and `log_var` of q(z|x), each (B, D)."""
        mu, log_var = self.encoder(x).chunk(2, dim=1)
        return mu, log_var

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """The posterior mean `mu`, (B, D)."""
        return self.posterior(x)[0]

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """The mean of p(x|z) for latents (B, D)."""
        output: Tensor = self.decoder(z)
        return torch.sigmoid(output) if self.bounded else output

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Reconstruction term plus β KL, with one draw of z per sample."""
        mu, log_var = self.posterior(batch.x)
        z = sample_normal(mu, log_var, step.generator)
        reconstruction = likelihoods.distance(
            self.likelihood, batch.x, self._parameters_of_p(z), self.sigma
        ) / len(z)
        kl = kl_to_standard_normal(mu, log_var).mean()
        total = reconstruction + step.weights.get("beta", self.beta) * kl
        return Losses(total, {"reconstruction": reconstruction, "kl": kl})

    def log_prior(self, z: Tensor) -> Tensor:
        """Log N(z; 0, I) in nats, (B,)."""
        return likelihoods.log_standard_normal(z)

    def draw_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws from N(0, I), (count, D)."""
        return likelihoods.draw_standard_normal(count, self.latent_dim, generator)

    def log_likelihood(self, x: Tensor, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Log p(x|z) in nats per sample, (B,)."""
        output = self._parameters_of_p(z)
        return likelihoods.log_likelihood(self.likelihood, x, output, self.sigma)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Reconstruction and KL divergence."""
        return (likelihoods.reconstruction_term(self.likelihood, self.sigma), KL)

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths

    def _parameters_of_p(self, z: Tensor) -> Tensor:
        """Logits for a Bernoulli, means otherwise, (B, …)."""
        output: Tensor = self.decoder(z)
        if self.bounded and self.likelihood != "bernoulli":
            output = torch.sigmoid(output)
        return output
