"""`aeviz [PATH…]`: the window."""

from pathlib import Path

from aeviz.cli.console import CommandError
from aeviz.cli.plugins import Plugins, name


def window(*path: Path, plugin: Plugins = None) -> int:
    """Open the window.

    Args:
        path: Run folder or session (.aeviz) to show, or data of your own to look at: a table,
            arrays, a folder.
            [default: the last session, at first the demo]
        plugin: Python file of your own that brings a model, a data set, a panel or a question; it
            is run as a program, for this session.
    """
    for each in path:
        if not each.exists():
            raise CommandError(f"{each}: there is no such file or folder")
    if len(path) > 1:
        raise CommandError(f"{path[1]}: one window shows one run; start aeviz again for another")
    name(plugin)
    from aeviz.app import run_window

    return run_window([str(each.absolute()) for each in path])
