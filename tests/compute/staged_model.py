"""A small model that trains in two stages, as greedy pre-training does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import final

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from aeviz.messages import Term
from aeviz.models.base import MODELS, Batch, DataSpec, LatentModel, Losses, Step, register_model
from aeviz.models.options import FORBID_EXTRA

NAME = "two-stages"


@dataclass(frozen=True, config=FORBID_EXTRA)
class TwoStagesConfig:
    """Options of the model."""

    latent_dim: int = 2
    hidden: int = 6
    dropout: float = 0.2


def _term(name: str) -> Term:
    return Term(name, name.title(), "‖x − x̂‖²", "squared error per sample", "A squared error.")


@contextmanager
def registered() -> Iterator[None]:
    """Have the model in the registry for a while."""

    @register_model(
        NAME, title="Two stages", summary="For tests.", source="None", config=TwoStagesConfig
    )
    @final
    class TwoStages(LatentModel):
        """First the outer layers learn to restore the input, then the inner ones their code."""

        stages = ("outer", "inner")

        def __init__(self, data: DataSpec, config: TwoStagesConfig) -> None:
            super().__init__()
            self.shape, self.latent_dim = data.shape, config.latent_dim
            self.outer = nn.Linear(data.features, config.hidden)
            self.outer_back = nn.Linear(config.hidden, data.features)
            self.inner = nn.Linear(config.hidden, config.latent_dim)
            self.inner_back = nn.Linear(config.latent_dim, config.hidden)
            self.dropout = nn.Dropout(config.dropout)

        def stage_parameters(self, stage: int) -> Sequence[nn.Parameter]:
            """The outer layers, then the inner ones."""
            layers = [(self.outer, self.outer_back), (self.inner, self.inner_back)][stage]
            return [parameter for layer in layers for parameter in layer.parameters()]

        def _hidden(self, x: Tensor) -> Tensor:
            return torch.tanh(self.outer(x.flatten(1)))

        def encode(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
            code: Tensor = self.inner(self._hidden(x))
            return code

        def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
            x: Tensor = self.outer_back(torch.tanh(self.inner_back(z)))
            return x.view(-1, *self.shape)

        def loss(self, batch: Batch, step: Step) -> Losses:
            hidden = self._hidden(batch.x)
            if step.stage == 0:
                back, name = self.outer_back(self.dropout(hidden)), "outer"
                value = (back - batch.x.flatten(1)).square().sum(1).mean()
            else:
                back, name = torch.tanh(self.inner_back(self.inner(hidden))), "inner"
                value = (back - hidden).square().sum(1).mean()
            return Losses(value, {name: value})

        @property
        def terms(self) -> tuple[Term, ...]:
            """One of each stage."""
            return (_term("outer"), _term("inner"))

    try:
        yield
    finally:
        del MODELS[NAME]
