"""`aeviz shot`: a picture of the window, without a screen."""

import re
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from aeviz.cli.console import CommandError, Console
from aeviz.cli.latents import parse_epoch
from aeviz.cli.outputs import ending
from aeviz.cli.plugins import Plugins, name

SMALLEST, LARGEST = 320, 8192


def shot(
    *path: Path,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    size: str = "1600x1000",
    scale: Literal["1", "2"] = "1",
    theme: Literal["light", "dark"] = "light",
    view: str | None = None,
    epoch: str | None = None,
    plugin: Plugins = None,
) -> int:
    """Make a picture of the window; reads and writes no settings.

    Args:
        path: Run folder or session file (.aeviz) to show. [default: the demo]
        output: File to write: .png.
        size: WIDTHxHEIGHT of the window.
        scale: Pixels per point: 2 is a high-resolution screen.
        theme: light or dark.
        view: Dock to bring to the front.
        epoch: Epoch to show: a number, last or best. [default: that of the session, else last]
        plugin: Python file of your own that brings the model, the data or a panel; it is run as a
            program.
    """
    ending(output, ("png",))
    width, height = _parse_size(size)
    number = None if epoch is None else parse_epoch(epoch)
    if len(path) > 1:
        raise CommandError(f"{path[1]}: one window shows one run")
    if path and not path[0].exists():
        raise CommandError(f"{path[0]}: there is no such run folder or session")
    name(plugin)
    from aeviz.app import shot as take
    from aeviz.process.start import Shot

    wanted = Shot(
        path=str(path[0].absolute()) if path else None,
        width=width,
        height=height,
        scale=int(scale),
        theme=theme,
        view=view,
        epoch=number,
    )
    content = take(wanted)
    from aeviz.runs.atomic import write_bytes

    write_bytes(output, content)
    Console().result(str(output))
    return 0


def _parse_size(word: str) -> tuple[int, int]:
    matched = re.fullmatch(r"(\d+)[x×](\d+)", word)
    if matched is None:
        raise CommandError(f"--size {word}: write WIDTHxHEIGHT, such as 1600x1000")
    width, height = int(matched[1]), int(matched[2])
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise CommandError(f"--size {word}: each side must be from {SMALLEST} to {LARGEST}")
    return width, height
