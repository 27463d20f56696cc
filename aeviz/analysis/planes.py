"""Planes of a latent space of more than two dimensions that a person chooses for the map."""

from collections.abc import Generator
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from aeviz.analysis.projection import (
    Projection,
    on_plane,
    principal_axes,
    project,
    turned,
    with_positive_parts,
)
from aeviz.geometry import blend
from aeviz.messages import FloatArray, IntArray, Inverse
from aeviz.plane import Direction, Plane

Doubles = NDArray[np.float64]

RIDGE = 1e-10
"""Added to the scatter within labels, as a share of the mean of all: a dead dimension has none."""

SLICE = 256
"""Latents at a time that are put on a fitted map."""

HELD_OUT = 0.1
"""Share of the pairs that the error of a learned way back is measured on."""

MOST_MEASURED = 256
"""Latents at most that a round trip is measured on at an epoch that was not fitted."""

_SMALLEST_SINE = 1e-4


class Projector:
    """Lays one epoch after another on a plane, each aligned to the one before.

    Args:
        plane: Which plane.
        labels: Label of every latent, -1 where missing; None without labels.
        inverse: What was fitted, for a plane that is.
    """

    def __init__(
        self, plane: Plane, labels: IntArray | None = None, inverse: Inverse | None = None
    ) -> None:
        self.plane = plane
        self._labels = labels
        self._inverse = inverse
        self._previous: Projection | None = None

    def project(self, epoch: int, latents: FloatArray) -> Generator[None, None, Projection]:
        """Latents (N, D) of an epoch on the plane; yields between slices of a few milliseconds.

        Raises:
            ValueError: If the plane cannot be made at the epoch at which it was chosen. At others
                what is missing (two directions that fall together) is taken from the principal
                axes, so that the film has no gap.
        """
        kind = self.plane.kind
        if kind != "pca" and latents.shape[1] <= 2:
            raise ValueError("a latent space of one or two dimensions is shown as it is")
        if kind == "pca":
            made = project(latents, self._previous)
        elif kind == "axes":
            made = self._axes(latents, is_chosen=epoch == self.plane.epoch)
        elif kind == "lda":
            made = self._lda(latents)
        else:
            made = yield from self._fitted(epoch, latents)
        self._previous = made
        return made

    def _axes(self, latents: FloatArray, *, is_chosen: bool) -> Projection:
        """Two directions through a base point."""
        first, second = self.plane.directions
        rows = latents.astype(np.float64)
        across, up = vectors_of(self.plane, rows)
        axes, is_whole = spanned([across, up], rows)
        if is_chosen and not is_whole:
            raise ValueError(
                f"{first.title} and {second.title} span no plane: at this epoch they point the "
                "same way, or one of them has no length"
            )
        base = base_of(self.plane, rows)
        are_dimensions = first.kind == second.kind == "dimension"
        if are_dimensions:
            base = base - axes @ (axes.T @ base)  # so that the ticks are the latents' own numbers
        made = on_plane(rows, base, axes)
        made = replace(made, titles=(first.title, _upright(first, second, across, up)))
        are_principal = first.kind == second.kind == "principal"
        return turned(made, self._previous) if are_principal else self._mirrored(made)

    def _mirrored(self, made: Projection) -> Projection:
        """The sign of a principal axis is anybody's choice: take that of the epoch before."""
        before = self._previous
        if before is None:
            return made
        signs = np.ones(2, np.float32)
        for axis, direction in enumerate(self.plane.directions):
            if direction.kind == "principal" and made.axes[:, axis] @ before.axes[:, axis] < 0:
                signs[axis] = -1
        return replace(made, positions=made.positions * signs, axes=made.axes * signs)

    def _lda(self, latents: FloatArray) -> Projection:
        """The plane of the two discriminants; with two labels the first and what is upright."""
        if self._labels is None:
            raise ValueError("LDA needs labels, and this run has none")
        rows = latents.astype(np.float64)
        found = discriminants(rows, self._labels)
        axes, _ = spanned(list(found.T), rows)
        made = on_plane(rows, rows.mean(axis=0), axes)
        if found.shape[1] == 2:
            return turned(replace(made, titles=("LD 1", "LD 2")), self._previous)
        made = replace(made, titles=("LD 1", "PC ⟂ LD 1"))
        if self._previous is not None:
            signs = np.sign((made.axes * self._previous.axes).sum(axis=0))
            signs[signs == 0] = 1
            made = replace(made, positions=made.positions * signs, axes=made.axes * signs)
        return made

    def _fitted(self, epoch: int, latents: FloatArray) -> Generator[None, None, Projection]:
        """Where the fitted map has latents: between the nearest of those that were fitted."""
        fitted = self._inverse
        if fitted is None:
            raise ValueError(f"{self.plane.title} has not been fitted yet")
        positions = np.empty((len(latents), 2), np.float32)
        for first in range(0, len(latents), SLICE):
            rows = slice(first, first + SLICE)
            positions[rows] = blend(fitted.latents, fitted.positions, latents[rows])
            yield
        nothing = np.zeros(latents.shape[1], np.float32)
        axes = np.zeros((latents.shape[1], 2), np.float32)
        name = self.plane.title
        if epoch != self.plane.epoch:
            error = round_trip_error(fitted, positions, latents)
            # Latents that did not move were learned from: they come back better than they should.
            fitted = replace(fitted, error=max(error, fitted.error))
        return Projection(
            positions, nothing, axes, titles=(f"{name} 1", f"{name} 2"), inverse=fitted
        )


