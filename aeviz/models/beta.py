"""β-VAE: the variational autoencoder with a heavier KL divergence, under its own name."""

from pydantic.dataclasses import dataclass

from aeviz.models.base import register_model
from aeviz.models.options import FORBID_EXTRA, LatentDim
from aeviz.models.vae import VAE, Beta, VAEConfig


@dataclass(frozen=True, config=FORBID_EXTRA)
class BetaVAEConfig(VAEConfig):
    """Options of the β-VAE: those of the variational autoencoder, with other defaults."""

    latent_dim: LatentDim = 10
    beta: Beta = 4.0


register_model(
    "beta-vae",
    title="β-VAE",
    summary="A VAE that pays more to keep its latents simple: each dimension tends to mean one "
    "thing.",
    source="Higgins et al., 2017",
    config=BetaVAEConfig,
    dataset="shapes",
)(VAE)
