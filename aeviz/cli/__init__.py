"""The command line: one file per verb, one `Console` for output; Qt only in `aeviz` and `shot`.

Exit codes: 0 done; 2 what the person can mend by changing the command or the file; 1 the work
itself failed; 130 and 143 interrupted. An error is at most three lines on stderr.
"""

from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run one command line.

    Args:
        arguments: The words after the program's name.

    Returns:
        The exit code.
    """
    from aeviz.cli.verbs import run

    return run(list(arguments))
