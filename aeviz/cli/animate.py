"""`aeviz animate`: the map of a run as it formed, epoch by epoch."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from aeviz.cli.console import Console
from aeviz.cli.outputs import check_film, ending
from aeviz.cli.plugins import Plugins, use


def animate(
    run: Path,
    /,
    *,
    seconds: Annotated[float | None, Parameter(validator=validators.Number(gt=0, lte=600))] = None,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    plugin: Plugins = None,
) -> int:
    """Write the map of every epoch as a film, coloured by label.

    Args:
        run: Run folder.
        seconds: How long it plays. [default: 0.12 for every epoch, 3 at least]
        output: File to write: .gif, .webp or .mp4.
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    kind = ending(output, ("gif", "webp", "mp4"))
    check_film(kind)
    from aeviz import api
    from aeviz.filming import chosen_epochs, film_of_training
    from aeviz.runs.atomic import write_bytes

    use(plugin)
    opened, console = api.load(run), Console()
    _, sentence = chosen_epochs(opened)
    if sentence:
        console.say(sentence)
    for _, _, film in film_of_training(opened, kind, seconds):
        if film is not None:
            write_bytes(output, film)
    console.result(str(output))
    return 0
