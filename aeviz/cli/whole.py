"""Whole numbers on the command line: cyclopts alone would take 2.5 and round it."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter, Token

from aeviz.cli.console import CommandError


def read_whole(kind: Any, tokens: Sequence[Token]) -> int:
    """The whole number that a flag is given; raises CommandError for any other word."""
    keyword, word = tokens[0].keyword, tokens[0].value.strip()
    if re.fullmatch(r"[+-]?\d+", word) is None:
        raise CommandError(f"{keyword} {word}: write a whole number")
    return int(word)


Whole = Annotated[int, Parameter(converter=read_whole)]
"""Of a flag that always has a value."""

MaybeWhole = Annotated[int | None, Parameter(converter=read_whole)]
"""Of a flag that may be left out."""
