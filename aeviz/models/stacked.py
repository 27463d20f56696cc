"""Stacked autoencoder: one layer after another, then all together, then a head for the labels."""

from collections.abc import Sequence
from typing import Annotated, Literal, final

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from aeviz.messages import Term
from aeviz.models.base import Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.layers import SQUARED_ERROR, mlp, squared_error
from aeviz.models.options import (
    FORBID_EXTRA,
    Activation,
    Bias,
    Dropout,
    LatentDim,
    Output,
    Widths,
)

HeadName = Literal["none", "frozen", "fine-tuned", "scratch"]

LAYER = Term(
    name="layer",
    title="Reconstruction of the layer",
    formula="‖h − ĥ‖²",
    unit="squared error per sample",
    definition="Squared difference of what a layer is given (the sample, or the activations of the "
    "layer below) and what it makes of it on the way back, summed over its inputs, mean over the "
    "samples.",
)

CLASSIFICATION = Term(
    name="classification",
    title="Classification",
    formula="−log p(y|z)",
    unit="nats per labelled sample",
    definition="Negative log-probability that the head gives to the label, mean over the samples "
    "that have one.",
)


@dataclass(frozen=True, config=FORBID_EXTRA)
class StackedConfig:
    """Options of the stacked autoencoder."""

    latent_dim: LatentDim = 2
    head: Annotated[
        HeadName,
        Field(
            title="Head",
            description="A last stage that learns the labels from the latents: with the encoder "
            "frozen, or fine-tuned with it; scratch trains encoder and head on the labels alone, "
            "to compare with",
        ),
    ] = "none"
    labels: Annotated[
        int,
        Field(
            ge=0,
            le=10_000_000,
            title="Labelled samples",
            description="Training samples whose label the head sees, as many of each class as can "
            "be, chosen by the seed; 0 is all of them",
            json_schema_extra={"when": ["head", "frozen", "fine-tuned", "scratch"]},
        ),
    ] = 100
    widths: Widths = (256, 64)
    activation: Activation = "tanh"
    output: Output = "auto"
    dropout: Dropout = 0.0
    bias: Bias = True


