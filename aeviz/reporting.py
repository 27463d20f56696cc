"""The report of a run: everything that a reader needs, in one HTML file without scripts."""

import base64
import math
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import aeviz
from aeviz import paths
from aeviz.export import charts, sheets
from aeviz.messages import ByteArray, Term
from aeviz.runs.atomic import write_bytes

if TYPE_CHECKING:
    from aeviz.api import EpochWord, Run

GRID = 15
"""Decodes along a side of the grid."""

MOST_PAIRS = 10
"""Samples with their reconstructions."""

_COLOURS = ("var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)")


def report(
    run: "Run",
    path: str | os.PathLike[str],
    epoch: "EpochWord" = "last",
    *,
    measures: bool = True,
) -> None:
    """Write a report of a run: one HTML file with curves, map, decodes and numbers.

    Args:
        run: Of which.
        path: The file.
        epoch: Whose weights decode and are measured: a number, "last" or "best".
        measures: Whether the measures are taken, which takes the longest.

    Raises:
        EpochError: If that epoch's weights are not there.
        SaveError: If the file cannot be written.

    Example:
        >>> report(run, "report.html", measures=False)
    """
    for *_, page in reporting(run, epoch, measures=measures):
        if page is not None:
            write_bytes(Path(path), page.encode())


def reporting(
    run: "Run", epoch: "EpochWord" = "last", *, measures: bool = True
) -> Iterator[tuple[float, str, str | None]]:
    """Gather a report step by step.

    Args:
        run: Of which.
        epoch: Whose weights decode and are measured.
        measures: Whether the measures are taken, which is what takes time.

    Yields:
        The share that is done, with a phrase and None; at the end the page.
    """
    number = run.weights_epoch(epoch)
    yield 0.0, "drawing", None
    facts: dict[str, Any] = {**_words(run, number), **_map(run, number), **_losses(run)}
    facts["pictures"] = [*_grid(run, number), *_pairs(run, number)]
    rows: list[Mapping[str, Any]] = []
    if measures:
        for share, title, row in run.measuring(epoch=number):
            yield 0.1 + 0.9 * share, title, None
            rows += [] if row is None else [row]
    facts["measures"] = [_measure(row) for row in rows if row["value"] is not None]
    facts["not_measured"] = "; ".join(
        f"{row['title']} ({row['reason']})" for row in rows if row["value"] is None
    )
    yield 1.0, "done", _page(facts)


def _page(facts: Mapping[str, Any]) -> str:
    import jinja2

    source = (paths.resources() / "report.html").read_text(encoding="utf-8")
    made = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return made.from_string(source).render(**facts, version=aeviz.__version__)


# ── words ─────────────────────────────────────────────────────────────────────────────────────


def _words(run: "Run", epoch: int) -> dict[str, Any]:
    info = run.folder.info
    data, model, settings = info.data, info.model, info.settings
    shape = " × ".join(str(length) for length in run.sample_shape)
    what = "images" if run.is_image else "rows of features"
    seconds = sum(line.seconds for line in run.folder.epochs if math.isfinite(line.seconds))
    facts = [
        ("Model", model.get("title", settings["model"]["name"])),
        ("Data", data.get("title", settings["data"]["name"])),
        ("Samples", f"{data.get('samples', len(run.index)):,}"),
        ("Latent dimensions", str(run.latent_dim)),
        ("Parameters", f"{model.get('parameters', 0):,}"),
        ("Epochs", f"{run.epochs} ({run.status})"),
        ("Training took", _duration(seconds)),
        ("Seed", str(settings.get("seed", ""))),
    ]
    return {
        "title": run.title,
        "summary": f"{what.capitalize()} ({shape}); {_origin(data.get('source', ''))}".rstrip("; "),
        "facts": facts,
        "epoch": epoch,
        "settings": [
            (f"{group}.{name}", _plain(value))
            for group in ("data", "model", "train")
            for name, value in settings.get(group, {}).items()
        ],
        "versions": ", ".join(f"{name} {version}" for name, version in info.versions.items()),
        "command": _command(settings),
        "python": _python(settings),
    }


def _plain(value: Any) -> str:
    """A setting as text; of a path the name alone: a report travels."""
    return Path(value).name if isinstance(value, str) and "/" in value else str(value)


def _origin(source: str) -> str:
    """Where the data come from; of a person's own file the name alone."""
    return Path(source).name if Path(source).is_absolute() else source


def _command(settings: Mapping[str, Any]) -> str:
    words = ["aeviz", "train"]
    words += ["--data", _plain(settings["data"]["name"])]
    words += ["--model", settings["model"]["name"], "--seed", str(settings.get("seed", 0))]
    for name, value in _options(settings).items():
        words += ["--set", f"{name}={_written(value)}"]
    return shlex.join(words)


