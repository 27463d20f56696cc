"""Which samples excite the units of a layer most, and which class each unit tells apart."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.analysis.units import activations, layer_of, layers_of, model_of, samples_of
from aeviz.messages import FloatArray

SLICE = 0.008
"""Seconds of work between two yields."""

SHOW_EVERY = 0.25
"""Seconds at least between two partial answers."""


class Tally:
    """The most exciting samples and the class means of every unit of a layer, slice by slice.

    Args:
        units: U.
        labels: Of the samples, (N,), -1 where missing; None without.
        count: How many samples are kept per unit.
    """

    def __init__(self, units: int, labels: NDArray[np.int64] | None, count: int) -> None:
        self._labels = labels
        classes = 0 if labels is None or not labels.size else int(labels.max(initial=-1)) + 1
        self._count = count
        self.sums = np.zeros((classes, units))
        self.members = np.zeros(classes)
        self.smallest = np.full(units, np.inf)
        self.active = np.zeros(units)
        self.seen = 0
        self.top = np.empty((0, units), np.float32)
        self.rows = np.empty((0, units), np.int64)

    def add(self, values: FloatArray) -> None:
        """Take the activations (B, U) of the samples that follow those taken before."""
        rows = np.arange(self.seen, self.seen + len(values))
        self.seen += len(values)
        self.smallest = np.minimum(self.smallest, values.min(axis=0))
        self.active += (values > 0).sum(axis=0)
        if self._labels is not None:
            self._add_classes(values, self._labels[rows])
        self._keep_top(values, rows)

    def _add_classes(self, values: FloatArray, labels: NDArray[np.int64]) -> None:
        for label in np.unique(labels[labels >= 0]).tolist():
            chosen = values[labels == label]
            self.sums[label] += chosen.sum(axis=0, dtype=np.float64)
            self.members[label] += len(chosen)

    def _keep_top(self, values: FloatArray, rows: NDArray[np.int64]) -> None:
        both = np.concatenate([self.top, values])
        numbers = np.concatenate([self.rows, np.repeat(rows[:, None], values.shape[1], axis=1)])
        order = np.argsort(-both, axis=0, kind="stable")[: self._count]
        self.top = np.take_along_axis(both, order, axis=0)
        self.rows = np.take_along_axis(numbers, order, axis=0)

    def findings(self, total: int, layer: int = -1) -> Findings:
        """What is known so far, of `total` samples and the layer of that number."""
        selective, label = selectivity(self.sums, self.members, self.smallest)
        arrays: dict[str, NDArray[Any]] = {
            "rows": np.ascontiguousarray(self.rows.T),
            "activations": np.ascontiguousarray(self.top.T),
            "selectivity": selective.astype(np.float32),
            "label": label,
            "active": (self.active / max(1, self.seen)).astype(np.float32),
        }
        return Findings(arrays, {"seen": self.seen, "total": total, "layer": layer})


def selectivity(
    sums: NDArray[np.float64], members: NDArray[np.float64], smallest: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """How much more the favourite class excites a unit than all other classes together.

    (μ_max − μ_rest) / (μ_max + μ_rest), where μ_max is the largest mean activation of a class and
    μ_rest the mean over all samples of the other classes: 0 tells nothing, 1 fires for one class
    only. Activations count from the unit's smallest one, so that signed units have one too.

    Args:
        sums: Activations summed over the samples of each class, (K, U).
        members: Samples of each class, (K,).
        smallest: Smallest activation of each unit, (U,).

    Returns:
        Selectivity (U,), NaN with fewer than two classes, and the favourite class (U,), -1 then.

    References:
        | On the importance of single directions for generalization (Morcos et al., 2018), section 3
        | https://arxiv.org/abs/1803.06959 ; there activations are not negative, and μ_rest is over
        | classes of equal size

    Example:
        >>> selectivity(np.array([[6.0], [0.0]]), np.array([3.0, 5.0]), np.array([0.0]))
        (array([1.]), array([0]))
    """
    present = np.flatnonzero(members)
    units = sums.shape[1]
    if len(present) < 2:
        return np.full(units, np.nan), np.full(units, -1, np.int64)
    counts = members[present, None]
    risen = sums[present] - counts * smallest
    favourite = (risen / counts).argmax(axis=0)
    columns = np.arange(units)
    largest = (risen / counts)[favourite, columns]
    others = counts.sum() - members[present][favourite]
    rest = (risen.sum(axis=0) - risen[favourite, columns]) / others
    total = largest + rest
    shares = np.divide(largest - rest, total, out=np.zeros(units), where=total > 0)
    return shares, np.where(total > 0, present[favourite], -1).astype(np.int64)


@register_question("unit-activity")
def _activity(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """For every unit of the layer `layer` its `count` most exciting samples and its selectivity."""
    model, number = model_of(subject), int(arguments.get("layer", -1))
    tally: Tally | None = None
    shown, size, done = time.perf_counter(), 8, 0
    while done < subject.kept:
        began = time.perf_counter()
        with torch.no_grad():
            layer = layer_of(layers_of(model, samples_of(subject, done, done + size)), number)
            values = activations(layer.output).float().numpy()
        if tally is None:
            tally = Tally(layer.units, subject.labels, int(arguments.get("count", 12)))
        tally.add(values)
        done += len(values)
        size = _fitting(size, time.perf_counter() - began)
        if done < subject.kept and time.perf_counter() - shown > SHOW_EVERY:
            shown = time.perf_counter()
            yield tally.findings(subject.kept, number)
        else:
            yield None
    if tally is None:
        raise ValueError("this run keeps no samples, so nothing can excite its units")
    yield tally.findings(subject.kept, number)


def _fitting(size: int, seconds: float) -> int:
    """How many samples fit in a slice, at most twice as many as before."""
    return max(1, min(2 * size, int(size * SLICE / max(seconds, 1e-6))))
