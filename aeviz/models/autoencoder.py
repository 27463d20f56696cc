"""Deep autoencoder: fully connected layers of any widths around a narrow latent."""

from collections.abc import Sequence
from functools import partial
from typing import final

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.layers import SQUARED_ERROR, mirrored, mlp, squared_error
from aeviz.models.options import (
    FORBID_EXTRA,
    Activation,
    BatchNorm,
    Bias,
    DecoderWidths,
    Dropout,
    LatentDim,
    Output,
    Widths,
)


@dataclass(frozen=True, config=FORBID_EXTRA)
class DeepConfig:
    """Options of the deep autoencoder."""

    latent_dim: LatentDim = 2
    widths: Widths = (256, 64)
    activation: Activation = "relu"
    decoder_widths: DecoderWidths = None
    output: Output = "auto"
    dropout: Dropout = 0.0
    batch_norm: BatchNorm = False
    bias: Bias = True


@register_model(
    "deep",
    title="Deep autoencoder",
    summary="Fully connected layers squeeze every sample through a few numbers and unfold it.",
    source="Hinton & Salakhutdinov, 2006",
    config=DeepConfig,
)
@final
class Deep(LatentModel):
    """Fully connected encoder and decoder, minimising the squared error.

    References:
        | Reducing the Dimensionality of Data with Neural Networks (Hinton & Salakhutdinov, 2006)
        | https://doi.org/10.1126/science.1127647
    """

    def __init__(self, data: DataSpec, config: DeepConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.shape = data.shape
        sigmoid = config.output == "sigmoid" or (config.output == "auto" and data.bounded)
        self.bounded = sigmoid
        decoder_widths = mirrored(config.widths, config.decoder_widths)
        self.widths = (
            *(data.features, *config.widths, config.latent_dim),
            *(*decoder_widths, data.features),
        )
        stack = partial(
            mlp,
            activation=config.activation,
            dropout=config.dropout,
            batch_norm=config.batch_norm,
            bias=config.bias,
        )
        self.encoder = stack(data.features, config.widths, config.latent_dim)
        self.decoder = stack(config.latent_dim, decoder_widths, data.features)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map scaled samples to latents (B, D)."""
        z: Tensor = self.encoder(x.flatten(1))
        return z

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to samples."""
        x_hat: Tensor = self.decoder(z)
        if self.bounded:
            x_hat = torch.sigmoid(x_hat)
        return x_hat.view(-1, *self.shape)

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
