"""`aeviz sweep`: a sheet of decodes over a region of the map."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aeviz.cli.console import CommandError, Console
from aeviz.cli.decode import picture
from aeviz.cli.latents import parse_epoch
from aeviz.cli.outputs import ending

LARGEST = 200
"""Cells along a side at most: a sheet of 200 × 200 digits has 125 megapixels already."""


def sweep(
    run: Path,
    /,
    *,
    grid: int = 20,
    region: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    epoch: str = "last",
) -> int:
    """Decode a lattice over the map into one picture, the largest second coordinate on top.

    Args:
        run: Run folder.
        grid: Decodes along each side.
        region: XMIN,XMAX,YMIN,YMAX of the map. [default: where 98 % of the latents lie, and 5 %]
        output: File to write: .png.
        epoch: Whose weights decode: a number, last or best.
    """
    ending(output, ("png",))
    number = parse_epoch(epoch)
    if not 2 <= grid <= LARGEST:
        raise CommandError(f"--grid {grid}: write a number from 2 to {LARGEST}")
    corners = None if region is None else _parse_region(region)
    from aeviz import api, geometry
    from aeviz.export import sheets
    from aeviz.runs.atomic import write_bytes

    opened = api.load(run)
    plane = opened.plane(number)  # type: ignore[arg-type]
    shown = corners or sheets.default_region(plane.positions)
    places = geometry.lattice(shown, grid, grid).reshape(-1, 2)
    z = plane.mean + places @ plane.axes.T
    console = Console()
    decoded = opened.decode(z, number)  # type: ignore[arg-type]
    write_bytes(output, picture(opened, decoded, grid, console))
    console.result(str(output))
    return 0


def _parse_region(word: str) -> tuple[float, float, float, float]:
    try:
        left, right, bottom, top = (float(part) for part in word.split(","))
    except ValueError as error:
        raise CommandError(f"--region {word}: write XMIN,XMAX,YMIN,YMAX") from error
    if not (left < right and bottom < top and abs(left + right + bottom + top) < float("inf")):
        raise CommandError(f"--region {word}: XMIN must be below XMAX and YMIN below YMAX")
    return left, right, bottom, top
