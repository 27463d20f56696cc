"""The one place where verbs write: results to stdout, everything else to stderr."""

import sys

ERROR_LINES = 3
"""Lines of an error message at most."""


class CommandError(Exception):
    """A verb cannot do what was asked: a sentence for stderr and the exit code.

    Args:
        sentence: What is wrong and what to do, naming the wrong word.
        code: 2 where the person can mend it, 1 where the work itself failed.
    """

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.code = code


class Console:
    """Where verbs write; progress is shown by `aeviz.progress`."""

    def result(self, text: str) -> None:
        """Print a result or a path to stdout."""
        print(text, flush=True)

    def say(self, text: str) -> None:
        """Print a message to stderr."""
        print(text, file=sys.stderr, flush=True)

    def error(self, sentence: str) -> None:
        """Print an error to stderr, at most `ERROR_LINES` lines."""
        lines = [line for line in sentence.strip().splitlines() if line.strip()]
        self.say("aeviz: " + "\n".join(lines[:ERROR_LINES]))
