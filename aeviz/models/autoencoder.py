"""Deep autoencoder: a stack of layers on each side of the latent."""

from collections.abc import Sequence
from typing import final

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, is_sigmoid, layout_of, make_decoder, make_encoder
from aeviz.models.layers import SQUARED_ERROR, squared_error
from aeviz.models.options import FORBID_EXTRA, Widths


@dataclass(frozen=True, config=FORBID_EXTRA)
class DeepConfig(BodyConfig):
    """Options of the deep autoencoder: those of its body."""

    widths: Widths = (256, 64)


@register_model(
    "deep",
    title="Deep autoencoder",
    summary="Layers with a non-linear function between them bend the latent space to the data.",
    source="Hinton & Salakhutdinov, 2006",
    config=DeepConfig,
)
@final
class Deep(LatentModel):
    """Encoder and decoder of any widths, minimising the squared error.

    References:
        | Reducing the Dimensionality of Data with Neural Networks (Hinton & Salakhutdinov, 2006)
        | https://doi.org/10.1126/science.1127647
    """

    def __init__(self, data: DataSpec, config: DeepConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.bounded = is_sigmoid(config, data)
        self.widths = layout_of(data, config)
        self.encoder = make_encoder(data, config, config.latent_dim)
        self.decoder = make_decoder(data, config, config.latent_dim)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map scaled samples to latents (B, D)."""
        z: Tensor = self.encoder(x)
        return z

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to samples."""
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
        """Widths from input to output."""
        return self.widths
