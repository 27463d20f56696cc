"""`aeviz measure`: what a model is worth on samples, as numbers with unit and definition."""

import json
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from aeviz.cli.console import CommandError, Console
from aeviz.cli.latents import parse_epoch
from aeviz.cli.plugins import Plugins, use
from aeviz.progress import display

DIGITS = 5


def measure(
    run: Path,
    /,
    *,
    data: str | None = None,
    part: str | None = None,
    epoch: str = "last",
    only: Annotated[list[str] | None, Parameter(negative=())] = None,
    data_dir: Path | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    plugin: Plugins = None,
) -> int:
    """Measure a model: ELBO, IWAE bound, KL, quality of the latents, disentanglement.

    Args:
        run: Run folder.
        data: Data set by name, or file .npz or .npy, to measure on. [default: the run's own]
        part: Of the run's own samples: train, validation or all. [default: validation]
        epoch: Whose weights are measured: a number, last or best.
        only: A measure by its name; it may be repeated.
        data_dir: Where torchvision's files lie (else AEVIZ_DATA).
        json_: Print a list of objects with name, value, unit, part, epoch, definition, stderr.
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    number = parse_epoch(epoch)
    if data is not None and part is not None:
        raise CommandError("--part is of the run's own samples: leave it out beside --data")
    from aeviz import api

    use(plugin)
    opened = api.load(run)
    rows: list[dict[str, Any]] = []
    try:
        found = opened.measuring(
            only or (),
            part=part or "",
            data=data,
            epoch=number,  # type: ignore[arg-type]
            data_dir=data_dir,
        )
        with display("measuring") as shown:
            for share, title, row in found:
                shown.update(share, "measuring", title)
                rows += [] if row is None else [row]
    except ValueError as error:
        raise CommandError(str(error)) from error
    console = Console()
    if json_:
        console.result(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        console.result("\n".join(_lines(rows)))
    return 0


def _lines(rows: list[dict[str, Any]]) -> list[str]:
    width = max((len(row["name"]) for row in rows), default=0)
    return [f"{row['name']:<{width}}  {_value(row)}" for row in rows]


def _value(row: dict[str, Any]) -> str:
    """A value with its error and unit, or why there is none."""
    if row["value"] is None:
        return f"–  ({row['reason']})"
    error = f" ± {row['stderr']:.2g}" if "stderr" in row else ""
    return f"{row['value']:.{DIGITS}g}{error} {row['unit']}".rstrip()
