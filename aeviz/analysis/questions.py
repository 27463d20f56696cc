"""Questions that a view can ask by name: a registry of functions of a run.

A question of one's own is one function with `@register_question("name")`; the inspector that asks
it gets its arrays and values back in an `Answer`.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

from numpy.typing import NDArray
from torch import Tensor

import aeviz.analysis
from aeviz.messages import ByteArray, FloatArray, IntArray
from aeviz.models.base import LatentModel


@dataclass(frozen=True, eq=False)
class Subject:
    """What a question is asked about; all of it None for a question that needs no run.

    Attributes:
        model: In `eval()`, with the weights of the asked epoch, on the CPU.
        latents: Of the shown samples at that epoch, (N, D).
        samples: Returns scaled shown samples by row numbers, float32 (K, C, H, W) or (K, F).
        labels: Of the shown samples, (N,), -1 where missing.
        parts: Of the shown samples: 0 where the model was trained on it, 1 where it was held out,
            uint8 (N,).
        kept: How many of the shown samples `samples` can return: the first ones.
        own_units: Samples as a model sees them, channels last, as a person reads them: images
            with 0 for black and 1 for white, tables in their own units.
        scale: Samples in the data's own units, channels last, as a model sees them.
        told: Returns the own conditions of shown samples by row numbers, as the second argument of
            `encode` and `decode`; None of a model without conditions.
        condition: Returns a condition as messages name it, as the second argument of `decode` for
            so many rows; None asks for the first choice, the means, or the first sample.
    """

    model: LatentModel | None = None
    latents: FloatArray | None = None
    samples: Callable[[IntArray], FloatArray] | None = None
    labels: IntArray | None = None
    parts: ByteArray | None = None
    kept: int = 0
    own_units: Callable[[FloatArray], FloatArray] | None = None
    told: Callable[[IntArray], Tensor | None] | None = None
    scale: Callable[[FloatArray], FloatArray] | None = None
    condition: Callable[[Any, int], Tensor | None] | None = None


class Findings(NamedTuple):
    """What a question found: the content of an `Answer`."""

    arrays: Mapping[str, NDArray[Any]]
    values: Mapping[str, Any]


Question = Callable[[Subject, Mapping[str, Any]], "Findings | Iterator[Findings | None]"]
"""`question(subject, arguments)`; raises ValueError with a sentence where it cannot answer.

One that takes longer than about 8 ms is a generator: it yields None between slices of that length,
and `Findings` whenever there is something to show; the last ones are the answer.
"""


@dataclass(frozen=True)
class QuestionEntry:
    """A registered question: its name, whether it needs an open run, and the function."""

    name: str
    needs_run: bool
    answer: Question


QUESTIONS: dict[str, QuestionEntry] = {}
"""Every registered question by name."""

QuestionFunction = TypeVar("QuestionFunction", bound=Question)


def register_question(
    name: str, *, needs_run: bool = True
) -> Callable[[QuestionFunction], QuestionFunction]:
    """Enter a question into the registry under a name that nobody else has.

    Raises:
        ValueError: If the name is taken.
    """

    def enter(question: QuestionFunction) -> QuestionFunction:
        if name in QUESTIONS:
            raise ValueError(f"a question named {name!r} is registered already")
        QUESTIONS[name] = QuestionEntry(name, needs_run, question)
        return question

    return enter


def ask(name: str, subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """Answer a question by its name, slice by slice; see `Question`.

    Raises:
        ValueError: If there is no such question, or it cannot answer; the message says why.
    """
    import_questions()
    if name not in QUESTIONS:
        names = ", ".join(sorted(QUESTIONS))
        raise ValueError(f"there is no question {name!r}; there are: {names}")
    entry = QUESTIONS[name]
    if entry.needs_run and subject.model is None:
        raise ValueError(f"the question {name!r} needs an open run")
    found = entry.answer(subject, arguments)
    return iter((found,)) if isinstance(found, Findings) else found


@cache
def import_questions() -> None:
    """Import every file of the package once: each registers its questions.

    Not when the package is imported: the map needs `projection` before torch is there.
    """
    for module in pkgutil.iter_modules(aeviz.analysis.__path__):
        importlib.import_module(f"aeviz.analysis.{module.name}")
