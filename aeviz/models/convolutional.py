"""Convolutional autoencoder: encoder and decoder that see an image's neighbourhoods."""

from collections.abc import Sequence
from typing import final

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import Body, BodyConfig, is_sigmoid, layout_of, make_decoder, make_encoder
from aeviz.models.layers import SQUARED_ERROR, squared_error
from aeviz.models.options import FORBID_EXTRA


@dataclass(frozen=True, config=FORBID_EXTRA)
class ConvConfig(BodyConfig):
    """Options of the convolutional autoencoder: those of its body."""

    body: Body = "conv"


@register_model(
    "conv",
    title="Convolutional autoencoder",
    summary="Small filters that slide over the image find the same edge wherever it is.",
    source="Masci et al., 2011",
    config=ConvConfig,
    data=("image",),
)
@final
class Conv(LatentModel):
    """Convolutions that halve the image, a narrow latent, and the way back.

    References:
        | Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction (Masci et al.,
        | 2011), https://doi.org/10.1007/978-3-642-21735-7_7
        | Deconvolution and Checkerboard Artifacts (Odena et al., 2016), on upsampling
        | https://doi.org/10.23915/distill.00003
    """

    def __init__(self, data: DataSpec, config: ConvConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.bounded = is_sigmoid(config, data)
        self.widths = layout_of(data, config)
        self.encoder = make_encoder(data, config, config.latent_dim)
        self.decoder = make_decoder(data, config, config.latent_dim)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map scaled images to latents (B, D)."""
        z: Tensor = self.encoder(x)
        return z

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to images."""
        x_hat: Tensor = self.decoder(z)
        return torch.sigmoid(x_hat) if self.bounded else x_hat

    def loss(self, batch: Batch, step: Step) -> Losses:
        """The squared error."""
        reconstruction = squared_error(batch.x, self.decode(self.encode(batch.x)))
        return Losses(reconstruction, {"reconstruction": reconstruction})

    @property
    def terms(self) -> tuple[Term, ...]:
        """The squared error alone."""
        return (SQUARED_ERROR,)

    def layout(self) -> Sequence[int]:
        """Widths from input to output; of maps their number of values."""
        return self.widths