def laid(projector: Projector, epoch: int, latents: FloatArray) -> Projection:
    """The latents of an epoch on a projector's plane, all at once; raises as `Projector.project`.

    Example:
        >>> from aeviz.plane import two_dimensions
        >>> latents = np.arange(12, dtype=np.float32).reshape(3, 4)
        >>> laid(Projector(two_dimensions(1, 3)), 0, latents).positions.tolist()
        [[1.0, 3.0], [5.0, 7.0], [9.0, 11.0]]
    """
    steps = projector.project(epoch, latents)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("Projection", end.value)


def vectors_of(plane: Plane, latents: Doubles) -> list[Doubles]:
    """The vectors (D,) of a plane's directions among the latents (N, D) of an epoch.

    They are of any length. Raises ValueError as `_vector` does.
    """
    found = [each.numbers[0] for each in plane.directions if each.kind == "principal"]
    # All at once: above a hundred dimensions this is what takes time.
    axes = principal_axes(latents, max(found) + 1)[1] if found else None
    return [_vector(direction, latents, axes) for direction in plane.directions]


def _vector(direction: Direction, latents: Doubles, axes: Doubles | None) -> Doubles:
    """One of them; raises ValueError if it names a dimension or a sample that is not there."""
    count, dimensions = latents.shape
    numbers, on_rows = direction.numbers, direction.kind in ("samples", "pin")
    if any(not 0 <= each < (count if on_rows else dimensions) for each in numbers):
        raise ValueError(f"there is no direction {direction.title} in this run")
    if direction.kind == "dimension":
        return np.asarray(np.eye(1, dimensions, numbers[0])[0])
    if direction.kind == "principal" and axes is not None:
        return axes[:, numbers[0]]
    if direction.kind == "samples":
        return np.asarray(latents[numbers[1]] - latents[numbers[0]])
    return np.asarray(latents[numbers[0]] - np.asarray(direction.start))


def base_of(plane: Plane, latents: Doubles) -> Doubles:
    """The latent (D,) that a plane of two directions passes through."""
    if plane.base is None:
        return np.asarray(np.median(latents, axis=0))
    if isinstance(plane.base, int):
        return np.asarray(latents[plane.base])
    return np.asarray(plane.base, np.float64)


def spanned(directions: list[Doubles], latents: Doubles) -> tuple[Doubles, bool]:
    """Orthonormal axes (D, 2) of the plane of directions, the first along the first.

    Where they span no plane, principal axes of the latents take the place of what is missing.

    Returns:
        The axes, and whether the directions were enough.
    """
    found: list[Doubles] = []
    for direction in directions:
        found.extend(_left_of(direction, found))
    is_whole = len(found) == 2
    if not is_whole:
        for axis in principal_axes(latents, latents.shape[1])[1].T:
            found.extend(_left_of(axis, found))
    return np.column_stack(found[:2]), is_whole


