"""A condition as a person or a view gives it, turned into what a model takes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aeviz.models.base import Conditional, LatentModel


def to_model(model: LatentModel, condition: Any, count: int) -> Tensor | None:
    """A condition as `encode` and `decode` of a model take it, for `count` rows.

    Args:
        model: Any model; one without conditions is told nothing.
        condition: One for all rows, or as many as there are rows. Choices by name or number;
            numbers (K,) or (count, K); scaled samples with channels last (…) or (count, …). None
            where it is not known.
        count: How many rows.

    Raises:
        ValueError: If the model has no such condition; the sentence says which there are.
    """
    if condition is None:
        return None
    if not isinstance(model, Conditional):
        raise ValueError(f"this model takes no condition, and {_short(condition)} was given")
    if model.condition_kind == "sample":
        return _samples(condition, count)
    if model.condition_kind == "numbers":
        return _numbers(condition, count, model.condition_names)
    return _choices(condition, count, model.condition_names)


def choice_of(condition: Any, names: Sequence[str]) -> int:
    """The number of a choice that is given by name or number; -1 is "not known".

    Raises:
        ValueError: If there is none of that name or number.
    """
    if isinstance(condition, str) and condition in names:
        return list(names).index(condition)
    is_number = isinstance(condition, int | np.integer) and not isinstance(condition, bool)
    if is_number and -1 <= condition < len(names):
        return int(condition)
    shown = ", ".join(names[:40]) + (", …" if len(names) > 40 else "")
    raise ValueError(f"there is no condition {_short(condition)}; there are: {shown}")


def _choices(condition: Any, count: int, names: Sequence[str]) -> Tensor:
    if isinstance(condition, str) or not np.ndim(condition):
        single = condition.item() if isinstance(condition, np.ndarray) else condition
        return torch.full((count,), choice_of(single, names))
    if len(condition) != count:
        raise ValueError(f"{len(condition)} conditions were given for {count} rows")
    if isinstance(condition, np.ndarray) and condition.dtype == np.int64:
        for outermost in (condition.min(initial=0), condition.max(initial=0)):
            choice_of(outermost, names)
        return torch.tensor(condition)
    return torch.tensor([choice_of(each, names) for each in condition])


def _numbers(condition: Any, count: int, names: Sequence[str]) -> Tensor:
    wanted = f"the condition is {len(names)} numbers: {', '.join(names)}"
    try:
        numbers = np.asarray(condition, np.float32)
    except (TypeError, ValueError):
        raise ValueError(f"{wanted}; {_short(condition)} was given") from None
    if numbers.ndim < 2:
        numbers = np.atleast_1d(numbers)[np.newaxis]
    if numbers.shape[1:] != (len(names),) or len(numbers) not in (1, count):
        raise ValueError(f"{wanted}; {_short(condition)} was given")
    return torch.tensor(np.broadcast_to(numbers, (count, len(names))))


def _samples(condition: Any, count: int) -> Tensor:
    samples = np.asarray(condition, np.float32)
    if samples.ndim == 3:
        samples = samples[np.newaxis]
    if samples.ndim != 4 or len(samples) not in (1, count):
        raise ValueError("the condition is an image: that of one sample, or one for every row")
    first = np.ascontiguousarray(np.moveaxis(samples, -1, 1))
    return torch.tensor(np.broadcast_to(first, (count, *first.shape[1:])))


def _short(condition: Any) -> str:
    text = repr(condition.tolist() if isinstance(condition, np.ndarray) else condition)
    return text if len(text) <= 60 else f"{text[:57]}…"


def default_condition(model: LatentModel) -> Any:
    """What a decode is told where nothing was asked for: the first choice, else nothing."""
    is_choice = isinstance(model, Conditional) and model.condition_kind == "choice"
    return 0 if is_choice else None
