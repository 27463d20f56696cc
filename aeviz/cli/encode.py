"""`aeviz encode`: the latents of a whole data set as a table."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aeviz.cli.conditions import parse_condition
from aeviz.cli.console import CommandError, Console
from aeviz.cli.latents import parse_epoch
from aeviz.cli.outputs import ending
from aeviz.cli.plugins import Plugins, use


def encode(
    run: Path,
    /,
    *,
    data: str | None = None,
    part: str | None = None,
    epoch: str = "last",
    condition: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    data_dir: Path | None = None,
    plugin: Plugins = None,
) -> int:
    """Encode a data set: the latents of its samples, with their labels.

    Args:
        run: Run folder.
        data: Data set by name, or a file or folder, to encode. [default: the run's own]
        part: Of the run's own samples: train, validation or all. [default: all]
        epoch: Whose weights encode: a number, last or best.
        condition: What a conditional model is told of all samples: a choice by name, numbers with
            commas, or the number of a sample. [default: what the data say of each]
        output: File to write: .csv, .npz, .parquet or .h5ad (latents in obsm["X_aeviz"]).
        data_dir: Where torchvision's files lie (else AEVIZ_DATA).
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    ending(output, ("npz", "csv", "parquet", "h5ad"))
    number = parse_epoch(epoch)
    if data is not None and part is not None:
        raise CommandError("--part is of the run's own samples: leave it out beside --data")
    from aeviz import api

    use(plugin)
    opened = api.load(run)
    try:
        found = opened.encode_data(
            data,
            number,  # type: ignore[arg-type]
            part=part or "all",
            condition=parse_condition(condition, opened.conditions),
            data_dir=data_dir,
        )
        found.save(output)
    except ValueError as error:
        raise CommandError(str(error)) from error
    Console().result(str(output))
    return 0
