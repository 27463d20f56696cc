"""Options of the models whose latents are codes of a codebook."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from aeviz.models.base import DataSpec
from aeviz.models.body import UpsamplingName
from aeviz.models.options import FORBID_EXTRA, OutputName, Width

SMALL_SIDE = 16
"""Images whose shorter side is less get a code map half as wide instead of a quarter."""

CodeCount = Annotated[
    int,
    Field(ge=2, le=65_536, title="Codes", description="Number of codes K of a codebook"),
]

CodeDim = Annotated[
    int,
    Field(ge=1, le=512, title="Code dimensions", description="How many numbers d a code has"),
]

LearningName = Literal["ema", "gradient"]

Learning = Annotated[
    LearningName,
    Field(
        title="Codebook learns",
        description="ema moves each code to the moving average of what chose it, gradient moves "
        "it by a loss of its own",
    ),
]

Commitment = Annotated[
    float,
    Field(
        ge=0,
        le=1000,
        title="β",
        description="Weight of the commitment: larger keeps the encoder nearer to the codes",
        json_schema_extra={"live": True, "logarithmic": True},
    ),
]

Decay = Annotated[
    float,
    Field(
        ge=0,
        lt=1,
        title="Decay",
        description="Share γ of a code's moving average that a step keeps",
        json_schema_extra={"when": ["codebook", "ema"], "advanced": True},
    ),
]

DeadAfter = Annotated[
    int,
    Field(
        ge=0,
        le=1_000_000,
        title="Dead after",
        description="A code that nothing has chosen for so many steps is set to an encoded place "
        "of the batch; 0 never does it",
        json_schema_extra={"advanced": True},
    ),
]

CodeLikelihoodName = Literal["mse", "bernoulli"]

CodeLikelihood = Annotated[
    CodeLikelihoodName,
    Field(
        title="Likelihood",
        description="What the reconstruction term measures: mse the plain squared error, "
        "bernoulli nats",
    ),
]

CodePriorName = Literal["autoregressive", "uniform"]

CodePrior = Annotated[
    CodePriorName,
    Field(
        title="Prior",
        description="What draws new code maps: a network that learns them place after place in a "
        "second stage, or every code with the same probability",
    ),
]

PriorWidth = Annotated[
    int,
    Field(
        ge=1,
        le=4096,
        title="Prior's width",
        description="Units of the recurrent layer of the prior",
        json_schema_extra={"when": ["prior", "autoregressive"], "advanced": True},
    ),
]


MapChannels = Annotated[
    tuple[Width, ...] | None,
    Field(
        min_length=1,
        max_length=8,
        title="Channels",
        description="Maps of each convolution of the encoder; each halves height and width of the "
        "code map. Unset takes 16, 32, and 32 alone for images under 16 pixels",
    ),
]

MapBlocks = Annotated[
    int,
    Field(
        ge=0,
        le=16,
        title="Residual blocks",
        description="Residual blocks of the encoder and of the decoder at the size of the code map",
        json_schema_extra={"advanced": True},
    ),
]

MapUpsampling = Annotated[
    UpsamplingName,
    Field(
        title="Upsampling",
        description="How the decoder doubles the size of its maps: transposed convolutions, or "
        "enlarging and then a convolution, which leaves no chequered pattern",
        json_schema_extra={"advanced": True},
    ),
]


@dataclass(frozen=True, config=FORBID_EXTRA)
class CodesConfig:
    """Options of a model with codes; D is the size of its code maps times d."""

    codes: CodeCount = 64
    code_dim: CodeDim = 8
    codebook: Learning = "ema"
    beta: Commitment = 0.25
    likelihood: CodeLikelihood = "mse"
    prior: CodePrior = "autoregressive"
    decay: Decay = 0.99
    dead_after: DeadAfter = 50
    prior_width: PriorWidth = 96


def is_bernoulli(config: CodesConfig, data: DataSpec, output: OutputName) -> bool:
    """Whether the reconstruction term is in nats.

    Raises:
        ValueError: If a Bernoulli is asked for values outside [0, 1], or for a linear output.
    """
    if config.likelihood == "bernoulli" and output == "linear":
        raise ValueError("model.output=linear cannot be a probability: use model.likelihood=mse")
    if config.likelihood == "bernoulli" and not data.bounded:
        raise ValueError(
            "model.likelihood=bernoulli needs values in [0, 1], and these data leave it: use mse"
        )
    return config.likelihood == "bernoulli"


def default_channels(data: DataSpec) -> tuple[int, ...]:
    """Maps of each halving where none are given."""
    return (32,) if min(data.shape[1:]) < SMALL_SIDE else (16, 32)
