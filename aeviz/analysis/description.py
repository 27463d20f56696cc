"""What a model would be: its layers, parameters and loss, before anything is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.data import entry as dataset_entry
from aeviz.messages import Term
from aeviz.models import entry as model_entry
from aeviz.models.base import DataSpec, Described, LatentModel
from aeviz.models.told import OF_THE_SAMPLE

SIGNS = {
    "alignment": "λ",
    "alpha": "α",
    "beta": "β",
    "contraction": "λ",
    "gamma": "γ",
    "kl_weight": "(1 − α)",
    "l1": "λ",
    "lam": "λ",
    "penalty": "λ",
}
"""How the weight of a term is written in a formula; others by their name."""


_SOME_CLASSES = 10
"""As many as there are digits, for a model that tells classes apart: only the data know."""


def describe(
    settings: Mapping[str, Any], sample_shape: Sequence[int], *, bounded: bool | None = None
) -> dict[str, Any]:
    """Describe the model that settings would make, without making its weights.

    Args:
        settings: As in `Train`; only the group "model" is read. Missing options have defaults.
        sample_shape: (H, W, C) for images, (F,) for tables.
        bounded: Whether values lie in [0, 1]; None where all images do and tables do not.

    Returns:
        `layout` (widths from input to output, or () where the model does not say), `parameters`
        (how many are learned), `terms` (fields of `Term`), `bounded`, `latent_dim`, `formula`,
        `title`, `summary`, `source`.

    Raises:
        ValueError: If an option is wrong; the message names it.
    """
    options = dict(settings.get("model", {}))
    entry = model_entry(options.pop("name", "vae"))
    spec = spec_of(sample_shape, classes=_SOME_CLASSES, bounded=bounded)
    if "condition" in entry.config.__pydantic_fields__:
        default = entry.config.__pydantic_fields__["condition"].default
        spec = with_some_condition(spec, str(options.get("condition", default)))
    with torch.device("meta"):
        model = entry.build(spec, options)
    return {
        "layout": tuple(model.layout()) if isinstance(model, Described) else (),
        "parameters": parameter_count(model),
        "terms": [asdict(term) for term in model.terms],
        "bounded": model.bounded,
        "latent_dim": model.latent_dim,
        "formula": formula(model.terms),
        "title": entry.title,
        "summary": entry.summary,
        "source": entry.source,
    }


def spec_of(
    sample_shape: Sequence[int],
    samples: int = 1,
    classes: int = 0,
    *,
    bounded: bool | None = None,
) -> DataSpec:
    """What a model may know of data with this shape: images lie in [0, 1] unless told otherwise."""
    shape, is_image = tuple(sample_shape), len(sample_shape) == 3
    if is_image:
        height, width, channels = shape
        shape = (channels, height, width)
    return DataSpec(
        shape, samples, bounded=is_image if bounded is None else bounded, classes=classes
    )


def with_some_condition(spec: DataSpec, told: str) -> DataSpec:
    """The spec with as many choices as there are digits, or domains: only the data know how many.

    Args:
        spec: What is known of the data.
        told: The model's option `condition`.
    """
    if told in OF_THE_SAMPLE:
        return replace(spec, condition_kind="sample", conditions=(told,))
    choices = ("A", "B") if told == "domain" else tuple("0123456789")
    return replace(spec, condition_kind="choice", conditions=choices)


def parameter_count(model: LatentModel) -> int:
    """How many numbers the model learns."""
    return sum(parameter.numel() for parameter in model.parameters())


def formula(terms: Sequence[Term]) -> str:
    """The loss in one line, such as "−log p(x|z) + β · KL(q(z|x) ‖ p(z))"."""
    parts = [
        f"{SIGNS.get(term.weight, term.weight)} · {term.formula}" if term.weight else term.formula
        for term in terms
    ]
    return " + ".join(parts).replace(" + −", " − ")


@register_question("describe", needs_run=False)
def _describe(subject: Subject, arguments: Mapping[str, Any]) -> Findings:
    """The model of the settings on the data set that they name.

    Where there can be none, the values hold a "problem": one sentence.
    """
    settings = dict(arguments)
    seen = tuple(settings.pop("sample_shape", ()))  # of own data, whose preview has seen it
    name = settings.get("data", {}).get("name", "digits")
    try:
        entry = dataset_entry(name)
        shape = seen or entry.shape
        if not shape:
            return Findings({}, {})  # own data: known once they have been read
        return Findings({}, describe(settings, shape, bounded=entry.bounded))
    except ValueError as error:  # no failure: it is said where the model is chosen
        return Findings({}, {"problem": str(error)})
