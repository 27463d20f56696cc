"""The interchangeable body of encoder-decoder models: dense layers, or convolutions for images."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from aeviz.models.base import DataSpec
from aeviz.models.layers import ACTIVATIONS, mirrored, mlp
from aeviz.models.options import (
    FORBID_EXTRA,
    Activation,
    BatchNorm,
    Bias,
    DecoderWidths,
    Dropout,
    LatentDim,
    Output,
    Width,
    Widths,
)

BodyName = Literal["dense", "conv"]
UpsamplingName = Literal["transposed", "resize"]

Body = Annotated[
    BodyName,
    Field(
        title="Body",
        description="What encoder and decoder are made of: fully connected layers, or "
        "convolutions that see an image's neighbourhoods",
    ),
]

Channels = Annotated[
    tuple[Width, ...],
    Field(
        min_length=1,
        max_length=8,
        title="Channels",
        description="Maps of each convolution of the encoder; each halves height and width, the "
        "decoder mirrors them",
        json_schema_extra={"when": ["body", "conv"]},
    ),
]

Upsampling = Annotated[
    UpsamplingName,
    Field(
        title="Upsampling",
        description="How the decoder doubles the size of its maps: transposed convolutions, or "
        "enlarging and then a convolution, which leaves no chequered pattern",
        json_schema_extra={"when": ["body", "conv"], "advanced": True},
    ),
]


@dataclass(frozen=True, config=FORBID_EXTRA)
class BodyConfig:
    """Options that every encoder-decoder model has; its own configuration inherits them."""

    latent_dim: LatentDim = 2
    body: Body = "dense"
    widths: Widths = (256, 128)
    channels: Channels = (32, 64)
    activation: Activation = "relu"
    decoder_widths: DecoderWidths = None
    upsampling: Upsampling = "transposed"
    output: Output = "auto"
    dropout: Dropout = 0.0
    batch_norm: BatchNorm = False
    bias: Bias = True


BODY_OPTIONS = tuple(BodyConfig.__dataclass_fields__)[1:]
"""Names of the options of the body, which forms show after a model's own."""


class DenseEncoder(nn.Sequential):
    """A stack of dense layers on flattened samples, with what it is told beside them."""

    def forward(self, x: Tensor, told: Tensor | None = None) -> Tensor:
        """Map samples (B, …) and conditions (B, extra) to (B, outputs)."""
        flat = x.flatten(1)
        if told is not None:
            flat = torch.cat([flat, told], dim=1)
        outputs: Tensor = super().forward(flat)  # type: ignore[no-untyped-call]
        return outputs


class DenseDecoder(nn.Sequential):
    """A stack of dense layers whose output has the shape of a sample."""

    def __init__(self, *layers: nn.Module, shape: Sequence[int]) -> None:
        super().__init__(*layers)
        self.shape = tuple(shape)

    def forward(self, z: Tensor) -> Tensor:
        """Map (B, inputs) to (B, *shape)."""
        outputs: Tensor = super().forward(z)  # type: ignore[no-untyped-call]
        return outputs.view(-1, *self.shape)


class ConvEncoder(nn.Module):
    """Convolutions that halve the image, then one dense layer."""

    def __init__(self, data: DataSpec, config: BodyConfig, outputs: int, extra: int) -> None:
        super().__init__()
        stages = sizes(data, config)
        widths = (data.shape[0], *config.channels)
        layers: list[nn.Module] = []
        for inputs, channels in pairwise(widths):
            layers.append(
                nn.Conv2d(inputs, channels, 4, 2, 1, bias=config.bias and not config.batch_norm)
            )
            layers += after_convolution(channels, config)
        self.maps = nn.Sequential(*layers)
        self.last = nn.Linear(widths[-1] * area(stages[-1]) + extra, outputs, bias=config.bias)

    def forward(self, x: Tensor, told: Tensor | None = None) -> Tensor:
        """Map images (B, C, H, W) and conditions (B, extra) to (B, outputs)."""
        flat = self.maps(x).flatten(1)
        if told is not None:
            flat = torch.cat([flat, told], dim=1)
        outputs: Tensor = self.last(flat)
        return outputs


class ConvDecoder(nn.Module):
    """One dense layer, then stages that double the image back to its size."""

    def __init__(self, data: DataSpec, config: BodyConfig, features: int, channels: int) -> None:
        super().__init__()
        stages = sizes(data, config)[::-1]
        widths = (*config.channels[::-1], channels)
        self.start = (widths[0], *stages[0])
        self.first = nn.Linear(features, widths[0] * area(stages[0]), bias=config.bias)
        layers: list[nn.Module] = [ACTIVATIONS[config.activation]()]
        for number, (inputs, outputs) in enumerate(pairwise(widths)):
            is_last = number == len(widths) - 2
            bias = config.bias and (is_last or not config.batch_norm)
            size, to = stages[number : number + 2]
            layers += enlarge(inputs, outputs, size, to, config.upsampling, bias=bias)
            layers += [] if is_last else after_convolution(outputs, config)
        self.maps = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """Map (B, inputs) to images (B, channels, H, W)."""
        image: Tensor = self.maps(self.first(z).view(-1, *self.start))
        return image


