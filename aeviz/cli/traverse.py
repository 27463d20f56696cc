"""`aeviz traverse`: decodes along every latent dimension by itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from aeviz.cli.conditions import parse_condition
from aeviz.cli.console import CommandError, Console
from aeviz.cli.decode import say_clipped
from aeviz.cli.latents import parse_epoch
from aeviz.cli.outputs import check_film, ending
from aeviz.cli.plugins import Plugins, use
from aeviz.cli.whole import MaybeWhole, Whole

if TYPE_CHECKING:
    from aeviz.messages import ByteArray

MOST_STEPS = 200


def traverse(
    run: Path,
    /,
    *,
    sample: MaybeWhole = None,
    steps: Whole = 11,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    epoch: str = "last",
    condition: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    plugin: Plugins = None,
) -> int:
    """Decode along each dimension: a row for every one, those that carry most on top.

    Rows of dead dimensions are pale. The order and what each carries are said on stderr.

    Args:
        run: Run folder.
        sample: Number of the sample whose latent all go through. [default: the median latent]
        steps: Decodes along a dimension, from the 1 % to the 99 % quantile of the posterior.
        output: File to write: .png, or .gif, .webp, .mp4 with all dimensions moving at once.
        epoch: Whose weights decode: a number, last or best.
        condition: What a conditional model is told: a choice by name, numbers with commas, or the
            number of a sample. [default: the first choice, the means, the first sample]
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    kind = ending(output, ("png", "gif", "webp", "mp4"))
    check_film(kind)
    number = parse_epoch(epoch)
    if not 2 <= steps <= MOST_STEPS:
        raise CommandError(f"--steps {steps}: write a number from 2 to {MOST_STEPS}")
    from aeviz import api, errors
    from aeviz.runs.atomic import write_bytes

    use(plugin)
    opened, console = api.load(run), Console()
    told = parse_condition(condition, opened.conditions)
    try:
        found = opened.traverse(steps, number, sample=sample)  # type: ignore[arg-type]
    except errors.DrawError as error:
        raise CommandError(f"--sample {sample}: {error}") from error
    x = opened.decode(found.z, number, condition=told)  # type: ignore[arg-type]
    say_clipped(opened, x, console)
    for dimension in found.order:
        state = ", dead" if found.dead[dimension] else ""
        console.say(f"z{dimension + 1}: {found.weight[dimension]:.3g}{state}")
    sheet = opened.picture(x, pale=found.dead[found.order])
    write_bytes(output, _content(kind, sheet, *x.shape[:2]))
    console.result(str(output))
    return 0


def _content(kind: str, sheet: "ByteArray", dimensions: int, steps: int) -> bytes:
    """The sheet as a picture, or its columns one after the other as a film."""
    from aeviz.export import films, sheets
    from aeviz.filming import sweep_frames

    if kind == "png":
        return sheets.png(sheet)
    return films.film(kind, sheets.enlarged(sweep_frames(sheet, dimensions, steps)))
