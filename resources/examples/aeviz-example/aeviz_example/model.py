"""A linear autoencoder whose decoder is the transposed encoder."""

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from aeviz.messages import Term
from aeviz.models.base import LatentModel, Losses, register_model


@dataclass(frozen=True)
class TiedConfig:
    """The options; `--set model.decay=0.01` and the form of the window reach them."""

    latent_dim: int = 2
    decay: float = Field(0.0, ge=0, title="Decay", description="Weight of the squared weights")


@register_model(
    "tied-linear",
    title="Tied linear",
    summary="The decoder is the transposed encoder",
    source="an example of the help",
    config=TiedConfig,
)
class Tied(LatentModel):
    def __init__(self, data, config):
        super().__init__()
        self.latent_dim, self.shape, self.decay = config.latent_dim, data.shape, config.decay
        self.weight = nn.Parameter(0.1 * torch.randn(config.latent_dim, data.features))
        self.bias = nn.Parameter(torch.zeros(data.features))

    def encode(self, x, condition=None):
        return (x.flatten(1) - self.bias) @ self.weight.T

    def decode(self, z, condition=None):
        return (z @ self.weight + self.bias).reshape(len(z), *self.shape)

    def loss(self, batch, step):
        error = (self.decode(self.encode(batch.x)) - batch.x).square().flatten(1).sum(1).mean()
        return Losses(error + self.decay * self.weight.square().sum(), {"reconstruction": error})

    @property
    def terms(self):
        unit, meaning = "squared error per sample", "Summed over features, mean over samples."
        return (Term("reconstruction", "Reconstruction", "‖x − x̂‖²", unit, meaning),)
