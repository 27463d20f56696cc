"""`--plugin FILE.py`: a file of the user's own that brings models, data sets, panels, questions."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Plugins = Annotated[
    list[Path] | None,
    Parameter(name="--plugin", negative=()),
]
"""Of every verb: naming a file is trusting it, for this command."""


def use(files: Iterable[Path] | None) -> None:
    """Load the files that were named, before anything is looked up.

    Raises:
        PluginError: If one cannot be loaded; the sentence names file and line.
    """
    if files:
        from aeviz.compute.plugins import load_file

        for file in files:
            load_file(file)


def name(files: Iterable[Path] | None) -> None:
    """Take the files for a window, which loads them once torch is there.

    Raises:
        PluginError: If one is no Python file that can be read.
    """
    if files:
        from aeviz.compute.plugins import name_file

        for file in files:
            name_file(file)
