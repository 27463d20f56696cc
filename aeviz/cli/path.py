"""`aeviz path`: decodes along a path through the latent space."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from aeviz.cli.conditions import parse_condition
from aeviz.cli.console import CommandError, Console
from aeviz.cli.decode import array_file, missing, picture, say_clipped
from aeviz.cli.latents import parse_epoch, parse_place
from aeviz.cli.outputs import check_film, ending
from aeviz.cli.plugins import Plugins, use
from aeviz.cli.whole import Whole

if TYPE_CHECKING:
    from aeviz.api import Run
    from aeviz.messages import FloatArray

METHODS = ("straight", "slerp", "spline", "density", "geodesic")

VALUES = ("csv", "npz", "parquet")

MOST_STEPS = 1000

Place = Annotated[str, Parameter(allow_leading_hyphen=True)]


def path(
    run: Path,
    /,
    *,
    from_: Annotated[str, Parameter(name="--from", allow_leading_hyphen=True)],
    to: Place,
    via: Annotated[list[str] | None, Parameter(negative=(), allow_leading_hyphen=True)] = None,
    method: str = "straight",
    steps: Whole = 16,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    epoch: str = "last",
    condition: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    plugin: Plugins = None,
) -> int:
    """Decode along a path: a strip, a film or a table.

    Args:
        run: Run folder.
        from_: Where it begins: the number of a sample, or D numbers separated by commas.
        to: Where it ends, in the same way.
        via: A place that it passes on the way; it may be repeated.
        method: straight; slerp, on the sphere; spline, through all places without corners;
            density, where the data lie; geodesic, shortest in the decoder's own metric.
        steps: Decodes along it, with both ends.
        output: File to write: .png, .gif, .webp, .mp4, .csv, .npz or
            .parquet.
        epoch: Whose weights decode: a number, last or best.
        condition: What a conditional model is told: a choice by name, numbers with commas, or the
            number of a sample. [default: the first choice, the means, the first sample]
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    kind = ending(output, ("png", "gif", "webp", "mp4", "csv", "npz", "parquet"))
    number = parse_epoch(epoch)
    _check(method, steps)
    check_film(kind)
    from aeviz import api, errors
    from aeviz.runs.atomic import write_bytes

    use(plugin)
    opened, console = api.load(run), Console()
    words = [("--from", from_), *(("--via", word) for word in via or ()), ("--to", to)]
    anchors = [parse_place(flag, word, opened, number) for flag, word in words]
    told = parse_condition(condition, opened.conditions)
    named: dict[str, Any] = {"method": method, "condition": told, "measured": False}
    try:
        found = opened.along(anchors, steps, number, **named)  # type: ignore[arg-type]
    except errors.PathError as error:
        raise CommandError(f"--method {method}: {error}") from error
    if kind in VALUES:
        missing(found.x, console)
        how = f"decoded along a path ({method})"
        made = array_file(kind, opened, found.z, found.x, number, how=how, told=told)  # type: ignore[arg-type]
    else:
        made = _picture(kind, opened, found.x, console)
    write_bytes(output, made)
    console.result(str(output))
    return 0


def _check(method: str, steps: int) -> None:
    if method not in METHODS:
        raise CommandError(f"--method {method}: there is none; there are: {', '.join(METHODS)}")
    if not 2 <= steps <= MOST_STEPS:
        raise CommandError(f"--steps {steps}: write a number from 2 to {MOST_STEPS}")


def _picture(kind: str, run: "Run", x: "FloatArray", console: Console) -> bytes:
    from aeviz.export import films, sheets

    if kind == "png":
        return picture(run, x, len(x), console)
    say_clipped(run, x, console)
    return films.film(kind, sheets.enlarged(run.cells(x)))
