"""Samples by words: numbers, ranges, labels, parts."""

import re

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import RunOpened

HELP = "Numbers and ranges (7, 10-20), labels by name, train, validation; commas between them."


class FindError(ValueError):
    """A word that names nothing; the message says which, and what can be written."""


def find_rows(text: str, run: RunOpened) -> NDArray[np.int64]:
    """Rows of the shown samples that words name, sorted.

    Args:
        text: Words with commas between them; each is the number of a sample in its data set, a
            range of numbers, the name of a label, or "train" or "validation".
        run: Whose samples.

    Raises:
        FindError: If a word names nothing.
    """
    found = np.zeros(len(run.index), bool)
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise FindError(f"Write what to select. {HELP}")
    for word in words:
        found |= _named(word, run)
    return np.flatnonzero(found)


def _named(word: str, run: RunOpened) -> NDArray[np.bool_]:
    parts = {"train": 0, "validation": 1}
    names = {name.casefold(): label for label, name in enumerate(run.class_names)}
    label = names.get(word.casefold().removeprefix("label ").strip())
    if word.casefold() in parts:
        return np.asarray(run.parts == parts[word.casefold()])
    ends = re.fullmatch(r"#?(\d+)(?:\s*[-–]\s*#?(\d+))?", word)
    # Digits are names of labels too: a bare number is a sample, "label 7" is a label.
    if ends is not None and not word.casefold().startswith("label"):
        first, last = int(ends[1]), int(ends[2] or ends[1])
        found = np.asarray((run.index >= min(first, last)) & (run.index <= max(first, last)))
        if not found.any():
            raise FindError(f"“{word}” is the number of no shown sample.")
        return found
    if label is not None and run.labels is not None:
        return np.asarray(run.labels == label)
    known = ", ".join(run.class_names[:8]) + (", …" if len(run.class_names) > 8 else "")
    more = f" Labels are: {known}." if run.class_names else ""
    raise FindError(f"“{word}” names no sample.{more} {HELP}")
