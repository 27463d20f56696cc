"""The map and the losses of a run as pictures, without the window."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aeviz import colouring, geometry, palettes, raster, shades
from aeviz.export import maps, paper
from aeviz.geometry import Region
from aeviz.messages import ByteArray, Conditions, FloatArray, IntArray, Known, Term, TruthLine

if TYPE_CHECKING:
    from aeviz.analysis.projection import Projection
    from aeviz.asked import AskedRun, Sweep
    from aeviz.plane import Plane

MARGIN = 0.08
"""How much wider than the points the map is, as a share."""

MOST_RINGS = 60
"""Selected samples that are ringed; where more are selected, the others fade."""

SIZE = (800, 600)
"""Of a plot, in logical pixels."""

MOST_ELLIPSES = 300

LAYERS = (
    "histogram",
    "prior",
    "posterior",
    "gmm",
    "flow",
    "stretch",
    "unlikely",
    "ellipses",
    "ellipses of selected",
)
"""What a map can have by name: densities, the stretch, hatching, ellipses of posteriors."""

_VALIDATION = "validation_"
_DASH, _DOTS = (5.0, 4.0), (1.5, 3.0)


@dataclass(frozen=True, eq=False)
class _Shown:
    """What colours are made of; see `colouring.Coloured`."""

    index: IntArray
    labels: IntArray | None
    class_names: tuple[str, ...]
    parts: ByteArray
    conditions: Conditions | None
    told: NDArray[Any] | None
    known: tuple[Known, ...]


@dataclass(frozen=True)
class MapOptions:
    """What a map shows besides its points; see `Run.map_picture`."""

    colour: str = "label"
    hidden: Sequence[int] = ()
    only: ArrayLike | None = None
    without: ArrayLike | None = None
    selected: ArrayLike = ()
    region: Sequence[float] | None = None
    size: tuple[int, int] | None = None
    layers: Sequence[str] = ()
    sweep: "Sweep | None" = None
    paths: Sequence[ArrayLike] = ()
    anchors: ArrayLike = ()
    draws: ArrayLike = ()
    pin: ArrayLike | None = None
    title: str | None = None
    has_legend: bool = True
    condition: Any = None
    scale: int = 2


def map_picture(
    run: "AskedRun", epoch: int, plane: "Plane | None", options: MapOptions
) -> ByteArray:
    """The map of an epoch, uint8 (H, W, 3)."""
    laid = run.plane(epoch, plane)
    colours = _colouring(run, options.colour)
    region, size = _view(laid.positions, options.region, options.size)
    plot = paper.Plot(region, size, options.scale)
    for name in options.layers:
        if name not in LAYERS:
            raise ValueError(f"there is no layer {name!r}; there are: {', '.join(LAYERS)}")
    plot.grid()
    _under(run, plot, epoch, plane, options)
    is_out = _left_out(run, options)
    codes = np.where(is_out, len(colours.groups), colours.codes).astype(np.uint16)
    hidden = frozenset(int(label) for label in options.hidden)
    palette = np.append(colours.palette(palettes.LIGHT, hidden), np.uint32(0))
    selected = np.isin(run.index, np.asarray(options.selected, np.int64))
    is_many = int(selected.sum()) > MOST_RINGS
    maps.scatter(plot, laid.positions, codes, palette, selected if is_many else None)
    if "ellipses of selected" in options.layers and selected.any():
        _ellipses(run, plot, epoch, laid, np.flatnonzero(selected)[:MOST_ELLIPSES])
    if "ellipses" in options.layers:
        _ellipses(run, plot, epoch, laid, _seen(run, hidden))
    if not is_many:
        radius = raster.spot_diameter(len(codes)) / 2 + 4
        maps.rings(plot, laid.positions[selected], radius)
    _marks(plot, laid, run.latent_dim, options)
    title = f"{run.title}, epoch {epoch}" if options.title is None else options.title
    rows = _rows(colours, hidden) if options.has_legend else ()
    across, up = laid.titles[:2] or _titles(run.latent_dim)
    return paper.picture(plot, paper.Sheet(title, across, up, rows))


def _view(
    positions: FloatArray, region: Sequence[float] | None, size: tuple[int, int] | None
) -> tuple[Region, tuple[int, int]]:
    """What is shown in how many pixels: all positions, both axes in one scale, unless told."""
    if region is not None:
        left, right, low, high = (float(end) for end in region)
        if not (left < right and low < high and np.isfinite([left, right, low, high]).all()):
            raise ValueError(f"a region is x from, x to, y from, y to, got {tuple(region)}")
        if size is None:
            wide, tall = right - left, high - low
            longest = max(wide, tall) / SIZE[0]
            size = (max(120, round(wide / longest)), max(120, round(tall / longest)))
        return (left, right, low, high), size
    size = size or SIZE
    left, right, low, high = geometry.extent(positions, MARGIN)
    unit = max((right - left) / size[0], (high - low) / size[1])
    x, y = (left + right) / 2, (low + high) / 2
    across, up = unit * size[0] / 2, unit * size[1] / 2
    return (x - across, x + across, y - up, y + up), size


def _titles(dimensions: int) -> tuple[str, str]:
    if dimensions == 1:
        return "z₁", ""
    return ("z₁", "z₂") if dimensions == 2 else ("PC 1", "PC 2")


# ── points ────────────────────────────────────────────────────────────────────────────────────


def _colouring(run: "AskedRun", colour: str) -> colouring.Colouring:
    from aeviz.compute.contents import Contents

    contents = Contents(run.folder)
    shown = _Shown(
        run.index,
        run.labels,
        contents.class_names,
        run.parts,
        run.conditions,
        run.own_conditions,
        contents.known,
    )
    names = [*colouring.BY, *(colouring.KNOWN + known.name for known in shown.known)]
    if colour not in names:
        raise ValueError(f"there is no colouring {colour!r}; there are: {', '.join(names)}")
    return colouring.colouring_of(shown, colour)


def _left_out(run: "AskedRun", options: MapOptions) -> NDArray[np.bool_]:
    """Which samples are not shown, (N,)."""
    out = np.zeros(len(run.index), np.bool_)
    if options.only is not None:
        out |= ~np.isin(run.index, np.asarray(options.only, np.int64))
    if options.without is not None:
        out |= np.isin(run.index, np.asarray(options.without, np.int64))
    return out


def _rows(colours: colouring.Colouring, hidden: Iterable[int]) -> tuple[paper.Row, ...]:
    """A row of the legend for every group that is shown."""
    if len(colours.groups) < 2:
        return ()
    rows = []
    for group in colours.said:
        if group.key not in hidden:
            tone = palettes.LIGHT.missing if group.colour is None else _hex(group.colour)
            is_number = colours.scale is not None and group.colour is not None
            counted = "" if is_number else f" ({group.count:,})"
            rows.append(paper.Row(group.name + counted, tone))
    return tuple(rows)


def _hex(colour: NDArray[np.uint8]) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in colour[:3])


# ── layers ────────────────────────────────────────────────────────────────────────────────────


def _under(
    run: "AskedRun", plot: paper.Plot, epoch: int, plane: "Plane | None", options: MapOptions
) -> None:
    """What lies under the points."""
    where: dict[str, Any] = {"region": plot.region, "plane": plane}
    for name in options.layers:
        if name in ("histogram", "prior", "posterior", "gmm", "flow"):
            found = run.density(name, epoch, **where)  # type: ignore[arg-type]
            cells = name == "histogram"
            maps.lay_density(plot, found.log_density, plot.region, cells=cells)
        elif name == "stretch":
            values = run.stretch(epoch, condition=options.condition, **where)
            maps.lay_stretch(plot, values, plot.region)
    if options.sweep is not None:
        z, x, region = options.sweep
        opacity = shades.OF_IMAGES if run.is_image else shades.OF_PROFILES
        maps.lay_decodes(plot, run.picture(x), region, (len(z), len(z[0])), opacity)
    if "unlikely" in options.layers:
        found = run.density("gmm", epoch, **where)
        maps.hatch(plot, found.log_density, found.rare, plot.region)


def _seen(run: "AskedRun", hidden: frozenset[int]) -> NDArray[np.int64]:
    """Rows whose ellipses are drawn: the visible ones, or some of them at random."""
    kept = run.samples
    rows = np.arange(len(run.index) if kept is None else len(kept))
    if run.labels is not None and hidden:
        rows = rows[~np.isin(run.labels[rows], list(hidden))]
    if len(rows) > MOST_ELLIPSES:
        rows = np.random.default_rng(0).choice(rows, MOST_ELLIPSES, replace=False)
    return np.sort(rows)


def _ellipses(
    run: "AskedRun", plot: paper.Plot, epoch: int, laid: "Projection", rows: NDArray[np.int64]
) -> None:
    arrays, _ = run.ask("posteriors", epoch, rows=rows, axes=laid.axes)
    middles = geometry.positions_of(laid, arrays["mu"])
    groups = _colouring(run, "label")
    colours = [groups.groups[code].colour for code in groups.codes[arrays["rows"]]]
    plain = palettes.LIGHT.text if run.labels is None else palettes.LIGHT.missing
    tones = [plain if each is None or run.labels is None else _hex(each) for each in colours]
    maps.ellipses(plot, middles, arrays["ellipses"], tones)


def _marks(plot: paper.Plot, laid: "Projection", dimensions: int, options: MapOptions) -> None:
    """What lies over the points."""

    def on_map(z: ArrayLike) -> FloatArray:
        latents = np.asarray(z, np.float32).reshape(-1, dimensions)
        return geometry.positions_of(laid, latents)

    if options.paths:
        maps.path(plot, [on_map(z) for z in options.paths], 0, on_map(options.anchors))
    if np.size(options.draws):
        maps.diamonds(plot, on_map(options.draws))
    if options.pin is not None:
        maps.pin(plot, on_map(options.pin)[0])


# ── losses ────────────────────────────────────────────────────────────────────────────────────


def loss_picture(
    run: "AskedRun", quantity: str, *, is_log: bool, title: str | None, size: tuple[int, int]
) -> ByteArray:
    """Curves of the loss and its terms, or of one other metric, uint8 (H, W, 3)."""
    metrics = run.metrics
    terms = [Term(**row) for row in run.folder.info.model.get("terms", [])]
    names = _curve_names(quantity, terms)
    full = [each for name in names for each in (name, _VALIDATION + name) if each in metrics]
    drawn = {name: _heights(metrics[name], is_log=is_log) for name in full}
    drawn = {name: values for name, values in drawn.items() if np.isfinite(values).any()}
    if not drawn:
        known = ", ".join(name for name in metrics if not name.startswith(_VALIDATION))
        raise ValueError(f"there is nothing to draw of {quantity!r}; this run has: {known}")
    tones = palettes.curve_colours([term.name for term in terms], palettes.LIGHT)
    rows = [_curve_row(name, terms, tones) for name in drawn]
    curves = list(drawn.values())
    for truth in _truths(run, drawn):
        heights = _heights(np.full(len(curves[0]), truth.value), is_log=is_log)
        if np.isfinite(heights).all():
            rows.append(paper.Row(truth.title, palettes.LIGHT.muted, _DOTS))
            curves.append(heights)
    plot = paper.Plot(_box(curves), size)
    plot.grid(is_log=is_log)
    for row, values in zip(rows, curves, strict=True):
        maps.curve(plot, values, row.colour, row.dash or ())
    shown = f"{run.title}, losses" if title is None else title
    sheet = paper.Sheet(shown, "epoch", _unit(quantity, terms), tuple(rows), is_log=is_log)
    return paper.picture(plot, sheet)


def _truths(run: "AskedRun", shown: Iterable[str]) -> list[TruthLine]:
    """Lines known in advance of the curves that are shown."""
    found = [TruthLine(**row) for row in run.folder.info.model.get("truths", [])]
    return [truth for truth in found if truth.metric in set(shown)]


def _curve_names(quantity: str, terms: Sequence[Term]) -> tuple[str, ...]:
    if quantity != "loss":
        return (quantity,)
    names = tuple(term.name for term in terms)
    return names if len(terms) == 1 and not terms[0].weight else ("loss", *names)


def _heights(values: NDArray[np.float64], *, is_log: bool) -> NDArray[np.float64]:
    if not is_log:
        return values
    return np.asarray(np.log10(np.where(values > 0, values, np.nan)))


def _box(curves: Sequence[NDArray[np.float64]]) -> Region:
    """All curves with some room."""
    everything = np.concatenate(curves)
    finite = everything[np.isfinite(everything)]
    low, high = float(finite.min()), float(finite.max())
    if high - low < 1e-9 * max(abs(high), 1e-300):
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    last, room = max(max(map(len, curves)) - 1, 1), 0.06 * (high - low)
    return -0.03 * last, 1.03 * last, low - room, high + room


def _curve_row(name: str, terms: Sequence[Term], tones: dict[str, str]) -> paper.Row:
    plain = name.removeprefix(_VALIDATION)
    words = plain.replace("_", " ")
    titles = {term.name: term.title for term in terms}
    title = titles.get(plain, words[:1].upper() + words[1:])
    colour = tones.get(plain, palettes.LIGHT.text)
    if plain == name:
        return paper.Row(title, colour, ())
    return paper.Row(f"{title}, validation", colour, _DASH)


def _unit(quantity: str, terms: Sequence[Term]) -> str:
    if quantity == "reconstruction_mse":
        return "squared error per feature"
    if quantity != "loss":
        return quantity.replace("_", " ")
    units = {term.unit for term in terms}
    return units.pop() if len(units) == 1 else "loss"