def _left_of(direction: Doubles, axes: list[Doubles]) -> list[Doubles]:
    """What of a direction is upright on unit axes, as a unit axis; nothing where none is."""
    left = direction.astype(np.float64)
    for _ in range(2):  # once more for what rounding has left
        for axis in axes:
            left = left - (left @ axis) * axis
    length, whole = float(np.linalg.norm(left)), float(np.linalg.norm(direction))
    return [left / length] if length > _SMALLEST_SINE * whole and length > 0 else []


def _upright(first: Direction, second: Direction, across: Doubles, up: Doubles) -> str:
    """The title of the second axis: what is upright on the first of a slanting direction."""
    lengths = float(np.linalg.norm(across) * np.linalg.norm(up))
    slants = lengths > 0 and abs(float(across @ up)) > 1e-3 * lengths
    return f"{second.title} ⟂ {first.title}" if slants else second.title


def discriminants(latents: Doubles, labels: IntArray) -> Doubles:
    """Fisher's linear discriminants, (D, 2), or (D, 1) for two labels.

    They maximise the variance between labels over the variance within; for two labels the one
    there is lies along Σ⁻¹(μ₂ - μ₁). Samples without a label take no part.

    Raises:
        ValueError: If fewer than two labels are there.

    References:
        | The use of multiple measurements in taxonomic problems (Fisher, 1936)
        | The utilization of multiple measurements in problems of biological classification
          (Rao, 1948)
    """
    known = labels >= 0
    rows = latents[known]
    classes, members = np.unique(labels[known], return_inverse=True)
    if len(classes) < 2:
        raise ValueError("LDA needs samples of two labels or more")
    counts = np.bincount(members)
    centred = rows - rows.mean(axis=0)
    means = (np.eye(len(classes))[members].T @ centred) / counts[:, None]
    # The scatter of all is that within and that between.
    whole = centred.T @ centred
    ridge = (RIDGE * np.trace(whole) / len(whole) + 1e-30) * np.eye(len(whole))
    within = whole - (means.T * counts) @ means + ridge
    root = np.linalg.cholesky(within)
    apart = np.linalg.solve(root, means.T) * np.sqrt(counts)
    count = min(2, len(classes) - 1)
    best = np.linalg.svd(apart, full_matrices=False)[0][:, :count]
    return with_positive_parts(np.linalg.solve(root.T, best))


def round_trip_error(fitted: Inverse, positions: FloatArray, latents: FloatArray) -> float:
    """How far off the way back is for latents of another epoch than the one that was fitted.

    Returns:
        As `inverse_error`, of latents that are all held out: at most `MOST_MEASURED` at random.
    """
    count = min(len(latents), MOST_MEASURED)
    rows = np.random.default_rng(0).choice(len(latents), count, replace=False)
    back = blend(fitted.positions, fitted.latents, positions[rows])
    return _off(back, latents[rows], latents)


def _off(back: FloatArray, there: FloatArray, latents: FloatArray) -> float:
    """Median distance as a share of the root mean square distance of latents from their mean."""
    off = float(np.median(np.linalg.norm(back - there, axis=1)))
    spread = float(np.sqrt(latents.astype(np.float64).var(axis=0).sum()))
    return off / spread if spread > 0 else 0.0


def inverse_error(positions: FloatArray, latents: FloatArray, seed: int = 0) -> float:
    """How far off a learned way back is, on pairs that it has not seen.

    Returns:
        The median distance between held-out latents and what the other pairs make of their
        positions, divided by the root mean square distance of the latents from their mean.
    """
    count = len(positions)
    shuffled = np.random.default_rng(seed).permutation(count)
    held, kept = np.split(shuffled, [max(1, int(HELD_OUT * count))])
    back = blend(positions[kept], latents[kept], positions[held])
    return _off(back, latents[held], latents)
