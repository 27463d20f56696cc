"""What can be asked of a run: sweeps, paths, traversals, draws, densities and every question."""

import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aeviz import geometry
from aeviz.errors import DrawError, PathError
from aeviz.kept import EpochWord, KeptRun
from aeviz.messages import ByteArray, FloatArray, IntArray

if TYPE_CHECKING:
    from aeviz.analysis.draws import Source
    from aeviz.analysis.questions import Findings, Subject
    from aeviz.analysis.traversal import Traversal
    from aeviz.plane import Plane

Method = Literal["straight", "slerp", "spline", "freehand", "density", "geodesic"]

DensityKind = Literal["histogram", "prior", "posterior", "gmm", "flow"]


class Sweep(NamedTuple):
    """Decodes over a lattice of the map.

    Attributes:
        z: Latents (rows, columns, D), the largest second coordinate in the first row.
        x: Their decodes, (rows, columns, …).
        region: What it covers: x from, x to, y from, y to, its ends being those of the lattice.
    """

    z: FloatArray
    x: FloatArray
    region: geometry.Region


class LatentPath(NamedTuple):
    """A path through the latent space and what is met along it, for S steps.

    Attributes:
        z: Latents (S, D); the first and the last one are the outer anchors.
        x: Their decodes, (S, …).
        length: Of the decoded curve, in the scale that the model sees samples in.
        change: Distance from each decode to the next in that scale, (S − 1,).
        log_density: Of the latents at each step, in nats, (S,).
        distance: To the fifth nearest latent of a shown sample, (S,).
    """

    z: FloatArray
    x: FloatArray
    length: float
    change: NDArray[np.float64]
    log_density: NDArray[np.float64]
    distance: NDArray[np.float64]


class Density(NamedTuple):
    """A density over a region of the map.

    Attributes:
        log_density: In nats, (rows, columns), the largest second coordinate in the first row; a
            histogram has cells that tile the region, the others a lattice with its corners on the
            region's.
        region: x from, x to, y from, y to.
        mass: The integral over the region; NaN above two dimensions, where a plane holds none.
        counted: Of how many samples it is made, 0 for a prior.
        rare: The log density under which 1 % of the latents lie, of a mixture; NaN of the others.
    """

    log_density: NDArray[np.float32]
    region: geometry.Region
    mass: float
    counted: int
    rare: float


