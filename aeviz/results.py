"""What the window exports: done in a child process, so that nothing waits for it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aeviz.data.tables.formulas import neutral
from aeviz.export.tables import number
from aeviz.runs.atomic import write_bytes
from aeviz.runs.reading import RunError

if TYPE_CHECKING:
    from aeviz.api import Run

Report = Callable[[float | None, str], None]


def write(path: str, what: str, target: str, epoch: int, report: Report) -> dict[str, Any]:
    """Write one kind of result of a run.

    Args:
        path: The run folder.
        what: "latents", "metrics", "encoder", "decoder", "projector" or "report".
        target: The file, or the folder of a projector; its ending says the format.
        epoch: Whose weights or latents.
        report: Told how far it is.

    Returns:
        `sentence`: what was written.

    Raises:
        RunError: If it cannot be, with a sentence for a person.
    """
    from aeviz import api

    try:
        run = api.load(path)
        WRITERS[what](run, Path(target), epoch, report)
    except (ValueError, OSError) as error:
        raise RunError(str(error)) from error
    return {"sentence": f"Saved {target}"}


def _latents(run: "Run", target: Path, epoch: int, report: Report) -> None:
    report(None, "encoding")
    run.encode_data(epoch=epoch).save(target)


def _metrics(run: "Run", target: Path, epoch: int, report: Report) -> None:
    metrics = run.metrics
    numbers = [line.epoch for line in run.folder.epochs]
    rows = ["epoch," + ",".join(map(neutral, metrics))]
    for row, each in enumerate(numbers):
        values = (number(float(metrics[name][row])) for name in metrics)
        rows.append(f"{each}," + ",".join("" if value == "nan" else value for value in values))
    write_bytes(target, ("\n".join(rows) + "\n").encode())


def _encoder(run: "Run", target: Path, epoch: int, report: Report) -> None:
    report(None, "writing and comparing")
    run.export("encoder", target, epoch)


def _decoder(run: "Run", target: Path, epoch: int, report: Report) -> None:
    report(None, "writing and comparing")
    run.export("decoder", target, epoch)


def _projector(run: "Run", target: Path, epoch: int, report: Report) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RunError(f"{target} is not an empty folder: choose a new one")
    run.projector(target, epoch)


def _report(run: "Run", target: Path, epoch: int, report: Report) -> None:
    from aeviz.reporting import reporting

    for share, phrase, page in reporting(run, epoch):
        report(share, phrase)
        if page is not None:
            write_bytes(target, page.encode())


WRITERS: dict[str, Callable[["Run", Path, int, Report], None]] = {
    "latents": _latents,
    "metrics": _metrics,
    "encoder": _encoder,
    "decoder": _decoder,
    "projector": _projector,
    "report": _report,
}
"""What can be written, by the names of `messages.ExportRun`."""
