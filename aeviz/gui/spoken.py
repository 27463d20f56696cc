"""Sentences that name options of the command line, in the words of the window.

What reads data and trains is the same everywhere, and names options as `--set data.missing=drop`.
Here such a name becomes that of the field: “Missing values: drop”.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from aeviz import catalogue
from aeviz import messages as m

OWN_FILES = {"missing": "Missing values", "decimal": "Decimal sign"}
"""Fields of a person's own files whose titles are not their names."""

_SET = re.compile(r"(?:--set )?\b(?:data|model|train)\.(\w+)=([\w./-]*[\w/])")
_NAMED = re.compile(r"\b(?:data|model|train)\.(\w+)(?=[: ])")
_RESUME = re.compile(r"with --resume \S.*?(?=, or|;|$)")
_ASIDE = re.compile(r" \(--[a-z][a-z-]*\)")
_FLAG = re.compile(r"(?<![\w-])--([a-z][a-z-]+)(?![\w-])")


def in_window(sentence: str, titles: Mapping[str, str] | None = None) -> str:
    """A sentence as the window says it; what stands between backticks is left as it is.

    Args:
        sentence: Of a reader, a training or a job.
        titles: Of fields by their names, beyond those that are known.

    Example:
        >>> in_window("leave those samples out with --set data.missing=drop")
        'leave those samples out with “Missing values: drop”'
        >>> in_window("use a smaller learning rate (--lr)")
        'use a smaller learning rate'
    """
    if "--" not in sentence and "." not in sentence:
        return sentence
    known = {**_titles(), **OWN_FILES, **(titles or {})}
    parts = sentence.split("`")
    parts[::2] = [_spoken(part, known) for part in parts[::2]]
    return "`".join(parts)


def as_spoken(message: m.Message) -> m.Message:
    """A message whose sentences are in the words of the window; the same where none changes."""
    if isinstance(message, m.Failed):
        summary = in_window(message.summary)
        return message if summary == message.summary else replace(message, summary=summary)
    if isinstance(message, m.JobDone):
        sentence = in_window(message.sentence)
        return message if sentence == message.sentence else replace(message, sentence=sentence)
    if isinstance(message, m.DataPreviewed | m.DataDescribed):
        return _of_data(message)
    return message


def _of_data(message: m.DataPreviewed | m.DataDescribed) -> m.Message:
    titles: dict[str, str] = {}
    if isinstance(message, m.DataPreviewed):
        rows = message.entry.get("options", ())
        titles = {row["name"]: row["title"] for row in rows}
    sentence = in_window(message.sentence, titles)
    remarks = tuple(in_window(remark, titles) for remark in message.remarks)
    if (sentence, remarks) == (message.sentence, message.remarks):
        return message
    return replace(message, sentence=sentence, remarks=remarks)


@cache
def _titles() -> dict[str, str]:
    """Titles of the fields of training."""
    return {option.name: option.title for option in catalogue.built().train}


def _spoken(text: str, titles: Mapping[str, str]) -> str:
    def title(name: str) -> str:
        plain = name.replace("-", "_")
        return titles.get(plain) or plain.replace("_", " ").capitalize()

    def chosen(found: re.Match[str]) -> str:
        value = found[2]
        return f"“{title(found[1])}”" if value.isupper() else f"“{title(found[1])}: {value}”"

    def named(found: re.Match[str]) -> str:
        return f"“{title(found[1])}”" if found[1] in titles else found[0]

    text = _SET.sub(chosen, text)
    text = _NAMED.sub(named, text)
    text = _RESUME.sub("by opening it and training further", text)
    text = _ASIDE.sub("", text)
    return _FLAG.sub(lambda found: f"“{title(found[1])}”", text)