@register_model(
    "stacked",
    title="Stacked autoencoder",
    summary="Each layer first learns to restore what the one below says, then all are fine-tuned.",
    source="Hinton & Salakhutdinov, 2006; Bengio et al., 2007",
    config=StackedConfig,
    defaults={"epochs": 15},
)
@final
class Stacked(LatentModel):
    """Dense layers trained greedily from the sample inwards, then jointly, then a head.

    In stage k layer k is trained as an autoencoder of the activations below it, which stand still;
    after the layers everything is trained on the squared error of the sample. The head is a
    softmax regression on the latents. When it fine-tunes the encoder, the decoder stays as it was,
    so decodes drift away from the samples.

    `encode` and `decode` go through the whole stack in every stage: a layer whose stage has not
    come yet is still as it was drawn, so the map shows a random projection of the learned layers.

    References:
        | Reducing the Dimensionality of Data with Neural Networks (Hinton & Salakhutdinov, 2006)
        | Greedy Layer-Wise Training of Deep Networks (Bengio et al., 2007)
    """

    def __init__(self, data: DataSpec, config: StackedConfig) -> None:
        super().__init__()
        self.latent_dim, self.shape = config.latent_dim, data.shape
        self.bounded = config.output == "sigmoid" or (config.output == "auto" and data.bounded)
        self.widths = (data.features, *config.widths, config.latent_dim)
        self.encoder = _stack(self.widths, config)
        self.decoder = _stack(self.widths[::-1], config)
        self.head_kind = config.head
        self.labels = config.labels
        self.classes = 0 if config.head == "none" else _classes(data)
        self.head: nn.Linear | None = None
        if self.classes:
            # No batch normalisation before it: the samples without a label drift away through
            # its statistics, and the accuracy falls again (digits, 100 labels: 0.84 to 0.67).
            self.head = nn.Linear(config.latent_dim, self.classes)
        self.stages = _stage_names(config)

    def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map scaled samples to latents (B, D), through all layers."""
        z: Tensor = self.encoder(x.flatten(1))
        return z

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map latents (B, D) to samples, through all layers."""
        x_hat: Tensor = self.decoder(z)
        return self._finished(x_hat).view(-1, *self.shape)

    def class_scores(self, z: Tensor) -> Tensor:
        """What the head makes of latents (B, D): logits (B, K)."""
        if self.head is None:
            raise ValueError("this model has no head: it was trained with model.head=none")
        scores: Tensor = self.head(z)
        return scores

    def loss(self, batch: Batch, step: Step) -> Losses:
        """The loss of the stage: of one layer, of all of them, or of the head."""
        if self.stages[step.stage] in HEAD_STAGES.values():
            loss = self._classification(batch, step)
            return Losses(loss, {CLASSIFICATION.name: loss})
        if step.stage < self._layers:
            loss = self._layer_error(batch.x.flatten(1), step.stage)
            return Losses(loss, {LAYER.name: loss})
        loss = squared_error(batch.x, self.decode(self.encode(batch.x)))
        return Losses(loss, {SQUARED_ERROR.name: loss})

    @property
    def terms(self) -> tuple[Term, ...]:
        """Those of the stages, in their order."""
        before = () if self.head_kind == "scratch" else (LAYER, SQUARED_ERROR)
        return (*before, *((CLASSIFICATION,) if self.classes else ()))

    def stage_parameters(self, stage: int) -> Sequence[nn.Parameter]:
        """One layer on both sides, everything, or the head with or without the encoder."""
        name = self.stages[stage]
        if self.head is not None and name in HEAD_STAGES.values():
            learned: list[nn.Module] = [self.head]
            if self.head_kind != "frozen":
                learned.append(self.encoder)
        elif stage < self._layers:
            learned = [self._up(stage), self._down(stage)]
        else:
            learned = [self.encoder, self.decoder]
        return [parameter for part in learned for parameter in part.parameters()]

    def layout(self) -> Sequence[int]:
        """Widths from input to output."""
        return (*self.widths, *self.widths[-2::-1])

    # ── parts ─────────────────────────────────────────────────────────────────────────────────

    @property
    def _layers(self) -> int:
        """How many layers the encoder has."""
        return len(self.widths) - 1

    def _up(self, layer: int) -> nn.Sequential:
        """A layer of the encoder, 0 for the one that sees the sample, with its activation."""
        return blocks(self.encoder)[layer]

    def _down(self, layer: int) -> nn.Sequential:
        """The layer of the decoder that undoes `_up(layer)`."""
        return blocks(self.decoder)[self._layers - 1 - layer]

    def _layer_error(self, x: Tensor, layer: int) -> Tensor:
        """How well a layer restores what it is given by the layers below, which stand still."""
        with torch.no_grad():
            for below in range(layer):
                x = self._up(below)(x)
        h_hat = self._down(layer)(self._up(layer)(x))
        return squared_error(x, h_hat if layer else self._finished(h_hat))

    def _finished(self, x_hat: Tensor) -> Tensor:
        return torch.sigmoid(x_hat) if self.bounded else x_hat

    def _classification(self, batch: Batch, step: Step) -> Tensor:
        """Mean of −log p(y|z) over the labelled samples.

        While training the sum over the batch is divided by the number of labelled samples to be
        expected there: with few labels many a batch has none, and a mean over those it has would
        count the others more.
        """
        labels = batch.labels
        if labels is None:
            labels = torch.full((len(batch.x),), -1, device=batch.x.device)
        scores = self.class_scores(self.encode(batch.x))
        total = functional.cross_entropy(scores, labels, ignore_index=-1, reduction="sum")
        if self.training and 0 < self.labels < step.samples:
            return total / (len(labels) * self.labels / step.samples)
        return total / (labels >= 0).sum().clamp(min=1)


HEAD_STAGES: dict[str, str] = {
    "frozen": "head",
    "fine-tuned": "head and encoder",
    "scratch": "head and encoder from scratch",
}
"""Names of the stage of the head, by the option."""


def blocks(stack: nn.Sequential) -> list[nn.Sequential]:
    """A stack cut before each of its linear layers: each with what follows it."""
    starts = [i for i, layer in enumerate(stack) if isinstance(layer, nn.Linear)]
    ends = [*starts[1:], len(stack)]
    return [nn.Sequential(*list(stack)[start:end]) for start, end in zip(starts, ends, strict=True)]


def _stack(widths: Sequence[int], config: StackedConfig) -> nn.Sequential:
    return mlp(
        widths[0],
        widths[1:-1],
        widths[-1],
        activation=config.activation,
        dropout=config.dropout,
        bias=config.bias,
    )


def _stage_names(config: StackedConfig) -> tuple[str, ...]:
    if config.head == "scratch":
        return (HEAD_STAGES[config.head],)
    layers = tuple(f"layer {number + 1}" for number in range(len(config.widths) + 1))
    head = () if config.head == "none" else (HEAD_STAGES[config.head],)
    return (*layers, "fine-tuning", *head)


def _classes(data: DataSpec) -> int:
    """How many classes the head tells apart; raises ValueError where there are no labels."""
    if data.classes < 2:
        raise ValueError(
            "model.head needs data with labels of two classes at least: set it to none"
        )
    return data.classes
