"""Sparse autoencoder: many latents, few of them active for any one sample."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from aeviz.messages import Term
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, is_sigmoid, layout_of, make_decoder, make_encoder
from aeviz.models.layers import ACTIVATIONS, SQUARED_ERROR, squared_error
from aeviz.models.options import FORBID_EXTRA, LatentDim, Widths

UnitName = Literal["linear", "relu", "sigmoid"]

L1 = Term(
    name="l1",
    title="L1 penalty",
    formula="‖z‖₁",
    unit="absolute activation per sample",
    definition="Absolute values of the latents, summed over the latents, mean over the samples.",
    weight="l1",
)

DIVERGENCE = Term(
    name="sparsity",
    title="Divergence from the target",
    formula="Σⱼ KL(ρ ‖ ρ̂ⱼ)",
    unit="nats",
    definition="Divergence of a coin that shows heads with the target activation ρ from one with "
    "the mean activation ρ̂ⱼ of latent j over the batch, summed over the latents.",
    weight="beta",
)


@dataclass(frozen=True, config=FORBID_EXTRA)
class SparseConfig(BodyConfig):
    """Options of the sparse autoencoder."""

    latent_dim: LatentDim = 100
    widths: Widths = ()
    unit: Annotated[
        UnitName,
        Field(
            title="Units",
            description="What a latent is: a plain sum, a sum cut off below zero, or a sigmoid "
            "between 0 and 1, which can be held to a target activation",
        ),
    ] = "linear"
    l1: Annotated[
        float,
        Field(
            ge=0,
            le=1000,
            title="L1 penalty λ",
            description="Weight of the latents' absolute values: larger makes more of them zero",
            json_schema_extra={"live": True, "logarithmic": True},
        ),
    ] = 0.5
    beta: Annotated[
        float,
        Field(
            ge=0,
            le=1000,
            title="Sparsity β",
            description="Weight of the divergence of each unit's mean activation from its target",
            json_schema_extra={"live": True, "logarithmic": True, "when": ["unit", "sigmoid"]},
        ),
    ] = 10.0
    rho: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            title="Target activation ρ",
            description="Share of the samples for which a unit should be on",
            json_schema_extra={"when": ["unit", "sigmoid"]},
        ),
    ] = 0.05
    tied: Annotated[
        bool,
        Field(
            title="Tied weights",
            description="The decoder uses the encoder's weights, transposed: a latent is drawn "
            "as what it looks for",
            json_schema_extra={"when": ["body", "dense"]},
        ),
    ] = True


class TiedDecoder(nn.Module):
    """The dense layers of an encoder backwards, with biases of its own.

    The encoder's weights are handed over in every call: held here they would be stored twice.
    """

    def __init__(self, encoder: nn.Module, data: DataSpec, config: SparseConfig) -> None:
        super().__init__()
        outputs = [weight.shape[1] for weight in dense_weights(encoder)[::-1]]
        self.shape = data.shape
        self.activation = ACTIVATIONS[config.activation]()
        self.dropout = nn.Dropout(config.dropout)
        self.biases = nn.ParameterList(torch.zeros(width) for width in outputs if config.bias)

    def forward(self, z: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Map (B, D) to (B, *shape) with the encoder's weights, from its last layer to its first.

        Args:
            z: Latents.
            weights: Each (outputs, inputs) of the encoder's layer.
        """
        for number, weight in enumerate(weights):
            if number:
                z = self.dropout(self.activation(z))
            z = z @ weight
            if len(self.biases):
                z = z + self.biases[number]
        return z.view(-1, *self.shape)


