"""Linear autoencoder: one linear map each way, whose optimum is that of PCA."""

from collections.abc import Sequence
from typing import final

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from aeviz.messages import Term, TruthLine
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.layers import SQUARED_ERROR, squared_error
from aeviz.models.options import FORBID_EXTRA, Bias, LatentDim

LARGEST_EIGENPROBLEM = 4096
"""Beyond this many features and samples the PCA optimum would take minutes: no truth line."""

SLICE = 4096
"""Samples that are converted to float64 at a time."""


@dataclass(frozen=True, config=FORBID_EXTRA)
class LinearConfig:
    """Options of the linear autoencoder."""

    latent_dim: LatentDim = 2
    bias: Bias = True


@register_model(
    "linear",
    title="Linear autoencoder",
    summary="One linear map to the latent and one back: it finds the plane that PCA finds.",
    source="Baldi & Hornik, 1989",
    config=LinearConfig,
    defaults={"lr": 0.01, "batch_size": 64},
)
@final
class Linear(LatentModel):
    """One linear map each way, minimising the squared error.

    Attributes:
        encoder: Maps (B, F) to (B, D).
        decoder: Maps (B, D) to (B, F).

    References:
        | Neural networks and principal component analysis: learning from examples without local
        | minima (Baldi & Hornik, 1989)
    """

    def __init__(self, data: DataSpec, config: LinearConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.shape = data.shape
        self.encoder = nn.Linear(data.features, config.latent_dim, bias=config.bias)
        self.decoder = nn.Linear(config.latent_dim, data.features, bias=config.bias)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map scaled samples to latents (B, D)."""
        z: Tensor = self.encoder(x.flatten(1))
        return z

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to samples; nothing keeps them inside [0, 1]."""
        x_hat: Tensor = self.decoder(z)
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
        """F, D, F."""
        features = self.encoder.in_features
        return (features, self.latent_dim, features)

    def truths(self, x: Tensor) -> tuple[TruthLine, ...]:
        """The error of the best plane through these samples, which training can reach."""
        centred = self.encoder.bias is not None
        value = pca_error(x, self.latent_dim, centred=centred)
        if value is None:
            return ()
        components = f"{self.latent_dim} component{'s' if self.latent_dim > 1 else ''}"
        kind = "PCA" if centred else "PCA without centring"
        return (
            TruthLine(
                metric="reconstruction_mse",
                value=value,
                title=f"PCA optimum, {components}",
                definition=f"Mean squared error per feature of {kind} with {components}, computed "
                f"on the {len(x):,} training samples: no linear autoencoder can be below it.",
            ),
        )


def pca_error(x: Tensor, components: int, *, centred: bool = True) -> float | None:
    """Mean squared error per feature of the best rank-`components` approximation, in float64.

    Args:
        x: Samples (N, …).
        components: Number of latent dimensions.
        centred: Whether the mean is subtracted first, which a model with biases can do.

    Returns:
        The error; None where both N and the number of features exceed 4096.

    Example:
        >>> line = torch.tensor([[0.0, 0.0], [2.0, 2.0]])
        >>> round(pca_error(line, 1), 12), pca_error(line, 0)
        (0.0, 1.0)
    """
    rows = x.flatten(1)
    samples, features = rows.shape
    if min(samples, features) > LARGEST_EIGENPROBLEM:
        return None
    mean = rows.mean(dim=0, dtype=torch.float64) if centred else rows.new_zeros(features).double()
    if samples < features:
        centred_rows = rows.double() - mean
        scatter = centred_rows @ centred_rows.T
    else:
        scatter = torch.zeros(features, features, dtype=torch.float64, device=x.device)
        for first in range(0, samples, SLICE):
            centred_rows = rows[first : first + SLICE].double() - mean
            scatter.addmm_(centred_rows.T, centred_rows)
    values = torch.linalg.eigvalsh(scatter).clamp(min=0.0)  # ascending
    kept = max(0, len(values) - components)
    return float(values[:kept].sum()) / (samples * features)
