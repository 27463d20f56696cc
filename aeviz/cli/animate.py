"""`aeviz animate`: the map of a run as it formed, epoch by epoch."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aeviz.cli.console import CommandError, Console
from aeviz.cli.outputs import check_film, ending
from aeviz.cli.plugins import Plugins, use

MOST_FRAMES = 400
"""Pictures of a film at most: of long runs some epochs are left out, which is said."""


def animate(
    run: Path,
    /,
    *,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    plugin: Plugins = None,
) -> int:
    """Write the map of every epoch as a film, coloured by label.

    Args:
        run: Run folder.
        output: File to write: .gif or .mp4.
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    kind = ending(output, ("gif", "mp4"))
    check_film(kind)
    import numpy as np

    from aeviz import api
    from aeviz.export import animation, films
    from aeviz.runs.atomic import write_bytes

    use(plugin)
    opened, console = api.load(run), Console()
    kept = [line.epoch for line in opened.folder.epochs if opened.folder.has_latents(line.epoch)]
    if not kept:
        raise CommandError(f"{run}: no epoch has been written yet")
    chosen = kept
    if len(kept) > MOST_FRAMES:
        rows = np.linspace(0, len(kept) - 1, MOST_FRAMES).round().astype(int)
        chosen = [kept[row] for row in rows]
        console.say(f"{len(chosen)} of {len(kept)} epochs are shown, evenly spaced")
    between = max(1, min(6, MOST_FRAMES // len(chosen)))
    planes = opened.planes(chosen)
    frames = animation.map_frames(
        [plane.positions for plane in planes], chosen, opened.labels, opened.title, between
    )
    write_bytes(output, films.film(kind, np.stack(list(frames)), max(3.0, 0.12 * len(chosen))))
    console.result(str(output))
    return 0
