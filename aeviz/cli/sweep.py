"""`aeviz sweep`: a sheet of decodes over a region of the map."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from aeviz.cli.conditions import ALL, parse_condition
from aeviz.cli.console import CommandError, Console
from aeviz.cli.decode import picture
from aeviz.cli.latents import parse_epoch
from aeviz.cli.outputs import ending
from aeviz.cli.plugins import Plugins, use
from aeviz.cli.whole import Whole

if TYPE_CHECKING:
    from aeviz.api import Run

Corners = tuple[float, float, float, float]

LARGEST = 200
"""Cells along a side at most: a sheet of 200 × 200 digits has 125 megapixels already."""


def sweep(
    run: Path,
    /,
    *,
    grid: Whole = 20,
    region: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    epoch: str = "last",
    condition: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    plugin: Plugins = None,
) -> int:
    """Decode a lattice over the map into one picture, the largest second coordinate on top.

    With --condition all it is a sheet of styles in place of a lattice: a row for every choice, and
    in the columns the same latents, drawn from the model's prior with the run's seed.

    Args:
        run: Run folder.
        grid: Decodes along each side.
        region: XMIN,XMAX,YMIN,YMAX of the map. [default: where 98 % of the latents lie, and 5 %]
        output: File to write: .png.
        epoch: Whose weights decode: a number, last or best.
        condition: What a conditional model is told: a choice by name, numbers with commas, or the
            number of a sample; all for every choice. [default: the first choice, the means, the
            first sample]
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    ending(output, ("png",))
    number = parse_epoch(epoch)
    if not 2 <= grid <= LARGEST:
        raise CommandError(f"--grid {grid}: write a number from 2 to {LARGEST}")
    corners = None if region is None else _parse_region(region)
    from aeviz import api
    from aeviz.runs.atomic import write_bytes

    use(plugin)
    opened, console = api.load(run), Console()
    if condition == ALL:
        content = _styles(opened, number, grid, console)
    else:
        told = parse_condition(condition, opened.conditions)
        content = _lattice(opened, number, grid, corners, told, console)
    write_bytes(output, content)
    console.result(str(output))
    return 0


def _lattice(
    opened: "Run",
    number: int | str,
    grid: int,
    corners: Corners | None,
    told: Any,
    console: Console,
) -> bytes:
    """The sheet of a lattice over a region of the map, as a PNG."""
    found = opened.sweep(grid, number, region=corners, condition=told)  # type: ignore[arg-type]
    return picture(opened, found.x, grid, console)


def _styles(opened: "Run", number: int | str, columns: int, console: Console) -> bytes:
    """The sheet with a row for every choice and a column for every style, as a PNG."""
    import numpy as np

    about = opened.conditions
    if about is None or about.kind != "choice":
        raise CommandError("--condition all: only a model that is told a choice has a row for each")
    seed = int(opened.folder.info.settings.get("seed", 0)) % 2**63
    z = opened.styles(columns, number, seed=seed)  # type: ignore[arg-type]
    choices = np.repeat(np.arange(len(about.names), dtype=np.int64), columns)
    everywhere = np.tile(z, (len(about.names), 1))
    decoded = opened.decode(everywhere, number, condition=choices)  # type: ignore[arg-type]
    return picture(opened, decoded, columns, console)


def _parse_region(word: str) -> Corners:
    try:
        left, right, bottom, top = (float(part) for part in word.split(","))
    except ValueError as error:
        raise CommandError(f"--region {word}: write XMIN,XMAX,YMIN,YMAX") from error
    if not (left < right and bottom < top and abs(left + right + bottom + top) < float("inf")):
        raise CommandError(f"--region {word}: XMIN must be below XMAX and YMIN below YMAX")
    return left, right, bottom, top
