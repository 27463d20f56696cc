"""Contractive autoencoder: small changes of a sample should hardly move its latent."""

from collections.abc import Sequence
from typing import Annotated, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from aeviz.messages import Term
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, is_sigmoid, layout_of, make_decoder, make_encoder
from aeviz.models.layers import SQUARED_ERROR, squared_error
from aeviz.models.options import FORBID_EXTRA, Activation

EXACT = 8
"""Latent dimensions up to which the Jacobian is computed row by row; beyond it is estimated."""

CONTRACTION = Term(
    name="contraction",
    title="Contraction",
    formula="‖∂z/∂x‖²_F",
    unit="squared latent units per squared data unit",
    definition="Squared Frobenius norm of the encoder's Jacobian, mean over the samples; exact up "
    f"to {EXACT} latent dimensions, beyond them an unbiased estimate from {EXACT} random "
    "directions.",
    weight="contraction",
)


@dataclass(frozen=True, config=FORBID_EXTRA)
class ContractiveConfig(BodyConfig):
    """Options of the contractive autoencoder."""

    contraction: Annotated[
        float,
        Field(
            ge=0,
            le=1000,
            title="Contraction λ",
            description="Weight of the squared norm of the encoder's Jacobian: the larger, the "
            "less latents move when a sample changes a little",
            json_schema_extra={"live": True, "logarithmic": True},
        ),
    ] = 0.1
    activation: Activation = "softplus"


@register_model(
    "contractive",
    title="Contractive autoencoder",
    summary="Its encoder is held flat: small changes of a sample hardly move its latent.",
    source="Rifai et al., 2011",
    config=ContractiveConfig,
)
@final
class Contractive(LatentModel):
    """An autoencoder with a penalty on the derivative of its encoder.

    A smooth activation is the default: the derivative of a ReLU has none of its own.

    References:
        | Contractive Auto-Encoders: Explicit Invariance During Feature Extraction (Rifai et al.,
        | 2011), https://icml.cc/2011/papers/455_icmlpaper.pdf
        | A stochastic estimator of the trace of the influence matrix (Hutchinson, 1989)
    """

    def __init__(self, data: DataSpec, config: ContractiveConfig) -> None:
        super().__init__()
        if config.batch_norm:
            # a latent would depend on the other samples too, and the derivatives sum up to nothing
            raise ValueError(
                "model.batch_norm cannot be used with 'contractive', whose penalty needs latents "
                "that depend on their own sample alone: set it to false"
            )
        self.latent_dim = config.latent_dim
        self.contraction = config.contraction
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
        """The squared error plus λ times the squared norm of the encoder's Jacobian."""
        with torch.enable_grad():  # the penalty is a derivative, in validation too
            x = batch.x.detach().requires_grad_()
            z = self.encode(x)
            contraction = jacobian_norm(z, x, step.generator)
        reconstruction = squared_error(batch.x, self.decode(z))
        total = reconstruction + step.weights.get("contraction", self.contraction) * contraction
        return Losses(total, {"reconstruction": reconstruction, "contraction": contraction})

    @property
    def terms(self) -> tuple[Term, ...]:
        """Squared error and contraction."""
        return (SQUARED_ERROR, CONTRACTION)

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths


def jacobian_norm(z: Tensor, x: Tensor, generator: torch.Generator | None) -> Tensor:
    """‖∂z/∂x‖²_F, mean over the batch, differentiable: a scalar.

    Args:
        z: Latents (B, D) that were computed from `x`, each row from its own sample alone.
        x: Samples (B, …) that require a gradient.
        generator: Draws the directions of the estimate, beyond `EXACT` dimensions.
    """
    dimensions = z.shape[1]
    if dimensions <= EXACT:
        directions = list(torch.eye(dimensions, device=z.device, dtype=z.dtype).unsqueeze(1))
    else:
        shape = (EXACT, *z.shape)
        drawn = torch.randn(shape, generator=generator, device=z.device, dtype=z.dtype)
        directions = list(drawn / EXACT**0.5)
    squares = [
        torch.autograd.grad(z, x, direction.expand_as(z), create_graph=True)[0].square().sum()
        for direction in directions
    ]
    return torch.stack(squares).sum() / len(z)
