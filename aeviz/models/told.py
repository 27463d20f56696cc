"""What a conditional model is told, as numbers beside its inputs; a part for models."""

from dataclasses import replace
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from aeviz.models.base import DataSpec
from aeviz.models.body import BodyConfig, make_encoder

OF_THE_SAMPLE = ("upper-half", "silhouette")
"""Conditions that a model computes from an image itself."""

ConditionOption = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        title="Condition",
        description="What encoder and decoder are told: label, a further column of the data, "
        "several columns of numbers with commas, or upper-half or silhouette of the image itself",
        json_schema_extra={"suggestions": ["label", *OF_THE_SAMPLE]},
    ),
]

Embedding = Annotated[
    int,
    Field(
        ge=1,
        le=1024,
        title="Embedding",
        description="Numbers that the small encoder makes of the image's part",
        json_schema_extra={"when": ["condition", *OF_THE_SAMPLE], "advanced": True},
    ),
]

SMALL_WIDTH = 64
"""Hidden units of the small encoder."""


class Embedded(nn.Module):
    """Conditions (B, …) as numbers (B, width); one that is not known is all zeros.

    A choice becomes one-hot, numbers are standardised with the mean and deviation of the training
    samples, a part of an image goes through a small encoder of its own.

    Args:
        data: What is known of the data; its `condition_kind` says what a condition is.
        config: The model's body, from which the small encoder takes kind and activation.
        embedding: Width of what the small encoder gives.

    Attributes:
        kind: What a condition is; see `Batch.condition`.
        names: The choices, the numeric columns, or which part of the sample.
        width: How many numbers a condition becomes.

    Raises:
        ValueError: If the data have nothing that the model could be told.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, data: DataSpec, config: BodyConfig, embedding: int) -> None:
        super().__init__()
        if not data.condition_kind:
            raise ValueError("model.condition names nothing that is known of these data")
        self.kind = data.condition_kind
        self.names = data.conditions
        self.width = embedding if self.kind == "sample" else len(self.names)
        self.encoder: nn.Module | None = None
        if self.kind == "sample":
            self.encoder = small_encoder(part_spec(data, self.names[0]), config, embedding)
        if self.kind == "numbers":
            self.register_buffer("mean", torch.tensor(data.condition_mean))
            self.register_buffer("scale", torch.tensor(data.condition_scale))

    def forward(self, condition: Tensor | None, like: Tensor) -> Tensor:
        """Map conditions (B, …) to (B, width); None to zeros for the rows of `like`."""
        if condition is None:
            return like.new_zeros(len(like), self.width)
        if self.encoder is not None:
            embedded: Tensor = self.encoder(part_of(condition, self.names[0]))
            return embedded
        if self.kind == "numbers":
            return torch.nan_to_num((condition - self.mean) / self.scale)
        return one_hot(condition, self.width).to(like.dtype)


def one_hot(choices: Tensor, count: int) -> Tensor:
    """Choices (B,) as rows (B, count) with a single True; -1, which is none, has no True."""
    return choices[:, None] == torch.arange(count, device=choices.device)


def part_of(x: Tensor, which: str) -> Tensor:
    """The part of images (B, C, H, W) that a model is told.

    The upper half is the rows above the middle; the silhouette, (B, 1, H, W), is 1 where the mean
    of the channels is more than half as bright as the brightest pixel of the image, else 0.
    """
    if which == "upper-half":
        return x[:, :, : max(1, x.shape[2] // 2)]
    grey = x.mean(dim=1, keepdim=True)
    return (grey > 0.5 * grey.amax(dim=(2, 3), keepdim=True)).to(x.dtype)


def part_spec(data: DataSpec, which: str) -> DataSpec:
    """What is known of that part.

    Raises:
        ValueError: If the samples are no images.
    """
    if not data.is_image:
        raise ValueError(f"model.condition={which} needs images, and these data are a table")
    channels, height, width = data.shape
    if which == "upper-half":
        return replace(data, shape=(channels, max(1, height // 2), width))
    return replace(data, shape=(1, height, width))


def small_encoder(part: DataSpec, config: BodyConfig, outputs: int) -> nn.Module:
    """An encoder of one hidden layer, or of one convolution where the body has convolutions."""
    is_conv = config.body == "conv" and min(part.shape[1:]) > 1
    small = replace(
        config,
        body="conv" if is_conv else "dense",
        widths=(SMALL_WIDTH,),
        channels=config.channels[:1],
    )
    return make_encoder(part, small, outputs)
