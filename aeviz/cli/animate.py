"""`aeviz animate`: the map of a run as it formed, epoch by epoch."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from aeviz.cli.console import CommandError, Console
from aeviz.cli.outputs import check_film, ending
from aeviz.cli.plugins import Plugins, use
from aeviz.cli.whole import Whole
from aeviz.progress import display


def animate(
    run: Path,
    /,
    *,
    seconds: Annotated[float | None, Parameter(validator=validators.Number(gt=0, lte=600))] = None,
    size: Whole = 640,
    title: bool = True,
    numbers: bool = True,
    legend: bool = True,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    plugin: Plugins = None,
) -> int:
    """Write the map of every epoch as a film, coloured by label.

    Args:
        run: Run folder.
        seconds: How long it plays. [default: 0.12 for every epoch, 3 at least]
        size: Pixels of a side of the map, 240 to 1920.
        title: Whether the title of the run stands above.
        numbers: Whether each picture says its epoch.
        legend: Whether the labels are named beside the map.
        output: File to write: .gif, .webp or .mp4.
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    kind = ending(output, ("gif", "webp", "mp4"))
    check_film(kind)
    from aeviz import api
    from aeviz.filming import Cut, check, chosen_epochs, film_of_training
    from aeviz.runs.atomic import write_bytes

    cut = Cut(kind, seconds, size, title, numbers, legend)
    try:
        check(cut)
    except ValueError as error:
        raise CommandError(f"--size {size}: {error}") from error
    use(plugin)
    opened, console = api.load(run), Console()
    _, sentence = chosen_epochs(opened)
    if sentence:
        console.say(sentence)
    with display("making the film") as shown:

        def report(share: float | None, phrase: str) -> None:
            shown.update(0.0 if share is None else share, "making the film", phrase)

        write_bytes(output, film_of_training(opened, cut, report=report))
    console.result(str(output))
    return 0
