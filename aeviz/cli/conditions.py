"""`--condition VALUE`: what a conditional model is told, as a word on the command line."""

from typing import TYPE_CHECKING, Any

from aeviz.cli.console import CommandError

if TYPE_CHECKING:
    from aeviz.messages import Conditions

ALL = "all"
"""Every choice, each in a row of its own."""


def parse_condition(word: str | None, about: "Conditions | None") -> Any:
    """The condition that a word names; None where none was given.

    Args:
        word: A choice by name or number, numbers with commas, or a sample's number.
        about: What the run's model can be told.

    Raises:
        CommandError: If the model cannot be told that; the sentence says what it can be.
    """
    if word is None:
        return None
    if about is None:
        raise CommandError(f"--condition {word}: the model of this run takes no condition")
    reader = {"choice": _choice, "numbers": _numbers, "sample": _sample}[about.kind]
    return reader(word.strip(), about)


def _choice(word: str, about: "Conditions") -> int:
    if word in about.names:
        return about.names.index(word)
    if word.isdecimal() and int(word) < len(about.names):
        return int(word)
    raise CommandError(f"--condition {word}: there is none; there are: {', '.join(about.names)}")


def _numbers(word: str, about: "Conditions") -> list[float]:
    wanted = ", ".join(
        f"{name} {low:g} to {high:g}"
        for name, (low, high) in zip(about.names, about.ranges, strict=True)
    )
    try:
        numbers = [float(part) for part in word.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != len(about.names) or not abs(sum(numbers)) < float("inf"):
        count = len(about.names)
        ask = "a number" if count == 1 else f"{count} numbers with commas between them"
        they = "it was" if count == 1 else "they were"
        raise CommandError(f"--condition {word}: write {ask}; in training {they} {wanted}")
    return numbers


def _sample(word: str, about: "Conditions") -> int:
    if not word.isdecimal():
        raise CommandError(
            f"--condition {word}: write the number of a sample whose {about.name} is told"
        )
    return int(word)
