"""What the window exports: done in a child process, so that nothing waits for it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aeviz.data.tables.formulas import neutral
from aeviz.export.tables import number
from aeviz.messages import FloatArray
from aeviz.runs.atomic import write_bytes
from aeviz.runs.reading import RunError

if TYPE_CHECKING:
    from aeviz.api import Run
    from aeviz.filming import Cut
    from aeviz.plane import Plane

Report = Callable[[float | None, str], None]

NOTHING: Mapping[str, Any] = MappingProxyType({})


def write(
    path: str,
    what: str,
    target: str,
    epoch: int,
    report: Report,
    options: Mapping[str, Any] = NOTHING,
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
        note = WRITERS[what](run, Path(target), epoch, report, **options)
    except (ValueError, OSError) as error:
        raise RunError(str(error)) from error
    return {"sentence": f"Saved {target}" + (f": {note}" if note else "")}


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


def _sprites(run: "Run", target: Path, epoch: int, report: Report) -> str:
    report(None, "writing")
    return run.sprites(target)


def _report(run: "Run", target: Path, epoch: int, report: Report) -> None:
    from aeviz.reporting import reporting

    for share, phrase, page in reporting(run, epoch):
        report(share, phrase)
        if page is not None:
            write_bytes(target, page.encode())


def _film(
    run: "Run",
    target: Path,
    epoch: int,
    report: Report,
    *,
    cut: Mapping[str, Any] = NOTHING,
    look: Mapping[str, Any] | None = None,
    plane: "Plane | None" = None,
) -> str:
    from aeviz import filming
    from aeviz.export.animation import Look
    from aeviz.export.lettering import Entry

    _, note = filming.chosen_epochs(run)
    colours = None
    if look is not None:
        legend = tuple(Entry(name, colour) for name, colour in look["legend"])
        colours = Look(look["codes"], look["colours"], legend, look["rows"])
    film = filming.film_of_training(
        run, _cut(target, cut), look=colours, plane=plane, report=report
    )
    write_bytes(target, film)
    return note


def _path(
    run: "Run",
    target: Path,
    epoch: int,
    report: Report,
    *,
    z: FloatArray,
    condition: Any = None,
    cut: Mapping[str, Any] = NOTHING,
) -> None:
    from aeviz import filming

    made = _cut(target, cut)
    film = filming.film_of_path(run, made, z, epoch, condition=condition, report=report)
    write_bytes(target, film)


def _traversal(
    run: "Run",
    target: Path,
    epoch: int,
    report: Report,
    *,
    sample: int | None = None,
    at: FloatArray | None = None,
    condition: Any = None,
    cut: Mapping[str, Any] = NOTHING,
) -> None:
    from aeviz import filming

    made = _cut(target, cut)
    film = filming.film_of_traversal(
        run, made, epoch, sample=sample, at=at, condition=condition, report=report
    )
    write_bytes(target, film)


def _cut(target: Path, fields: Mapping[str, Any]) -> "Cut":
    """How a film is made; the ending of its file says the kind."""
    from aeviz.filming import Cut, check

    cut = Cut(kind=target.suffix.lower().removeprefix("."), **fields)
    check(cut)
    return cut


def _values(
    run: "Run",
    target: Path,
    epoch: int,
    report: Report,
    *,
    z: FloatArray,
    how: str,
    x: FloatArray | None = None,
    seed: int | None = None,
    condition: Any = None,
    columns: Mapping[str, Any] = NOTHING,
) -> None:
    """Decodes that a panel shows; they are decoded here where they are not given."""
    from aeviz.export.generated import marked

    if x is None:
        report(None, "decoding")
        x = run.decode(z, epoch, condition=condition)
    info = run.folder.info
    found = marked(info, z, x, how, epoch, seed=seed, told=condition, columns=columns)
    report(None, "writing")
    write_bytes(target, found.as_bytes(target.suffix.lower().removeprefix(".")))


WRITERS: dict[str, Callable[..., str | None]] = {
    "latents": _latents,
    "metrics": _metrics,
    "encoder": _encoder,
    "decoder": _decoder,
    "projector": _projector,
    "sprites": _sprites,
    "report": _report,
    "film": _film,
    "path": _path,
    "traversal": _traversal,
    "values": _values,
}
"""What can be written, by the names of `messages.ExportRun`; each may return a note."""
