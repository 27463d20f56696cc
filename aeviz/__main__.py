"""`python -m aeviz`, and the entry point of the installed commands."""

import multiprocessing
import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    # A frozen app starts itself again for its child processes: they must not open a window.
    multiprocessing.freeze_support()
    from aeviz.cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
