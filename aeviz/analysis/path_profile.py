"""The question "path": curves between anchors by several methods, and what is met along them."""

import math
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aeviz import curves
from aeviz.analysis.geodesic import relaxing
from aeviz.analysis.latent_graph import through_density
from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.analysis.round_trip import RoundTrip
from aeviz.analysis.trust_along import Trust, trust_of
from aeviz.messages import FloatArray
from aeviz.models.base import Invertible, LatentModel

WALKED = ("straight", "slerp", "spline", "freehand", "density", "geodesic")
"""Methods, the quick ones first; "freehand" needs a line that was drawn."""

FINE = 60
"""Pieces of a curve at least."""

RELAXED = 30
"""Pieces of a geodesic while it is looked for."""

SETTLED = 1e-5
"""Share of its energy that a geodesic must win with a step to go on."""

MOST_STEPS = 1000

SLICE, SHOWN = 0.006, 0.06
"""Seconds of a slice of decodes, and between two looks at what is under way."""

Points = NDArray[np.float64]
Slices = Generator[None, None, None]


@register_question("path")
def path_along(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """Curves between anchors, decodes along them, density and distance to the data.

    Arguments: `anchors` (A, D); `rows` (A,): the sample that an anchor is, whose latent of this
    epoch then counts, -1 for a place; `methods`, of `WALKED`; `steps` along each; `drawn` (M, D)
    and `knots` (A,) of a drawn line; `closed`; `condition` as messages name it; `decodes`: whether
    decodes and what is measured are wanted, or the curves alone; `stamp`, given back.

    Arrays, for M methods, NaN where something is still to come or cannot be: `anchors` (A, D) as
    they are at this epoch; `curve` (M, P, D) with even steps, of a geodesic even in the data; every
    `every`-th point is a step; `x` (M, steps, …), decodes in the data's own units; `change`
    (M, steps − 1): ‖x̂ᵢ₊₁ − x̂ᵢ‖ as the model sees samples; `log_density` and `distance` (M, P).
    Values: `methods`; `every`; `length` of each decoded curve, the sum over its P points; `why` by
    method there is none; `done` by method; `density`: which one it is; `low`: 1 % of the data lie
    under it; `far`: 1 % of the data are farther from their `neighbour`-th nearest latent.
    """
    walk = _Walk(subject, arguments)
    shown = -math.inf
    for has_news in walk.slices():
        if has_news or time.perf_counter() - shown > SHOWN:
            yield walk.findings()
            shown = time.perf_counter()
        else:
            yield None
    yield walk.findings()


@dataclass(eq=False)
class _Leg:
    """What is known of one method."""

    curve: FloatArray
    log_density: Points
    distance: Points
    change: Points
    x: FloatArray | None = None
    length: float = math.nan
    why: str = ""
    is_done: bool = False


class _Walk:
    """A request on its way."""

    def __init__(self, subject: Subject, arguments: Mapping[str, Any]) -> None:
        assert subject.model is not None
        self.subject, self.arguments = subject, arguments
        self.model: LatentModel = subject.model
        self.anchors = _anchors(subject, arguments)
        self.steps = int(arguments.get("steps", 16))
        if not 2 <= self.steps <= MOST_STEPS:
            raise ValueError(f"{self.steps} steps were asked for: 2 to {MOST_STEPS} can be")
        self.methods = tuple(arguments.get("methods", ("straight",)))
        for name in self.methods:
            if name not in WALKED:
                raise ValueError(f"there is no method {name!r}; there are: {', '.join(WALKED)}")
        self.is_closed = bool(arguments.get("closed", False))
        self.every = max(1, math.ceil(FINE / (self.steps - 1)))
        self.trust: Trust | None = None
        fine = (self.steps - 1) * self.every + 1
        dimensions = self.anchors.shape[1]
        self.legs = {
            name: _Leg(
                curve=np.full((fine, dimensions), math.nan, np.float32),
                log_density=np.full(fine, math.nan),
                distance=np.full(fine, math.nan),
                change=np.full(self.steps - 1, math.nan),
            )
            for name in self.methods
        }
        exact = RoundTrip(self.model) if isinstance(self.model, Invertible) else None
        self._decode = self.model.decode if exact is None else exact.decode

    def slices(self) -> Iterator[bool]:
        """Do everything in slices; True where there is something new to show."""
        order = sorted(self.methods, key=WALKED.index)
        dear = [name for name in order if name in ("density", "geodesic")]
        for name in order:
            if name not in dear:
                yield from self._tried(name)
        yield True
        if self.arguments.get("decodes", True):
            self.trust = yield from _quietly(trust_of(self.subject))
        for name in order:
            if name in dear:
                yield from self._tried(name)
                yield True
            leg = self.legs[name]
            if self.trust is not None and not leg.why:
                yield from _quietly(self._measure(leg, self.trust))
            leg.is_done = True
            yield True

    def findings(self) -> Findings:
        """All that is known now."""
        legs = [self.legs[name] for name in self.methods]
        arrays: dict[str, NDArray[Any]] = {"anchors": self.anchors.astype(np.float32)}
        for name in ("curve", "log_density", "distance", "change"):
            arrays[name] = np.stack([getattr(leg, name) for leg in legs])
        known = next((leg.x for leg in legs if leg.x is not None), None)
        if known is not None:
            empty = np.full_like(known, math.nan)
            arrays["x"] = np.stack([empty if leg.x is None else leg.x for leg in legs])
        trust = self.trust
        values = {
            "methods": self.methods,
            "every": self.every,
            "length": tuple(leg.length for leg in legs),
            "why": {name: leg.why for name, leg in self.legs.items() if leg.why},
            "done": {name: leg.is_done for name, leg in self.legs.items()},
            "density": "" if trust is None else trust.told,
            "low": math.nan if trust is None else trust.low,
            "far": math.nan if trust is None else trust.far,
            "neighbour": 0 if trust is None else trust.neighbour,
            "stamp": self.arguments.get("stamp", 0),
        }
        return Findings(arrays, values)

    # ── curves ────────────────────────────────────────────────────────────────────────────────

    def _tried(self, name: str) -> Iterator[bool]:
        try:
            yield from _quietly(self._curve(name, self.legs[name]))
        except ValueError as error:
            self.legs[name].why = str(error)

    def _curve(self, name: str, leg: _Leg) -> Slices:
        if name == "geodesic":
            yield from self._geodesic(leg)
            return
        if name == "density":
            points = curves.round_trip(self.anchors) if self.is_closed else self.anchors
            fine = yield from through_density(points, self.subject.latents)
        elif name == "freehand":
            fine = self._drawn()
        else:
            fine = curves.CURVES[name](self.anchors, closed=self.is_closed)
        leg.curve = curves.evenly(fine, len(leg.curve)).astype(np.float32)

    def _drawn(self) -> Points:
        line, knots = self.arguments.get("drawn"), self.arguments.get("knots", ())
        if line is None or len(knots) != len(self.anchors):
            raise ValueError("no line was drawn between these anchors")
        return curves.drawn(
            np.asarray(line, np.float64), list(knots), self.anchors, closed=self.is_closed
        )

    def _geodesic(self, leg: _Leg) -> Slices:
        """Shortest legs one after the other; those to come are straight meanwhile."""
        points = curves.round_trip(self.anchors) if self.is_closed else self.anchors
        ends = list(pairwise(points))
        pieces = max(6, math.ceil(RELAXED / len(ends)))
        shares = np.linspace(0, 1, pieces + 1)[:, np.newaxis]
        found = [(start + shares * (end - start)) for start, end in ends]
        for number, (start, end) in enumerate(ends):
            for relaxed in relaxing(self._differentiable, start, end, pieces + 1, SETTLED):
                found[number] = relaxed.astype(np.float64)
                joined = np.concatenate([*(each[:-1] for each in found), found[-1][-1:]])
                leg.curve = curves.evenly(joined, len(leg.curve)).astype(np.float32)
                yield
        with torch.no_grad():
            decoded = self._differentiable(torch.from_numpy(joined.astype(np.float32)))
        far = (decoded[1:] - decoded[:-1]).flatten(1).double().norm(dim=1).numpy()
        if np.isfinite(far).all() and far.sum() > 0:
            leg.curve = curves.along(joined, far, len(leg.curve)).astype(np.float32)
        # between the points that were moved a decoder may bend: then straight may be shorter
        straight = curves.evenly(points, len(leg.curve)).astype(np.float32)
        lengths = []
        for curve in (leg.curve, straight):
            decoded = yield from self._decoded(curve)
            lengths.append(_lengths(decoded).sum())
        if lengths[1] < lengths[0]:
            leg.curve = straight

    def _differentiable(self, z: Tensor) -> Tensor:
        return self.model.decode(z, self._told(len(z)))

    def _told(self, count: int) -> Tensor | None:
        tell = self.subject.condition
        return None if tell is None else tell(self.arguments.get("condition"), count)

    # ── along a curve ─────────────────────────────────────────────────────────────────────────

    def _measure(self, leg: _Leg, trust: Trust) -> Slices:
        leg.log_density = yield from trust.log_density(leg.curve)
        leg.distance = yield from trust.distance(leg.curve)
        yield from self._decodes(leg)

    def _decodes(self, leg: _Leg) -> Slices:
        whole = yield from self._decoded(leg.curve)
        leg.length = float(_lengths(whole).sum())
        shown = whole[:: self.every]
        leg.change = _lengths(shown)
        last = shown.movedim(1, -1) if shown.ndim == 4 else shown
        own = self.subject.own_units
        leg.x = np.ascontiguousarray(last.numpy() if own is None else own(last.numpy()), np.float32)

    def _decoded(self, curve: FloatArray) -> Generator[None, None, Tensor]:
        """Decode a curve in slices, each as long as the one before allows."""
        done, rows, decoded = 0, 4, []
        while done < len(curve):
            began = time.perf_counter()
            part = torch.from_numpy(curve[done : done + rows])
            with torch.no_grad():
                decoded.append(self._decode(part, self._told(len(part))))
            done += len(part)
            fitting = int(rows * SLICE / max(time.perf_counter() - began, 1e-6))
            rows = max(1, min(fitting, 2 * rows))
            yield
        return torch.cat(decoded).float()


def _lengths(decoded: Tensor) -> Points:
    """Distances between neighbouring decodes (P, …), (P − 1,)."""
    flat = decoded.flatten(1).double()
    return np.asarray((flat[1:] - flat[:-1]).norm(dim=1).numpy())


def _anchors(subject: Subject, arguments: Mapping[str, Any]) -> Points:
    """Where the anchors are at this epoch: a sample's anchor goes with its latent."""
    points = curves.checked(arguments["anchors"])
    rows = np.asarray(arguments.get("rows", np.full(len(points), -1)), np.int64)
    latents = subject.latents
    if latents is not None and points.shape[1] != latents.shape[1]:
        raise ValueError(f"anchors must be (A, {latents.shape[1]}), got {points.shape}")
    for number, row in enumerate(rows.tolist()):
        if latents is not None and 0 <= row < len(latents):
            points[number] = latents[row]
    return curves.checked(points)


def _quietly(slices: Generator[None, None, Any]) -> Generator[bool, None, Any]:
    """The slices of something, none of which has news."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            return end.value
        yield False
