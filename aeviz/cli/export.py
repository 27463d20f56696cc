"""`aeviz export`: a model for other programs, latents for the projector, a report for a reader."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from aeviz.cli.console import CommandError, Console
from aeviz.cli.latents import parse_epoch
from aeviz.cli.outputs import ending
from aeviz.cli.plugins import Plugins, use
from aeviz.cli.whole import MaybeWhole
from aeviz.progress import display

if TYPE_CHECKING:
    from aeviz.api import Run

PARTS = ("encoder", "decoder")


def export(
    run: Path,
    /,
    *,
    part: str | None = None,
    projector: Path | None = None,
    report: Path | None = None,
    sprites: Path | None = None,
    columns: MaybeWhole = None,
    output: Annotated[Path | None, Parameter(name=["-o", "--output"])] = None,
    epoch: str = "last",
    measures: Annotated[bool, Parameter(negative="--no-measures")] = True,
    plugin: Plugins = None,
) -> int:
    """Export a model, a projector folder, a report, or a sheet of samples.

    Args:
        run: Run folder.
        part: encoder or decoder, written to the file of -o.
        projector: New folder for the TensorBoard projector: latents, labels, pictures.
        report: One HTML file that tells of the run.
        sprites: One PNG with the samples side by side, in the order of the run's latents.
        columns: Samples in a row of --sprites. [default: as many as there are rows]
        output: With --part: a file .onnx, .pt2 (torch.export) or .safetensors.
        epoch: Whose weights: a number, last or best.
        measures: Whether the report has the measures, which take the longest.
        plugin: Python file of your own that brings the model or the data; it is run as a program.
    """
    _check(part, projector, report, sprites, columns)
    number = parse_epoch(epoch)
    from aeviz import api

    use(plugin)
    opened, console = api.load(run), Console()
    try:
        if part is not None:
            target = _part(opened, part, output, number, console)
        elif projector is not None:
            target = projector
            for note in opened.projector(projector, number):  # type: ignore[arg-type]
                console.say(note)
        elif sprites is not None:
            target = sprites
            console.say(opened.sprites(sprites, columns))
        else:
            assert report is not None
            target = _report(opened, report, number, measures)
    except ValueError as error:
        raise CommandError(str(error)) from error
    console.result(str(target))
    return 0


def _check(
    part: str | None,
    projector: Path | None,
    report: Path | None,
    sprites: Path | None,
    columns: int | None,
) -> None:
    """Refuse what cannot be written, before the work."""
    if sum(each is not None for each in (part, projector, report, sprites)) != 1:
        whats = "--part encoder|decoder, --projector, --report or --sprites"
        raise CommandError(f"say what to export: {whats}")
    if columns is not None and (columns < 1 or sprites is None):
        raise CommandError(f"--columns {columns}: write 1 or more, together with --sprites")
    if report is not None:
        ending(report, ("html", "htm"))
    if sprites is not None:
        ending(sprites, ("png",))
    if (
        projector is not None
        and projector.exists()
        and (not projector.is_dir() or any(projector.iterdir()))
    ):
        raise CommandError(f"--projector {projector}: it exists and is not an empty folder")


def _part(run: "Run", part: str, output: Path | None, epoch: int | str, console: Console) -> Path:
    if part not in PARTS:
        raise CommandError(f"--part {part}: write encoder or decoder")
    if output is None:
        raise CommandError("--part: say where to, with -o FILE.onnx, .pt2 or .safetensors")
    ending(output, ("onnx", "pt2", "safetensors"))
    name: Literal["encoder", "decoder"] = "encoder" if part == "encoder" else "decoder"
    difference = run.export(name, output, epoch)  # type: ignore[arg-type]
    if output.suffix.lower() != ".safetensors":
        console.say(f"compared with torch: largest relative difference {difference:.1e}")
    return output


def _report(run: "Run", path: Path, epoch: int | str, measures: bool) -> Path:
    from aeviz.reporting import reporting
    from aeviz.runs.atomic import write_bytes

    with display("writing the report") as shown:
        for share, phrase, page in reporting(run, epoch, measures=measures):  # type: ignore[arg-type]
            shown.update(share, "writing the report", phrase)
            if page is not None:
                write_bytes(path, page.encode())
    return path
