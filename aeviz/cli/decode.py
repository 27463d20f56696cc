"""`aeviz decode`: what a model decodes at given latents."""

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from aeviz.cli.conditions import parse_condition
from aeviz.cli.console import CommandError, Console
from aeviz.cli.latents import parse_epoch, parse_points, read_points
from aeviz.cli.outputs import ending
from aeviz.cli.plugins import Plugins, use

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from aeviz.api import EpochWord, Run
    from aeviz.messages import FloatArray


def decode(
    run: Path,
    /,
    *,
    at: Annotated[list[str] | None, Parameter(negative=(), allow_leading_hyphen=True)] = None,
    points: Path | None = None,
    output: Annotated[Path, Parameter(name=["-o", "--output"])],
    epoch: str = "last",
    condition: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    plugin: Plugins = None,
) -> int:
    """Decode latents into a picture, an array or a table.

    Args:
        run: Run folder.
        at: A latent, D numbers separated by commas: --at -1,0 --at 0.5,2
        points: File of latents: .npy (N, D), .npz with z, .csv with z1…zD.
        output: File to write: .png, .npy, .npz, .csv or .parquet.
        epoch: Whose weights decode: a number, last or best.
        condition: What a conditional model is told: a choice by name, numbers with commas, or the
            number of a sample. [default: the first choice, the means, the first sample]
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    kind = ending(output, ("png", "npy", "npz", "csv", "parquet"))
    number = parse_epoch(epoch)
    if (at is None) == (points is None):
        raise CommandError("say where to decode: --at Z (it may be repeated) or --points FILE")
    from aeviz import api
    from aeviz.runs.atomic import write_bytes

    use(plugin)
    opened = api.load(run)
    if at is not None:
        z = parse_points(at, opened.latent_dim)
    else:
        assert points is not None
        z = read_points(points, opened.latent_dim)
    told = parse_condition(condition, opened.conditions)
    x = opened.decode(z, number, condition=told)  # type: ignore[arg-type]
    console = Console()
    if kind == "png":
        content = picture(opened, x, math.ceil(math.sqrt(len(x))), console)
    else:
        missing(x, console)
        content = array_file(kind, opened, z, x, number, told=told)  # type: ignore[arg-type]
    write_bytes(output, content)
    console.result(str(output))
    return 0


def picture(run: "Run", x: "FloatArray", columns: int, console: Console) -> bytes:
    """Decodes as the bytes of a PNG sheet; says on stderr what the picture clips or lacks."""
    from aeviz.export import sheets

    say_clipped(run, x, console)
    return sheets.png(run.picture(x, columns))


def say_clipped(run: "Run", x: "FloatArray", console: Console) -> None:
    """Say on stderr what a picture of decodes, (…, H, W, C) or (…, F), clips or lacks."""
    import numpy as np

    flat = x.reshape(-1, *run.sample_shape)
    missing(flat, console)
    known = flat[np.isfinite(flat)]
    outside = float(np.mean((known < 0) | (known > 1))) if run.is_image and known.size else 0.0
    if outside:
        console.say(f"{outside:.2%} of the values lie outside [0, 1]; the picture clips them")


def missing(x: "FloatArray", console: Console) -> "NDArray[np.bool_]":
    """Which decodes a flow could not invert, (B,); says on stderr how many there are."""
    import numpy as np

    lacking = np.asarray(~np.isfinite(x.reshape(len(x), -1)).all(axis=1))
    if lacking.any():
        console.say(
            f"{lacking.sum():,} of {len(x):,} points lie where the inverse of this flow is too "
            "inaccurate to be shown: they are NaN, and empty in a picture"
        )
    return lacking


def array_file(
    kind: str,
    run: "Run",
    z: "FloatArray",
    x: "FloatArray",
    epoch: "EpochWord",
    *,
    how: str = "decoded",
    seed: int | None = None,
    told: Any = None,
) -> bytes:
    """Latents (B, D) and their decodes as the bytes of a .csv, .parquet, .npz or .npy file.

    All but the last, which is the decodes alone, say that they were generated, and how.
    """
    import numpy as np

    from aeviz.export.generated import marked
    from aeviz.export.latents import ExportError

    if kind == "npy":
        buffer = io.BytesIO()
        np.save(buffer, x, allow_pickle=False)
        return buffer.getvalue()
    number = run.weights_epoch(epoch)
    found = marked(run.folder.info, z, x, how, number, seed=seed, told=told)
    try:
        return found.as_bytes(kind)
    except ExportError as error:
        raise CommandError(f"-o: {error}") from error