def _python(settings: Mapping[str, Any]) -> str:
    name, model = _plain(settings["data"]["name"]), settings["model"]["name"]
    options = {key: value for key, value in _options(settings).items() if value is not None}
    return (
        "import aeviz\n"
        f"run = aeviz.train({name!r}, {model!r}, seed={settings.get('seed', 0)},\n"
        f"                  options={options!r})"
    )


def _options(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Every option that is not the name of data set or model, by its dotted name."""
    return {
        f"{group}.{name}": value
        for group in ("data", "model", "train")
        for name, value in settings.get(group, {}).items()
        if name != "name" and value not in (None, "", [])
    }


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _measure(row: Mapping[str, Any]) -> dict[str, str]:
    error = f" ± {row['stderr']:.2g}" if "stderr" in row else ""
    value = f"{row['value']:.5g}".replace("-", "\N{MINUS SIGN}")
    return {**row, "value": value + error}


# ── pictures ──────────────────────────────────────────────────────────────────────────────────


def _map(run: "Run", epoch: int) -> dict[str, Any]:
    shown = run.plane(epoch)
    positions, labels = shown.positions, run.labels
    rows = np.arange(len(positions))
    words = f"{len(rows):,} samples"
    if len(rows) > charts.MOST_POINTS:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[: charts.MOST_POINTS])
        words = f"{len(rows):,} of {len(positions):,} samples (random, seed 0)"
    if run.latent_dim > 2:
        words += f", on the plane of the first two principal axes of {run.latent_dim} dimensions"
    titles = ("z₁", "z₂") if run.latent_dim == 2 else ("PC 1", "PC 2")
    colours = charts.class_colours(labels)
    names = run.class_names[: len(colours)] if labels is not None else ()
    return {
        "map": charts.map_svg(positions[rows], None if labels is None else labels[rows], titles),
        "map_words": words + ".",
        "classes": list(zip(names, colours, strict=False)),
    }


def _losses(run: "Run") -> dict[str, Any]:
    metrics = run.metrics
    terms = [Term(**row) for row in run.folder.info.model.get("terms", [])]
    named = [("loss", "Loss", "var(--c0)")]
    if len(terms) > 1:
        pairs = zip(terms, _COLOURS, strict=False)
        named += [(term.name, term.title, colour) for term, colour in pairs]
    curves = [
        charts.Curve(title + suffix, metrics[prefix + name].tolist(), colour, bool(prefix))
        for name, title, colour in named
        for prefix, suffix in (("", ""), ("validation_", ", validation"))
        if prefix + name in metrics and np.isfinite(metrics[prefix + name]).any()
    ]
    units = {term.unit for term in terms}
    unit = units.pop() if len(units) == 1 else "loss"
    return {
        "losses": charts.loss_svg(curves, unit) if curves else "",
        "loss_words": f"{run.epochs} epochs; loss and its terms, in {unit}.",
        "curves": [(curve.name, curve.colour, curve.is_dashed) for curve in curves],
    }


def _picture(title: str, words: str, sheet: ByteArray) -> dict[str, Any]:
    data = base64.b64encode(sheets.png(sheet)).decode()
    return {"title": title, "words": words, "data": data, "width": min(sheet.shape[1], 900)}


def _told(run: "Run") -> Any:
    """The first choice, of a model that is told one."""
    about = run.conditions
    return 0 if about is not None and about.kind == "choice" else None


def _grid(run: "Run", epoch: int) -> list[dict[str, Any]]:
    if run.latent_dim < 2:
        return []
    x = run.sweep(GRID, epoch, condition=_told(run)).x
    words = (
        f"{GRID} × {GRID} decodes over the region of the map, generated by the model; a profile is "
        "drawn in standard deviations of its features."
        if not run.is_image
        else f"{GRID} × {GRID} decodes over the region of the map, generated by the model."
    )
    return [_picture("Grid of decodes", words, run.picture(x))]


def _pairs(run: "Run", epoch: int) -> list[dict[str, Any]]:
    kept = run.folder.samples
    if kept is None or not len(kept):
        return []
    rows = _one_of_each(run, len(kept))
    own = np.asarray(kept[rows])
    conditions = run.own_conditions
    told = None if conditions is None else conditions[rows]
    about = run.conditions
    if about is not None and about.kind == "sample":
        return []
    z = run.encode(own, epoch, condition=told)
    x = run.decode(z, epoch, condition=told)
    scale = np.float32(run.folder.info.data.get("white", 255.0)) if run.is_image else np.float32(1)
    both = np.concatenate([own.astype(np.float32) / scale, x])
    words = "Above samples of the run, one of each class first; below what the model makes of them."
    return [_picture("Reconstructions", words, run.picture(both, len(rows)))]


def _one_of_each(run: "Run", count: int) -> Any:
    """Rows of shown samples: the first of every class, then the next ones."""
    labels = run.labels
    if labels is None:
        return np.arange(min(count, MOST_PAIRS))
    _, first = np.unique(labels[:count], return_index=True)
    rest = np.setdiff1d(np.arange(count), first)
    return np.concatenate([np.sort(first), rest])[:MOST_PAIRS]