@register_model(
    "sparse",
    title="Sparse autoencoder",
    summary="Many latents of which few are active at a time: each comes to stand for one pattern.",
    source="Ng, 2011; Le et al., 2011 (tied weights)",
    config=SparseConfig,
    dataset="patches",
    defaults={"lr": 3e-3},
)
@final
class Sparse(LatentModel):
    """Squared error with a penalty on active latents; there may be more latents than features.

    With linear units, tied weights and the L1 penalty it is reconstruction ICA; with sigmoid units
    and the divergence from a target activation the sparse autoencoder of Stanford's CS294A.

    References:
        | Sparse autoencoder, CS294A lecture notes (Ng, 2011)
        | https://web.stanford.edu/class/cs294a/sparseAutoencoder_2011new.pdf
        | ICA with Reconstruction Cost for Efficient Overcomplete Feature Learning (Le et al., 2011)
    """

    def __init__(self, data: DataSpec, config: SparseConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.unit = config.unit
        self.l1, self.beta, self.rho = config.l1, config.beta, config.rho
        self.bounded = is_sigmoid(config, data)
        self.widths = layout_of(data, config)
        self.encoder = make_encoder(data, config, config.latent_dim)
        self.tied = config.tied and config.body == "dense"
        self.decoder: nn.Module
        if self.tied:
            refuse_untieable(config)
            self.decoder = TiedDecoder(self.encoder, data, config)
        else:
            self.decoder = make_decoder(data, config, config.latent_dim)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map scaled samples to latents (B, D): the activations of the units."""
        return self._activated(self.encoder(x))

    def _activated(self, sums: Tensor) -> Tensor:
        if self.unit == "sigmoid":
            return torch.sigmoid(sums)
        return functional.relu(sums) if self.unit == "relu" else sums

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to samples."""
        handed = (dense_weights(self.encoder)[::-1],) if self.tied else ()
        x_hat: Tensor = self.decoder(z, *handed)
        return torch.sigmoid(x_hat) if self.bounded else x_hat

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Squared error and the penalties; a divergence only where units lie between 0 and 1."""
        sums = self.encoder(batch.x)
        z = self._activated(sums)
        reconstruction = squared_error(batch.x, self.decode(z))
        l1 = z.abs().sum() / len(z)
        total = reconstruction + step.weights.get("l1", self.l1) * l1
        parts = {"reconstruction": reconstruction, "l1": l1}
        if self.unit == "sigmoid":
            parts["sparsity"] = divergence(self.rho, sums)
            total = total + step.weights.get("beta", self.beta) * parts["sparsity"]
        return Losses(total, parts)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Squared error, L1 penalty, and with sigmoid units the divergence from the target."""
        return (SQUARED_ERROR, L1, *((DIVERGENCE,) if self.unit == "sigmoid" else ()))

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths


def divergence(rho: float, sums: Tensor) -> Tensor:
    """Σⱼ KL(ρ ‖ ρ̂ⱼ) in nats of sigmoid units from a target activation ρ: a scalar.

    It is found from the sums and not from the activations: a unit that is 0 or 1 to the last digit
    for every sample has a finite divergence all the same, and a gradient that brings it back.

    Args:
        rho: The target.
        sums: What the units' sigmoid is applied to, (B, D); ρ̂ is the mean of the sigmoids.

    Example:
        >>> divergence(0.5, torch.tensor([[0.0, 1.0], [0.0, -1.0]])).item()
        0.0
    """
    log_on, log_off = (log_mean(functional.logsigmoid(each)) for each in (sums, -sums))
    on = rho * (math.log(rho) - log_on)
    return (on + (1.0 - rho) * (math.log1p(-rho) - log_off)).sum()


def log_mean(logs: Tensor) -> Tensor:
    """Logarithm of the mean over the first axis of numbers that are given by their logarithms."""
    return torch.logsumexp(logs, dim=0) - math.log(len(logs))


def dense_weights(encoder: nn.Module) -> list[Tensor]:
    """Weights of the linear layers of a dense encoder, each (outputs, inputs), first to last."""
    return [layer.weight for layer in encoder.modules() if isinstance(layer, nn.Linear)]


def refuse_untieable(config: SparseConfig) -> None:
    """Raise ValueError where the decoder cannot be the encoder backwards."""
    if config.decoder_widths is not None:
        raise ValueError("model.decoder_widths cannot be set with model.tied: set model.tied=false")
    if config.batch_norm:
        raise ValueError("model.batch_norm cannot be used with model.tied: set model.tied=false")
