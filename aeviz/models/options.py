"""Options that several models share, as annotated types: title, help and range in one place."""

import difflib
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError

FORBID_EXTRA = ConfigDict(extra="forbid")
"""Of every model's configuration: a misspelt option is an error, not ignored."""

LatentDim = Annotated[
    int,
    Field(ge=1, le=512, title="Latent dimensions", description="Number of latent dimensions D"),
]

Width = Annotated[int, Field(ge=1, le=65_536)]

Widths = Annotated[
    tuple[Width, ...],
    Field(
        max_length=32,
        title="Layer widths",
        description="Units of the encoder's hidden layers, from the input to the latent; none "
        "leaves one linear map",
        json_schema_extra={"when": ["body", "dense"]},
    ),
]

DecoderWidths = Annotated[
    tuple[Width, ...] | None,
    Field(
        max_length=32,
        title="Decoder widths",
        description="Units of the decoder's hidden layers, from the latent to the output; unset "
        "mirrors the encoder",
        json_schema_extra={"when": ["body", "dense"], "advanced": True},
    ),
]

ActivationName = Literal["relu", "leaky-relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus"]

Activation = Annotated[
    ActivationName,
    Field(title="Activation", description="Non-linear function after every hidden layer"),
]

Dropout = Annotated[
    float,
    Field(
        ge=0,
        le=0.99,
        title="Dropout",
        description="Share of hidden units switched off at random in every training step",
        json_schema_extra={"advanced": True},
    ),
]

BatchNorm = Annotated[
    bool,
    Field(
        title="Batch normalisation",
        description="Standardise every hidden unit over the batch",
        json_schema_extra={"advanced": True},
    ),
]

Bias = Annotated[
    bool,
    Field(
        title="Biases",
        description="Add a learned constant in every layer; without it a linear model cannot "
        "centre the data",
        json_schema_extra={"advanced": True},
    ),
]

OutputName = Literal["auto", "linear", "sigmoid"]

Output = Annotated[
    OutputName,
    Field(
        title="Output layer",
        description="Sigmoid keeps decodes inside [0, 1], linear may leave it; auto takes what "
        "suits the data",
        json_schema_extra={"advanced": True},
    ),
]


def configure(config: type[Any], options: Mapping[str, Any], group: str) -> Any:
    """Build a configuration from plain options.

    Args:
        config: Its pydantic dataclass.
        options: Values by name.
        group: The first part of the options' dotted names, for the message.

    Raises:
        ValueError: With one sentence that names the wrong option, its value and the range.
    """
    names = [field.name for field in fields(config)]
    for name in options:
        if name not in names:
            raise ValueError(unknown(f"{group}.{name}", [f"{group}.{known}" for known in names]))
    try:
        made = config(**options)
    except ValidationError as error:
        wrong = error.errors()[0]
        reason = _reason(wrong["type"], wrong["msg"])
        name = str(wrong["loc"][0])
        raise ValueError(f"{group}.{name}={options.get(name)}: it {reason}") from None
    for name, value in options.items():
        if _has_truths(value, getattr(made, name)):
            wanted = "a list of whole numbers" if isinstance(value, list | tuple) else "a number"
            raise ValueError(f"{group}.{name}={value}: it should be {wanted}")
    return made


def _has_truths(given: Any, taken: Any) -> bool:
    """Whether true or false was given where numbers are taken; pydantic reads them as 1 and 0."""
    if isinstance(given, list | tuple) and isinstance(taken, tuple):
        return any(map(_has_truths, given, taken))
    return (
        isinstance(given, bool) and isinstance(taken, int | float) and not isinstance(taken, bool)
    )


def _reason(kind: str, message: str) -> str:
    """What pydantic says of a wrong value, as what goes on from "it"."""
    if kind == "too_short":
        return "must name one number at least"
    if kind == "too_long":
        return "has too many numbers"
    reason = message.removeprefix("Input ").removeprefix("Value error, ")
    return reason.replace("a valid tuple", "a list of whole numbers")


def unknown(name: str, known: list[str], what: str = "option") -> str:
    """The sentence for a word that is not there, with the nearest ones that are."""
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    if close:
        return f"there is no {what} {name!r}; did you mean {' or '.join(close)}?"
    return f"there is no {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}"
