"""`aeviz draw`: new samples, decoded from latents that are drawn."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from aeviz.cli.conditions import parse_condition
from aeviz.cli.console import CommandError, Console
from aeviz.cli.decode import array_file, missing, picture
from aeviz.cli.latents import parse_epoch
from aeviz.cli.outputs import ending
from aeviz.cli.plugins import Plugins, use
from aeviz.cli.whole import MaybeWhole, Whole

if TYPE_CHECKING:
    from aeviz.api import Run
    from aeviz.messages import FloatArray

SOURCES = ("prior", "gmm", "flow", "posterior")

MOST = 1_000_000


def draw(
    run: Path,
    /,
    *,
    count: Annotated[Whole, Parameter(name=["-n", "--count"])] = 100,
    using: str = "prior",
    sample: MaybeWhole = None,
    seed: Whole = 0,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    epoch: str = "last",
    condition: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    plugin: Plugins = None,
) -> int:
    """Draw latents and decode them: a sheet, an array, a table, or a folder of pictures.

    Args:
        run: Run folder.
        count: How many.
        using: What they are drawn from: prior, of the model; gmm or flow, a Gaussian mixture or a
            flow fitted to the latents; posterior, of the sample of --sample.
        sample: Number of that sample.
        seed: The same seed draws the same.
        output: File to write: .png, .npz, .csv or .parquet; a name without an ending is a new
            folder of PNG files, with latents.csv beside them.
        epoch: Whose weights decode: a number, last or best.
        condition: What a conditional model is told: a choice by name, numbers with commas, or the
            number of a sample. [default: the first choice, the means, the first sample]
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    is_folder = not output.suffix
    kind = "folder" if is_folder else ending(output, ("png", "npz", "csv", "parquet"))
    number = parse_epoch(epoch)
    _check(using, count, sample, seed)
    if is_folder:
        _check_folder(output)
    from aeviz import api, errors
    from aeviz.runs.atomic import write_bytes

    use(plugin)
    opened, console = api.load(run), Console()
    told = parse_condition(condition, opened.conditions)
    try:
        z = opened.draw(count, number, using=using, sample=sample, seed=seed)  # type: ignore[arg-type]
    except errors.DrawError as error:
        raise CommandError(f"--using {using}: {error}") from error
    x = opened.decode(z, number, condition=told)  # type: ignore[arg-type]
    if kind in ("csv", "npz", "parquet"):
        missing(x, console)
        how = f"drawn from {using}" + ("" if sample is None else f" of sample {sample}")
        content = array_file(kind, opened, z, x, number, how=how, seed=seed, told=told)  # type: ignore[arg-type]
        write_bytes(output, content)
    else:
        _write(kind, output, opened, z, x, told, console)
    console.result(str(output))
    return 0


def _check(using: str, count: int, sample: int | None, seed: int) -> None:
    if using not in SOURCES:
        raise CommandError(f"--using {using}: there is none; there are: {', '.join(SOURCES)}")
    if not 1 <= count <= MOST:
        raise CommandError(f"-n {count}: write a number from 1 to {MOST}")
    if not 0 <= seed < 2**63:
        raise CommandError(f"--seed {seed}: write a number from 0 to {2**63 - 1}")
    if (using == "posterior") != (sample is not None):
        raise CommandError("--sample I and --using posterior belong together: write both")


def _check_folder(folder: Path) -> None:
    if folder.is_file():
        kinds = ".png, .npz, .csv or .parquet"
        raise CommandError(f"-o {folder}: this is a file; write a folder, or {kinds}")
    if folder.is_dir() and any(folder.iterdir()):
        raise CommandError(f"-o {folder}: this folder is not empty")
    if not folder.absolute().parent.is_dir():
        raise CommandError(f"-o {folder}: there is no folder {folder.absolute().parent}")


def _write(
    kind: str,
    output: Path,
    run: "Run",
    z: "FloatArray",
    x: "FloatArray",
    told: Any,
    console: Console,
) -> None:
    from aeviz.runs.atomic import write_bytes

    if kind == "folder":
        _write_folder(output, run, z, x, told, console)
    else:
        write_bytes(output, picture(run, x, math.ceil(math.sqrt(len(x))), console))


def _labels(run: "Run", told: Any, count: int) -> Any:
    """The label that every draw was told, (count,); None where none was."""
    import numpy as np

    about = run.conditions
    is_label = about is not None and about.kind == "choice" and about.names == run.class_names
    return np.full(count, told or 0, np.int64) if is_label else None


def _write_folder(
    folder: Path, run: "Run", z: "FloatArray", x: "FloatArray", told: Any, console: Console
) -> None:
    """A PNG for every draw, in a folder of its class where it was told one, and their latents."""
    import numpy as np

    from aeviz.export import sheets
    from aeviz.export.tables import decodes_csv
    from aeviz.runs.atomic import write_bytes

    lacking = missing(x, console)
    images = sheets.pictures(np.nan_to_num(x))[0] if run.is_image else run.cells(x)
    labels = _labels(run, told, len(z))
    place = folder if labels is None else folder / f"class-{int(labels[0])}"
    place.mkdir(parents=True, exist_ok=True)
    digits = len(str(len(images) - 1))
    for number, image in enumerate(images):
        if not lacking[number]:
            write_bytes(place / f"draw-{number:0{digits}}.png", sheets.small_png(image))
    write_bytes(folder / "latents.csv", decodes_csv(z, x[:, :0].reshape(len(x), 0), ()).encode())
