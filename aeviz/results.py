"""What the window exports: done in a child process, so that nothing waits for it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aeviz.data.tables.formulas import neutral
from aeviz.export.tables import number
from aeviz.runs.atomic import write_bytes
from aeviz.runs.reading import RunError

if TYPE_CHECKING:
    from aeviz.api import Run
    from aeviz.filming import Step

Report = Callable[[float | None, str], None]


def write(
    path: str,
    what: str,
    target: str,
    epoch: int,
    report: Report,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Write one kind of result of a run.

    Args:
        path: The run folder.
        what: One of `WRITERS`.
        target: The file, or the folder of a projector; its ending says the format.
        epoch: Whose weights or latents.
        report: Told how far it is.
        options: Those of `messages.ExportRun`.

    Returns:
        `sentence`: what was written.

    Raises:
        RunError: If it cannot be, with a sentence for a person.
    """
    from aeviz import api

    try:
        run = api.load(path)
        WRITERS[what](run, Path(target), epoch, report, **options)
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


def _film(run: "Run", target: Path, epoch: int, report: Report) -> None:
    from aeviz.filming import film_of_training

    _follow(film_of_training(run, _kind(target)), target, report)


def _path(
    run: "Run", target: Path, epoch: int, report: Report, *, z: list[list[float]], condition: Any
) -> None:
    from aeviz.filming import film_of_path

    _follow(film_of_path(run, _kind(target), z, epoch, condition), target, report)


def _follow(steps: "Iterator[Step]", target: Path, report: Report) -> None:
    for share, phrase, film in steps:
        report(share, phrase)
        if film is not None:
            write_bytes(target, film)


def _kind(target: Path) -> str:
    """The ending of a film."""
    kind = target.suffix.lower().removeprefix(".")
    if kind not in ("gif", "webp", "mp4"):
        raise RunError(f"{target}: a film ends with .gif, .webp or .mp4")
    return kind


WRITERS: dict[str, Callable[..., None]] = {
    "latents": _latents,
    "metrics": _metrics,
    "encoder": _encoder,
    "decoder": _decoder,
    "projector": _projector,
    "report": _report,
    "film": _film,
    "path": _path,
}
"""What can be written, by the names of `messages.ExportRun`."""
