"""Topological autoencoder: the latent keeps the distances that connect the batch."""

from collections.abc import Sequence
from math import sqrt
from typing import Annotated, Any, ClassVar, final

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from aeviz.messages import Term
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.body import BodyConfig, is_sigmoid, layout_of, make_decoder, make_encoder
from aeviz.models.layers import SQUARED_ERROR, squared_error
from aeviz.models.options import FORBID_EXTRA, BatchNorm, Widths

Weight = Annotated[
    float,
    Field(
        ge=0,
        le=1000,
        title="λ",
        description="Weight of the topological term as papers publish it, where the reconstruction "
        "is a mean over features, of images in [-1, 1]: 0.4336 for the spheres, 0.5003 for MNIST. "
        "It is converted to the sum over features used here: to 43.8 and 98.1",
        json_schema_extra={"live": True, "logarithmic": True},
    ),
]


@dataclass(frozen=True, config=FORBID_EXTRA)
class TopologicalConfig(BodyConfig):
    """Options of the topological autoencoder."""

    lam: Weight = 0.5
    widths: Widths = (1000, 500, 250)
    batch_norm: BatchNorm = True


@register_model(
    "topological",
    title="Topological autoencoder",
    summary="What is connected at some distance in the data stays connected at that distance in "
    "the latent.",
    source="Moor, Horn, Rieck & Borgwardt, 2020",
    config=TopologicalConfig,
    defaults={"lr": 3e-4},
    dataset="spheres",
)
@final
class Topological(LatentModel):
    """Squared error plus λ times the topological error of Vietoris-Rips persistence, dimension 0.

    The persistence pairs of dimension 0 are the edges of the minimum spanning tree of the batch.
    Both spaces' trees are found; on the edges of both the distances of the other space are to be
    the same.

    Attributes:
        encoder: Maps (B, …) to (B, D).
        decoder: Maps (B, D) to (B, …).
        latent_scale: Learned scalar by which latent distances are divided, 1 at the start.
        factor: Converts a published λ to the reduction of `reconstruction`.

    References:
        | Topological Autoencoders (Moor, Horn, Rieck & Borgwardt, 2020)
        | https://arxiv.org/abs/1906.00722
    """

    host_step: ClassVar[bool] = True
    is_pairwise: ClassVar[bool] = True

    def __init__(self, data: DataSpec, config: TopologicalConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.lam = config.lam
        self.bounded = is_sigmoid(config, data)
        self.factor = converted(1.0, data)
        self.largest = sqrt(data.features) if _is_picture(data) else None
        self.widths = layout_of(data, config)
        self.encoder = make_encoder(data, config, config.latent_dim)
        self.decoder = make_decoder(data, config, config.latent_dim)
        self.latent_scale = nn.Parameter(torch.ones(1))

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map scaled samples to latents (B, D)."""
        z: Tensor = self.encoder(x)
        return z

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to samples."""
        x_hat: Tensor = self.decoder(z)
        return torch.sigmoid(x_hat) if self.bounded else x_hat

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Squared error plus λ times the topological error of the batch."""
        z = self.encode(batch.x)
        reconstruction = squared_error(batch.x, self.decode(z))
        topology = self.factor * topological_error(
            batch.x.flatten(1), z, self.latent_scale, self.largest
        )
        total = reconstruction + step.weights.get("lam", self.lam) * topology
        return Losses(total, {"reconstruction": reconstruction, "topology": topology})

    @property
    def terms(self) -> tuple[Term, ...]:
        """Squared error and topological error."""
        return (SQUARED_ERROR, self._topology())

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return self.widths

    def _topology(self) -> Term:
        scale = "their largest possible distance" if self.largest else "the batch's largest"
        return Term(
            name="topology",
            title="Topological error",
            formula="Σ (d(x, x′) − d(z, z′))²",
            unit="squared error per sample",
            definition="Squared difference of distances in data and latent, summed over the edges "
            "of both spaces' minimum spanning trees, divided by the batch size. Distances of "
            f"samples are divided by {scale}, those of latents by a learned scale. Times "
            f"{self.factor:g}, so that a published λ holds for the reconstruction as a sum: "
            f"published λ = {self.lam:g} is {self.lam * self.factor:.4g} here.",
            weight="lam",
        )


def converted(published: float, data: DataSpec) -> float:
    """A published λ as the weight of the topological error beside a sum of squared errors.

    Papers take the mean over F features as reconstruction, of images in [-1, 1]. Here it is the sum
    over features, of images in [0, 1]: a difference in [-1, 1] is twice that in [0, 1], hence

        mean = 4/F · sum   for images,   mean = 1/F · sum   for other data,

    and mean + λ · error is a multiple of sum + λ F/4 · error, or of sum + λ F · error.

    Example:
        >>> mnist, spheres = DataSpec((1, 28, 28)), DataSpec((101,), bounded=False)
        >>> round(converted(0.5003, mnist), 2), round(converted(0.4336, spheres), 1)
        (98.06, 43.8)
    """
    return published * data.features / (4 if _is_picture(data) else 1)


def topological_error(x: Tensor, z: Tensor, latent_scale: Tensor, largest: float | None) -> Tensor:
    """Squared differences of distances over the edges of both minimum spanning trees, over B.

    Args:
        x: Samples (B, F).
        z: Latents (B, D), which the error is differentiable in.
        latent_scale: What latent distances are divided by, (1,).
        largest: What distances of samples are divided by; None for the largest of the batch.

    Returns:
        A scalar, 0 for a batch of one sample.
    """
    with torch.no_grad():
        between = torch.cdist(x, x)
        own, other = spanning_tree(_on_host(between)), spanning_tree(_on_host(torch.cdist(z, z)))
        pairs = torch.from_numpy(np.concatenate([own, other], axis=1)).to(x.device)
        scale = between.max() if largest is None else torch.full_like(latent_scale, largest)
        # computed anew on the edges: a matrix of distances is inexact for near neighbours
        wanted = _lengths(x, pairs) / scale.clamp(min=torch.finfo(x.dtype).tiny)
    return (wanted - _lengths(z, pairs) / latent_scale).square().sum() / len(x)


def spanning_tree(distances: NDArray[Any]) -> NDArray[np.int64]:
    """The edges of the minimum spanning tree of a full graph, int64 (2, N - 1), by Prim's method.

    They are the pairs of Vietoris-Rips persistence of dimension 0: at the length of an edge two
    components become one. Half a millisecond for 128 points.

    Args:
        distances: Symmetric, (N, N). Points at distance 0 are connected too.

    Example:
        >>> line = np.array([0.0, 1.0, 5.0, 2.5])
        >>> spanning_tree(np.abs(line[:, None] - line)).tolist()
        [[0, 1, 3], [1, 3, 2]]
    """
    count = len(distances)
    edges = np.zeros((2, max(0, count - 1)), np.int64)
    if count == 0:
        return edges
    nearest, inside = distances[0].copy(), np.zeros(count, np.int64)  # to the tree, and where
    outside = np.ones(count, bool)
    outside[0], nearest[0] = False, np.inf
    for number in range(count - 1):
        new = nearest.argmin()
        edges[:, number] = inside[new], new
        outside[new], nearest[new] = False, np.inf
        closer = (distances[new] < nearest) & outside
        nearest[closer], inside[closer] = distances[new][closer], new
    return edges


def _lengths(points: Tensor, pairs: Tensor) -> Tensor:
    """Euclidean length of edges (2, E) between points, (E,)."""
    lengths: Tensor = torch.linalg.vector_norm(points[pairs[0]] - points[pairs[1]], dim=1)
    return lengths


def _on_host(distances: Tensor) -> NDArray[Any]:
    # what is not finite must not lead the search outside the tree
    matrix: NDArray[Any] = torch.nan_to_num(distances, nan=0.0).float().cpu().numpy()
    return matrix


def _is_picture(data: DataSpec) -> bool:
    """Whether samples are images in [0, 1], which papers have in [-1, 1]."""
    return data.is_image and data.bounded