class ImageBatchNorm(nn.BatchNorm2d):
    """Batch normalisation of maps that takes a batch of one sample with one pixel."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, C, H, W)."""
        if not self.training or x.numel() > x.shape[1]:
            return super().forward(x)
        mean, var = self.running_mean, self.running_var
        return functional.batch_norm(x, mean, var, self.weight, self.bias, eps=self.eps)


def make_encoder(data: DataSpec, config: BodyConfig, outputs: int, extra: int = 0) -> nn.Module:
    """An encoder `module(x, told=None)` from samples (B, …) to (B, outputs).

    Args:
        data: What is known of the samples.
        config: Options of the body.
        outputs: Such as D, or 2 D for the mean and log-variance of a posterior.
        extra: Width of what it is told beside the sample, `told` (B, extra).

    Raises:
        ValueError: If a convolutional body cannot take the samples; the sentence says why.
    """
    if config.body == "conv":
        return ConvEncoder(data, config, outputs, extra)
    return DenseEncoder(*_dense(config, data.features + extra, config.widths, outputs))


def make_decoder(
    data: DataSpec, config: BodyConfig, inputs: int, channels: int | None = None
) -> nn.Module:
    """A decoder `module(z)` from (B, inputs) to samples (B, …), without a final sigmoid.

    Args:
        data: What is known of the samples.
        config: Options of the body.
        inputs: Such as D, or D and the width of a condition.
        channels: Of the output image; None for those of the samples.

    Raises:
        ValueError: As `make_encoder`.
    """
    shape = data.shape if channels is None else (channels, *data.shape[1:])
    if config.body == "conv":
        return ConvDecoder(data, config, inputs, shape[0])
    widths = mirrored(config.widths, config.decoder_widths)
    outputs = DataSpec(shape).features
    return DenseDecoder(*_dense(config, inputs, widths, outputs), shape=shape)


def is_sigmoid(config: BodyConfig, data: DataSpec) -> bool:
    """Whether the decodes of a plain autoencoder go through a sigmoid."""
    return config.output == "sigmoid" or (config.output == "auto" and data.bounded)


def layout_of(data: DataSpec, config: BodyConfig) -> tuple[int, ...]:
    """Widths from input over latent to output, for the drawing; of maps their number of values."""
    if config.body == "conv":
        stages = sizes(data, config)[1:]
        inner = [maps * area(size) for maps, size in zip(config.channels, stages, strict=True)]
        outer = inner[::-1]
    else:
        inner, outer = list(config.widths), list(mirrored(config.widths, config.decoder_widths))
    return (data.features, *inner, config.latent_dim, *outer, data.features)


def sizes(data: DataSpec, config: BodyConfig) -> list[tuple[int, int]]:
    """Height and width of the image and after each convolution.

    Raises:
        ValueError: If the samples are no images, or too small for so many halvings.
    """
    if not data.is_image:
        raise ValueError("model.body=conv needs images, and these data are a table: use dense")
    height, width = data.shape[1:]
    stages = [(height, width)]
    for _ in config.channels:
        height, width = height // 2, width // 2
        stages.append((height, width))
    if min(stages[-1]) < 1:
        most = min(data.shape[1:]).bit_length() - 1
        raise ValueError(
            f"model.channels has {len(config.channels)} stages, and images of {data.shape[1]} × "
            f"{data.shape[2]} pixels can be halved {most} times: give at most {most}"
        )
    return stages


def area(size: tuple[int, int]) -> int:
    """Pixels of a map."""
    return size[0] * size[1]


def _dense(config: BodyConfig, inputs: int, widths: Sequence[int], outputs: int) -> nn.Sequential:
    return mlp(
        inputs,
        widths,
        outputs,
        activation=config.activation,
        dropout=config.dropout,
        batch_norm=config.batch_norm,
        bias=config.bias,
    )


def after_convolution(channels: int, config: BodyConfig) -> list[nn.Module]:
    """What follows a convolution that is not the last: normalisation, activation, dropout."""
    layers: list[nn.Module] = [ImageBatchNorm(channels)] if config.batch_norm else []
    layers.append(ACTIVATIONS[config.activation]())
    if config.dropout > 0:
        layers.append(nn.Dropout(config.dropout))
    return layers


def enlarge(
    inputs: int,
    outputs: int,
    size: tuple[int, int],
    to: tuple[int, int],
    upsampling: UpsamplingName,
    *,
    bias: bool,
) -> list[nn.Module]:
    """Maps (B, inputs, *size) to (B, outputs, *to), whose sides are twice as long, or one more."""
    if upsampling == "resize":
        kwargs: dict[str, Any] = {"size": to, "mode": "nearest"}
        return [nn.Upsample(**kwargs), nn.Conv2d(inputs, outputs, 3, 1, 1, bias=bias)]
    padding = (to[0] - 2 * size[0], to[1] - 2 * size[1])
    return [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, output_padding=padding, bias=bias)]
