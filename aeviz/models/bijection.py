"""What the flow models share: standardising, dequantising, loss and density on whole samples."""

from collections.abc import Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from zuko.flows import Flow

from aeviz.messages import Term, TruthLine
from aeviz.models import flows
from aeviz.models.base import Batch, DataSpec, Losses, Step
from aeviz.models.flows import Mapped
from aeviz.models.likelihoods import log_standard_normal
from aeviz.models.options import Width

LARGEST = 512
"""Features at most: beyond them a flow without image structure learns little and takes long."""

LEAST_SPREAD = 1e-6
"""A feature that varies less is left in its own units."""

BASE = Term(
    name="base",
    title="Base density",
    formula="−log p(z)",
    unit="nats per sample",
    definition="Negative log density of the latent z = f(x) under the standard normal, mean over "
    "the samples.",
)
LOG_DET = Term(
    name="log_det",
    title="Volume change",
    formula="−log |det ∂f/∂x|",
    unit="nats per sample",
    definition="Negative log of how much f stretches volumes at x, standardising included; with "
    "the base density it is −log p(x), a density in the model's units (tables: standard "
    "deviations, images: [0, 1] with noise of one grey step's width), mean over the samples.",
)

TRAINING = {"epochs": 100, "lr": 3e-3, "schedule": "cosine"}
"""Training settings of every flow: a density becomes exact only as the learning rate falls."""

Transforms = Annotated[
    int,
    Field(
        ge=1,
        le=64,
        title="Transforms",
        description="Number of invertible transforms, one after the other",
    ),
]
HiddenWidths = Annotated[
    tuple[Width, ...],
    Field(
        min_length=1,
        max_length=16,
        title="Layer widths",
        description="Hidden units of the network that gives each transform its parameters",
    ),
]


class Bijection(nn.Module):
    """A flow on samples of any shape, with fixed standardisation as its first step.

    Args:
        flow: On (B, F), with a standard normal base.
        data: The data that it is for.

    Attributes:
        shift: Subtracted from every feature, (F,).
        scale: Then divided by, (F,).
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, flow: Flow, data: DataSpec) -> None:
        super().__init__()
        self.flow = flow
        self.data = data
        # until the samples have been seen: images in [0, 1] to [-1, 1], tables as they are
        middle, spread = (0.5, 0.5) if data.bounded else (0.0, 1.0)
        self.register_buffer("shift", torch.full((data.features,), middle))
        self.register_buffer("scale", torch.full((data.features,), spread))

    def prepare(self, x: Tensor) -> None:
        """Standardise by the training samples (N, …), with the variance of dequantising."""
        rows = x.flatten(1)
        variance = rows.double().var(dim=0, correction=0) + self.data.step**2 / 12
        spread = variance.sqrt()
        self.shift.copy_(rows.mean(dim=0, dtype=torch.float64))
        self.scale.copy_(torch.where(spread > LEAST_SPREAD, spread, torch.ones_like(spread)))

    def encode(self, x: Tensor) -> Tensor:
        """f(x) of samples (B, …), (B, F)."""
        return self.map(x).z

    def decode(self, z: Tensor) -> Tensor:
        """f⁻¹(z) of latents (B, F), (B, …)."""
        x = flows.inverse(self.flow, z) * self.scale + self.shift
        return x.view(-1, *self.data.shape)

    def map(self, x: Tensor) -> Mapped:
        """f(x) of samples (B, …) and log |det ∂f/∂x|."""
        z, log_det = flows.forward(self.flow, self.standardised(x))
        return Mapped(z, log_det - self.scale.log().sum())

    def standardised(self, x: Tensor) -> Tensor:
        """Samples (B, …) as the first transform takes them, (B, F)."""
        return (x.flatten(1) - self.shift) / self.scale

    def onwards(self, y: Tensor, stage: int) -> list[Mapped]:
        """Places y (B, F) after so many transforms, and where each further one takes them."""
        return [Mapped(y, y.new_zeros(len(y))), *flows.stages(self.flow, y, begin=stage)]

    def log_density(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`log p_z(f(x))` and `log |det ∂f/∂x|` in nats, each (B,)."""
        z, log_det = self.map(x)
        return log_standard_normal(z), log_det

    def loss(self, batch: Batch, step: Step) -> Losses:
        """The negative log density of a batch, its two parts apart."""
        log_base, log_det = self.log_density(dequantised(batch.x, self.data.step, step.generator))
        base, volume = -log_base.mean(), -log_det.mean()
        return Losses(base + volume, {BASE.name: base, LOG_DET.name: volume})

    def truths(self) -> tuple[TruthLine, ...]:
        """The entropy of what the samples were drawn from, where it is known."""
        if self.data.entropy is None:
            return ()
        return (
            TruthLine(
                metric="loss",
                value=self.data.entropy,
                title=f"Exact entropy, {self.data.entropy:.4f} nats",
                definition="Differential entropy of the density that the samples were drawn from, "
                "in the model's units: no model's −log p(x) of new samples is lower on average.",
            ),
        )


def dequantised(x: Tensor, step: float, generator: torch.Generator | None) -> Tensor:
    """Samples with even noise of ± half a step, which spreads each value over its own interval.

    A density of values that are multiples of a step could grow without bound; with the noise its
    mean log is a lower bound of the log probability of the values plus F log(1/step).

    Args:
        x: Scaled samples (B, …).
        step: Distance between two neighbouring values; 0 leaves the samples as they are.
        generator: Of the noise.

    References:
        | A note on the evaluation of generative models (Theis et al., 2016), section 3.1
        | https://arxiv.org/abs/1511.01844
    """
    if step == 0:
        return x
    noise = torch.rand(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    return x + step * (noise - 0.5)


def features_of(data: DataSpec, name: str) -> int:
    """Number of features F, which is D of a flow.

    Raises:
        ValueError: If there are too many.
    """
    if data.features > LARGEST:
        raise ValueError(
            f"the model {name!r} takes at most {LARGEST} features, and a sample of these data has "
            f"{data.features:,}: use smaller images, or a flow on the latents of an autoencoder"
        )
    return data.features


def layout_of(data: DataSpec, transforms: int) -> Sequence[int]:
    """Widths for the drawing: every transform keeps the number of features."""
    return (data.features,) * (2 * transforms + 1)