class AskedRun(KeptRun):
    """A run whose model and latents answer questions, as those of the window are answered."""

    def ask(self, question: str, epoch: EpochWord = "last", **arguments: Any) -> "Findings":
        """Ask a registered question, one of aeviz or of an own file.

        Args:
            question: Its name, such as "trust"; those of aeviz are described where they are
                registered, in `aeviz.analysis`.
            epoch: Whose weights answer, and whose latents; the nearest that are kept.
            arguments: What the question takes; rows are those of `index`.

        Returns:
            `arrays` and `values`, both by name: the last of its answers.

        Raises:
            ValueError: If there is no such question, or it cannot be answered; the sentence says
                why.
            EpochError: If that epoch's weights are not there.

        Example:
            >>> found = run.ask("trust", z=[0.0, 1.0])
            >>> found.arrays["nearest"].shape, sorted(found.values)[:2]
            ((5,), ['distance', 'error'])
        """
        from aeviz.analysis.questions import ask

        answers = ask(question, self._subject(epoch), arguments)
        *_, last = (each for each in answers if each is not None)
        return last

    def _subject(self, epoch: EpochWord) -> "Subject":
        """The run at an epoch, as questions are asked about it."""
        from aeviz.analysis.questions import Subject

        decoder, kept = self._decoder_at(epoch), self.samples
        return Subject(
            model=decoder.model,
            latents=self.folder.latents(self.folder.nearest_latents(self._loaded)),
            samples=self._scaled_rows,
            labels=self.labels,
            parts=self.parts,
            kept=0 if kept is None else len(kept),
            own_units=self._own_units,
            told=self._told_rows,
            scale=self._model_units,
            condition=partial(self._model_condition, decoder),
        )

    # ── the map ───────────────────────────────────────────────────────────────────────────────

    def sweep(
        self,
        grid: int | tuple[int, int] = 20,
        epoch: EpochWord = "last",
        *,
        region: Sequence[float] | None = None,
        over: Literal["map", "prior"] = "map",
        plane: "Plane | None" = None,
        condition: Any = None,
    ) -> Sweep:
        """Decode a lattice over the map.

        Args:
            grid: Decodes along each side, or (columns, rows).
            epoch: Whose weights decode.
            region: x from, x to, y from, y to: where the outer ones lie; None for the 1 % to 99 %
                quantiles of the latents, widened by 5 %.
            over: "map"; or "prior" for equally likely steps of a standard normal prior, of a run
                with two latent dimensions.
            plane: Which plane of more than two dimensions; None for the map's own, see `plane`.
            condition: As in `decode`.

        Raises:
            ValueError: If grid or region make no lattice, or there is no such plane.
            EpochError: If that epoch's weights, or latents, are not there.

        Example:
            >>> sweep = run.sweep(3, region=(-1, 1, -1, 1))
            >>> sweep.z[0, 0].tolist(), sweep.x.shape
            ([-1.0, 1.0], (3, 3, 8, 8, 1))
        """
        from aeviz.export.sheets import default_region

        columns, rows = (grid, grid) if isinstance(grid, int) else grid
        if columns < 1 or rows < 1:
            raise ValueError(f"a grid has one decode or more along each side, got {grid}")
        if over == "prior":
            z, shown = self._over_prior(columns, rows)
        else:
            laid = self.plane(epoch, plane)
            shown = default_region(laid.positions) if region is None else _ends(region)
            z = geometry.latents_at(laid, geometry.lattice(shown, columns, rows).reshape(-1, 2))
        z = z.reshape(rows, columns, self.latent_dim)
        return Sweep(z, self.decode(z, epoch, condition=condition), shown)

    def _over_prior(self, columns: int, rows: int) -> tuple[FloatArray, geometry.Region]:
        if self.latent_dim != 2:
            raise ValueError('over="prior" is of two latent dimensions: use over="map"')
        z = geometry.prior_quantiles(columns, rows)
        (left, low), (right, high) = z.min(axis=0).tolist(), z.max(axis=0).tolist()
        return z, (left, right, low, high)

    def density(
        self,
        kind: DensityKind = "gmm",
        epoch: EpochWord = "last",
        *,
        region: Sequence[float] | None = None,
        plane: "Plane | None" = None,
    ) -> Density:
        """A density over the map: the one that the window lays under the points.

        Args:
            kind: "histogram" of the latents, the model's "prior", the aggregate "posterior", a
                Gaussian mixture "gmm" or a "flow" fitted to the latents (which takes seconds).
            epoch: Whose model and latents.
            region: x from, x to, y from, y to; None as in `sweep`.
            plane: As in `sweep`.

        Raises:
            ValueError: If the model or the plane has no such density; the sentence says why.
            EpochError: If that epoch's weights, or latents, are not there.

        Example:
            >>> density = run.density("gmm", region=(-9, 9, -9, 9))
            >>> density.log_density.shape, round(density.mass, 2)
            ((128, 128), 1.0)
        """
        question = "latent-density" if kind == "flow" else "density-over-map"
        more = {} if kind == "flow" else {"kind": kind}
        found = self._over_region(question, epoch, region, plane, more)
        values = found.values
        return Density(
            found.arrays["density"],
            values["region"],
            float(values["mass"]),
            int(values["counted"]),
            float(values.get("rare", np.nan)),
        )

    def stretch(
        self,
        epoch: EpochWord = "last",
        *,
        region: Sequence[float] | None = None,
        plane: "Plane | None" = None,
        condition: Any = None,
    ) -> NDArray[np.float64]:
        """How much the decoder stretches the map: √det JᵀJ, J its derivative along both axes.

        Args:
            epoch: Whose decoder.
            region: x from, x to, y from, y to; None as in `sweep`.
            plane: As in `sweep`.
            condition: As in `decode`.

        Returns:
            (64, 64), the largest second coordinate in the first row; in scaled data squared per
            latent squared.

        Raises:
            ValueError: If there is no such plane.
            EpochError: If that epoch's weights, or latents, are not there.

        Example:
            >>> run.stretch(region=(-1, 1, -1, 1)).shape
            (64, 64)
        """
        more = {"condition": condition}
        return self._over_region("stretch", epoch, region, plane, more).arrays["stretch"]

    def _over_region(
        self,
        question: str,
        epoch: EpochWord,
        region: Sequence[float] | None,
        plane: "Plane | None",
        more: dict[str, Any],
    ) -> "Findings":
        """The answer to a question about a region of the map."""
        from aeviz.export.sheets import default_region

        laid = self.plane(epoch, plane)
        if laid.inverse is not None:
            raise ValueError("a fitted map is no plane of the latents: nothing can lie over it")
        shown = default_region(laid.positions) if region is None else _region(region)
        return self.ask(question, epoch, region=shown, mean=laid.mean, axes=laid.axes, **more)

    # ── paths ─────────────────────────────────────────────────────────────────────────────────

    def along(
        self,
        anchors: Iterable[Any],
        steps: int = 16,
        epoch: EpochWord = "last",
        *,
        method: Method = "straight",
        closed: bool = False,
        drawn: ArrayLike | None = None,
        knots: Sequence[int] | None = None,
        condition: Any = None,
        measured: bool = True,
    ) -> LatentPath:
        """Decode along a path through anchors.

        Args:
            anchors: Two or more: a whole number is the sample of that number in `index`, D numbers
                are a place.
            steps: Decodes along it, with both ends.
            epoch: Whose decoder, and whose latents, the path follows.
            method: "straight"; "slerp", on the sphere; "spline", without corners; "density", where
                the latents lie; "geodesic", shortest in the decoder's own metric; "freehand", as it
                was `drawn`. Steps are even in the latent space, of a geodesic in the data.
            closed: Whether it goes back to the first anchor.
            drawn: A line of latents, (M, D), for "freehand"; it is bent so that it goes through the
                anchors.
            knots: Row of each anchor in that line, growing; None for its ends, of two anchors.
            condition: As in `decode`.
            measured: Whether length, change, density and distance are wanted; NaN where not.

        Raises:
            PathError: If no path can be made of them; the sentence says why.
            EpochError: If that epoch's weights, or latents, are not there.

        Example:
            >>> path = run.along([run.index[0], (0.5, 1.0)], 5, method="geodesic")
            >>> path.z.shape, path.x.shape, path.change.shape
            ((5, 2), (5, 8, 8, 1), (4,))
        """
        self.weights_epoch(epoch)
        points, rows = self._anchors(anchors, epoch)
        arguments = {
            "anchors": points,
            "rows": rows,
            "methods": (method,),
            "steps": steps,
            "drawn": drawn,
            "knots": _knots(drawn, knots),
            "closed": closed,
            "condition": condition,
            "decodes": measured,
        }
        arrays, values = self._found_path(epoch, arguments)
        every = slice(None, None, values["every"])
        z = np.ascontiguousarray(arrays["curve"][0, every])
        return LatentPath(
            z=z,
            x=self.decode(z, epoch, condition=condition),
            length=float(values["length"][0]),
            change=arrays["change"][0],
            log_density=arrays["log_density"][0, every],
            distance=arrays["distance"][0, every],
        )

    def _found_path(self, epoch: EpochWord, arguments: dict[str, Any]) -> "Findings":
        """The answer to the question of a path by one method; raises PathError if it has none."""
        try:
            found = self.ask("path", epoch, **arguments)
        except ValueError as error:
            raise PathError(str(error)) from error
        for reason in found.values["why"].values():
            raise PathError(reason)
        return found

    def walk(
        self,
        anchors: Iterable[Any],
        steps: int = 16,
        epoch: EpochWord = "last",
        *,
        method: Method = "straight",
        condition: Any = None,
    ) -> FloatArray:
        """Latents along a path, float32 (steps, D): the `z` of `along`, which says all of it."""
        return self.along(
            anchors, steps, epoch, method=method, condition=condition, measured=False
        ).z

    def latents_of(self, places: Iterable[Any], epoch: EpochWord = "last") -> FloatArray:
        """Latents of samples, given by their numbers, and places, given as D numbers.

        Args:
            places: As the anchors of `along`.
            epoch: Whose latents the samples have.

        Returns:
            Float32 (K, D).

        Raises:
            PathError: If there is no such sample, or a place has another number of dimensions.
            EpochError: If that epoch's latents are not there.

        Example:
            >>> run.latents_of([run.index[0], (0.5, 1.0)]).shape
            (2, 2)
        """
        return self._anchors(places, epoch)[0]

    def _anchors(self, anchors: Iterable[Any], epoch: EpochWord) -> tuple[FloatArray, IntArray]:
        """Latents (A, D), and the row of the sample that each is, -1 for a place."""
        points, rows = [], []
        for anchor in anchors:
            row = -1
            if isinstance(anchor, int | np.integer):
                try:
                    row = self._row_of(int(anchor))
                except DrawError as error:
                    raise PathError(str(error)) from error
            point = self.latents(epoch)[row] if row >= 0 else np.asarray(anchor, np.float32)
            points.append(point)
            rows.append(row)
        if any(point.shape != (self.latent_dim,) for point in points):
            shapes = ", ".join(str(point.shape) for point in points)
            raise PathError(
                f"anchors must be (A, {self.latent_dim}), or numbers of samples; got {shapes}"
            )
        return np.array(points, np.float32), np.array(rows, np.int64)

    # ── dimensions, draws ─────────────────────────────────────────────────────────────────────

    def draw(
        self,
        count: int = 100,
        epoch: EpochWord = "last",
        *,
        using: "Source" = "prior",
        sample: int | None = None,
        seed: int = 0,
    ) -> FloatArray:
        """Draw latents; `decode` them to see new samples.

        Args:
            count: How many.
            epoch: Whose model, and whose latents, they are drawn from.
            using: "prior", of the model; "gmm" or "flow", a Gaussian mixture or a flow that is
                fitted to the latents; "posterior", of one sample.
            sample: Number of that sample in `index`.
            seed: The same seed draws the same latents.

        Returns:
            Float32 (count, D).

        Raises:
            DrawError: If the model has no prior or posterior, or there is no such sample.
            EpochError: If that epoch's weights, or latents, are not there.

        Example:
            >>> run.decode(run.draw(16, using="gmm", seed=1)).shape
            (16, 8, 8, 1)
        """
        from aeviz.analysis import draws

        model, own, told = self._decoder_at(epoch).model, None, None
        if using == "posterior":
            if sample is None:
                raise DrawError("a posterior is that of a sample: say of which one")
            own, told = self._shown(np.array([self._row_of(sample)]))
        try:
            return draws.draw(
                using, count, seed, model=model, latents=self.latents(epoch), sample=own, told=told
            )
        except ValueError as error:
            raise DrawError(str(error)) from error

    def traverse(
        self,
        steps: int = 11,
        epoch: EpochWord = "last",
        *,
        sample: int | None = None,
        at: ArrayLike | None = None,
    ) -> "Traversal":
        """Latents along every dimension, from the 1 % to the 99 % quantile of the posterior.

        Args:
            steps: Latents along a dimension.
            epoch: Whose latents give the ranges.
            sample: Number in `index` of the sample whose latent they go through; None for the
                median of the latents.
            at: A latent (D,) that they go through, in its place.

        Returns:
            `order` of the dimensions, the `weight` that each carries (nats of KL, or variance),
            which are `dead`, and the latents `z` (D, steps, D) in that order.

        Raises:
            DrawError: If there is no such sample.
            ValueError: If `at` is no latent.
            EpochError: If that epoch's weights, or latents, are not there.

        Example:
            >>> found = run.traverse(7)
            >>> run.decode(found.z).shape
            (2, 7, 8, 8, 1)
        """
        from aeviz.analysis.traversal import TRAVERSED, posteriors, traversal
        from aeviz.models.base import Posterior

        latents, model = self.latents(epoch), self._decoder_at(epoch).model
        base = None if sample is None else latents[self._row_of(sample)]
        if at is not None:
            base = np.asarray(at, np.float32)
            if base.shape != (self.latent_dim,):
                raise ValueError(f"at must be ({self.latent_dim},), got {base.shape}")
        kept = self.folder.samples
        if kept is None or not isinstance(model, Posterior):
            return traversal(latents, None, steps, base)
        rows = np.random.default_rng(0).permutation(len(kept))[:TRAVERSED]
        return traversal(*posteriors(model, *self._shown(rows)), steps, base)

    def styles(self, count: int, epoch: EpochWord = "last", *, seed: int = 0) -> FloatArray:
        """Latents that show how much decodes differ: draws from the prior, float32 (count, D).

        A model without a prior gives the latents of shown samples, chosen at random.

        Example:
            >>> run.styles(4).shape
            (4, 2)
        """
        from aeviz.analysis.styles import draw_styles

        model = self._decoder_at(epoch).model
        return draw_styles(model, self.latents(epoch), count, seed)

    # ── pictures ──────────────────────────────────────────────────────────────────────────────

    def cells(self, x: ArrayLike) -> ByteArray:
        """Decodes as the cells of a sheet: images enlarged by whole pixels, tables as bars.

        Args:
            x: Decodes, (N, …), as `decode` gives them. Those that are NaN are left empty.

        Returns:
            uint8 (N, H, W, 3). Bars are in standard deviations of their features; of images what
            lies outside [0, 1] is clipped.

        Raises:
            ValueError: If the shape is wrong.
        """
        from aeviz.export import sheets

        values = np.asarray(x, np.float32)
        if values.ndim != len(self.sample_shape) + 1 or values.shape[1:] != self.sample_shape:
            wanted = ", ".join(str(length) for length in self.sample_shape)
            raise ValueError(f"x must be (N, {wanted}), got {values.shape}")
        lacking = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        values = np.where(np.isfinite(values), values, np.float32(0))
        if self.is_image:
            made = sheets.image_cells(sheets.pictures(values)[0])
        else:
            made = sheets.profile_cells(self.standardised(values))
        made[lacking] = 255
        return made

    def picture(
        self, x: ArrayLike, columns: int | None = None, *, pale: ArrayLike | None = None
    ) -> ByteArray:
        """Decodes side by side as one picture, as `aeviz sweep`, `path` and `draw` write it.

        Args:
            x: Decodes (N, …), as `decode` gives them; or as rows and columns, (R, C, …).
            columns: Cells in a row; None for those of `x`, or for a square.
            pale: Which rows are pale, such as those of dead dimensions, (R,).

        Returns:
            uint8 (H, W, 3).

        Raises:
            ValueError: If the shape is wrong.

        Example:
            >>> from PIL import Image
            >>> Image.fromarray(run.picture(run.sweep(10).x)).save("sweep.png")
        """
        from aeviz.export import sheets

        values = np.asarray(x, np.float32)
        if values.ndim == len(self.sample_shape) + 2:
            columns = columns or values.shape[1]
            values = values.reshape(-1, *values.shape[2:])
        made = self.cells(values)
        columns = columns or max(1, math.ceil(math.sqrt(len(made))))
        if pale is not None:
            # Three quarters of the way to paper.
            is_pale = np.repeat(np.asarray(pale, np.bool_), columns)[: len(made)]
            made[is_pale] = 255 - (255 - made[is_pale]) // 4
        return sheets.sheet(made, columns)


def _ends(region: Sequence[float]) -> geometry.Region:
    """A region, or a line or point, checked."""
    ends = np.asarray(region, np.float64)
    if ends.shape != (4,) or not np.isfinite(ends).all() or (ends[1::2] < ends[::2]).any():
        raise ValueError(f"a region is x from, x to, y from, y to, got {tuple(region)}")
    left, right, low, high = ends.tolist()
    return left, right, low, high


def _region(region: Sequence[float]) -> geometry.Region:
    """A region that has an area, checked."""
    left, right, low, high = _ends(region)
    if left == right or low == high:
        raise ValueError(f"a region has an area, got {tuple(region)}")
    return left, right, low, high


def _knots(drawn: ArrayLike | None, knots: Sequence[int] | None) -> Sequence[int]:
    """The rows of the anchors in a drawn line."""
    if knots is not None or drawn is None:
        return knots or ()
    return 0, len(np.asarray(drawn)) - 1
