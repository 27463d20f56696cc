"""Denoising autoencoder: it sees a spoilt sample and has to restore the clean one."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, is_sigmoid, layout_of, make_decoder, make_encoder
from aeviz.models.layers import squared_error
from aeviz.models.options import FORBID_EXTRA

NoiseName = Literal["gaussian", "masking", "salt-and-pepper"]

RESTORATION = Term(
    name="reconstruction",
    title="Restoration",
    formula="‖x − decode(encode(x̃))‖²",
    unit="squared error per sample",
    definition="Squared difference of the clean sample x and what is restored from its spoilt copy "
    "x̃, summed over the features, mean over the samples.",
)


@dataclass(frozen=True, config=FORBID_EXTRA)
class DenoisingConfig(BodyConfig):
    """Options of the denoising autoencoder."""

    noise: Annotated[
        NoiseName,
        Field(
            title="Noise",
            description="How samples are spoilt: Gaussian noise is added, masking sets values to "
            "0, salt-and-pepper sets them to the smallest or the largest value",
        ),
    ] = "masking"
    level: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            title="Noise level",
            description="Share of the values that masking and salt-and-pepper change; standard "
            "deviation of Gaussian noise, in the model's units",
            json_schema_extra={"live": True},
        ),
    ] = 0.3


@register_model(
    "denoising",
    title="Denoising autoencoder",
    summary="It sees spoilt samples and learns to restore the clean ones.",
    source="Vincent et al., 2008",
    config=DenoisingConfig,
)
@final
class Denoising(LatentModel):
    """An autoencoder whose input is corrupted while it trains, and whose target is clean.

    Encoding and decoding outside of training leave the sample as it is.

    References:
        | Extracting and Composing Robust Features with Denoising Autoencoders (Vincent et al.,
        | 2008), https://doi.org/10.1145/1390156.1390294
    """

    def __init__(self, data: DataSpec, config: DenoisingConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.noise = config.noise
        self.level = config.level
        # the extremes of images in [0, 1]; of a standardised table two standard deviations
        self.extremes = (0.0, 1.0) if data.bounded else (-2.0, 2.0)
        self.bounded = is_sigmoid(config, data)
        self.widths = layout_of(data, config)
        self.encoder = make_encoder(data, config, config.latent_dim)
        self.decoder = make_decoder(data, config, config.latent_dim)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map scaled samples, clean or spoilt, to latents (B, D)."""
        z: Tensor = self.encoder(x)
        return z

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to samples."""
        x_hat: Tensor = self.decoder(z)
        return torch.sigmoid(x_hat) if self.bounded else x_hat

    def corrupt(
        self, x: Tensor, generator: torch.Generator | None, weights: Mapping[str, float]
    ) -> Tensor:
        """The samples (B, …) with noise at the level of `weights`, else of the configuration."""
        level = weights.get("level", self.level)
        if self.noise == "gaussian":
            noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
            return torch.add(x, noise, alpha=level)
        drawn = torch.rand(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        if self.noise == "masking":
            return torch.where(drawn < level, 0.0, x)
        low, high = self.extremes
        salted = torch.where(drawn < level, high, x)
        return torch.where(drawn < level / 2, low, salted)

    def loss(self, batch: Batch, step: Step) -> Losses:
        """The squared error of what is restored from a corrupted copy."""
        spoilt = self.corrupt(batch.x, step.generator, step.weights)
        restoration = squared_error(batch.x, self.decode(self.encode(spoilt)))
        return Losses(restoration, {"reconstruction": restoration})

    @property
    def terms(self) -> tuple[Term, ...]:
        """The squared error of the restored sample."""
        return (RESTORATION,)

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths
