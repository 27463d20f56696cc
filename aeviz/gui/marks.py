"""What happened when: the stages and the events of a run, as timeline and loss chart mark them."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aeviz.gui.session import Session
from aeviz.messages import EpochDone

MOST_SENTENCES = 8
"""Of one mark in a tooltip."""


@dataclass(frozen=True)
class Section:
    """A stage of a training on the axis of the epochs.

    Attributes:
        start: Where it begins: between the last epoch of the stage before and its own first.
        end: Where the next one begins, or the last epoch that has a place.
        name: Of the stage.
    """

    start: float
    end: float
    name: str


@dataclass(frozen=True)
class Mark:
    """Events that lie too near to each other for two marks.

    Attributes:
        epoch: Of the first.
        words: What happened, a sentence each.
    """

    epoch: int
    words: tuple[str, ...]


def sections(session: Session, end: float) -> list[Section]:
    """The stages that have begun; none where the model is trained as a whole.

    Args:
        session: With the run and its epochs.
        end: The last epoch that has a place.
    """
    names = session.run.stages if session.run is not None else ()
    if len(names) < 2 or not session.epochs:
        return []
    begun = range(session.epochs[-1].stage + 1)
    starts = [0.0, *(_first(session.epochs, stage) - 0.5 for stage in begun[1:])]
    ends = [*starts[1:], float(end)]
    return [
        Section(start, stop, name)
        for start, stop, name in zip(starts, ends, names, strict=False)
        if stop > start
    ]


def _first(epochs: Sequence[EpochDone], stage: int) -> int:
    """The first epoch of a stage."""
    return bisect_left(epochs, stage, key=_stage_of)


def _stage_of(done: EpochDone) -> int:
    return done.stage


def happened(session: Session, epoch: int) -> tuple[str, ...]:
    """The events of an epoch, without the beginning of a stage, which has a mark of its own."""
    done, run = session.epochs[epoch], session.run
    names = run.stages if run is not None and len(run.stages) > 1 else ()
    return tuple(event for event in done.events if event.removeprefix("stage: ") not in names)


def marks(session: Session, place_of: Callable[[float], float], gap: float) -> list[Mark]:
    """All events, those together that lie less than `gap` pixels apart.

    Args:
        session: With the epochs.
        place_of: Where an epoch lies, in pixels.
        gap: Pixels between two marks at least.
    """
    found: list[Mark] = []
    for epoch, done in enumerate(session.epochs):
        words = happened(session, epoch) if done.events else ()
        if not words:
            continue
        if found and place_of(epoch) - place_of(found[-1].epoch) < gap:
            found[-1] = Mark(found[-1].epoch, (*found[-1].words, *words))
        else:
            found.append(Mark(epoch, words))
    return found


def spoken(mark: Mark) -> str:
    """What the tooltip of a mark says."""
    shown = [word.rstrip(".") for word in mark.words[:MOST_SENTENCES]]
    more = len(mark.words) - len(shown)
    return ". ".join([f"Epoch {mark.epoch}", *shown, *([f"And {more} more"] if more else [])])
