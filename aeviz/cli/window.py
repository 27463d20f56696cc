"""`aeviz [PATH…]`: the window."""

from pathlib import Path

from aeviz.cli.console import CommandError


def window(*path: Path) -> int:
    """Open the window.

    Args:
        path: Run folder or session (.aeviz) to show, or data of your own to look at: a table,
            arrays, a folder.
            [default: the last session, at first the demo]
    """
    for each in path:
        if not each.exists():
            raise CommandError(f"{each}: there is no such file or folder")
    if len(path) > 1:
        raise CommandError(f"{path[1]}: one window shows one run; start aeviz again for another")
    from aeviz.app import run_window

    return run_window([str(each.absolute()) for each in path])
