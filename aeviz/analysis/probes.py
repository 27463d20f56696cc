"""Probes: how much a simple classifier or regression reads from the latents, and from what else."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.analysis.instruments import TRAIN, Study, register_instrument
from aeviz.analysis.measures import Case, Measured, NotApplicable, register_measure
from aeviz.analysis.probe_curves import augmented, few_labels, sizes
from aeviz.analysis.probe_folds import (
    Make,
    Scores,
    Split,
    binomial_error,
    error_of,
    split,
    tested,
    validated,
)
from aeviz.analysis.probe_models import FEW, TITLES, TUNED, Fitted, Kind, Matrix, fitted, steps_of
from aeviz.analysis.probe_options import ProbeOptions
from aeviz.analysis.probe_regions import lattice, region_of, regions, to_latents
from aeviz.analysis.questions import Findings
from aeviz.data.dataset import Column
from aeviz.messages import FloatArray, IntArray

FIRST = 100
"""Positions that are kept to tell whether a map is the one of the lattice."""


@dataclass(eq=False)
class Question:
    """What is probed.

    Attributes:
        study: The run.
        options: Of the instrument.
        rows: Shown samples that are used, (N,).
        y: Their targets, int64 or float64 (N,).
        names: Of the classes, empty for numbers.
        target: What a person reads of the target.
        unit: Of numbers.
        left_out: Names of classes with too few samples.
        done: Fits that are done.
        fits: Fits that there are.
    """

    study: Study
    options: ProbeOptions
    rows: IntArray
    y: NDArray[Any]
    names: tuple[str, ...]
    target: str
    unit: str = ""
    left_out: tuple[str, ...] = ()
    done: int = 0
    fits: int = 1
    phrase: str = field(default="")

    @property
    def kind(self) -> Kind:
        """The model that is fitted."""
        own, seed = self.options, self.study.seed % 2**32
        is_small = len(self.rows) <= FEW
        return Kind(own.probe, own.kernel, not self.names, own.neighbours, seed, is_small)

    def heard(self) -> None:
        """One more fit is done."""
        self.done += 1
        self.study.report(min(self.done / self.fits, 1.0), self.phrase)

    def say(self, phrase: str) -> None:
        """What is done now."""
        self.phrase = phrase
        self.study.report(min(self.done / self.fits, 1.0), phrase)


# ── what is asked ─────────────────────────────────────────────────────────────────────────────


def question_of(study: Study, options: ProbeOptions) -> Question:
    """Rows and targets of a probe.

    Raises:
        NotApplicable: If there is no such target, or there are too few samples.
    """
    rows = study.rows("validation" if options.unseen else "all")
    column = _target(study, options.target)
    values = column.values
    known = np.isfinite(values) if not column.names else values >= 0
    rows = rows[known[rows]]
    if options.limit:
        rows = study.some(rows, options.limit)
    left_out: tuple[str, ...] = ()
    if column.names:
        rows, left_out = _frequent(rows, values, column.names, 2 * options.folds)
    elif len(rows) < 4 * options.folds:
        raise NotApplicable(f"{options.folds} folds need {4 * options.folds} samples")
    y = values[rows].astype(np.int64 if column.names else np.float64)
    return Question(study, options, rows, y, column.names, column.name, column.unit, left_out)


def _target(study: Study, name: str) -> Column:
    """The labels as a column, or the column of a name."""
    if not name:
        if study.labels is None:
            raise NotApplicable("these samples have no labels; choose a column as the target")
        count = max(int(study.labels.max(initial=-1)) + 1, len(study.class_names))
        own = (*study.class_names, *map(str, range(len(study.class_names), count)))
        return Column("label", study.labels, own)
    columns = study.read_columns()
    for column in columns:
        if column.name == name:
            return column
    there = ", ".join(column.name for column in columns) or "none"
    raise NotApplicable(f"there is no column {name!r} to predict; there are: {there}")


def _frequent(
    rows: IntArray, values: NDArray[Any], names: tuple[str, ...], least: int
) -> tuple[IntArray, tuple[str, ...]]:
    """Rows whose class has enough samples for every fold, and the names of the other classes."""
    counts = np.bincount(values[rows], minlength=len(names))
    rows = rows[counts[values[rows]] >= least]
    if len(np.unique(values[rows])) < 2:
        raise NotApplicable(f"two classes with {least} samples are needed, two for every fold")
    lacking = np.flatnonzero((counts > 0) & (counts < least))
    return rows, tuple(names[number] for number in lacking)


# ── the instrument ────────────────────────────────────────────────────────────────────────────


@register_instrument(
    "probes",
    title="Probes",
    summary="How well a simple model reads labels or numbers from the latents, in cross-validation "
    "and against raw samples and their principal axes.",
    source="Understanding intermediate layers using linear classifier probes (Alain & Bengio, "
    "2017)",
    config=ProbeOptions,
)
def probes(study: Study, options: ProbeOptions) -> Findings:
    """Probe the latents; every number says of which split it is."""
    with quiet():
        return _probed(question_of(study, options))


@contextmanager
def quiet() -> Iterator[None]:
    """Without scikit-learn's warnings that a search stopped early or at a bound."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _probed(asked: Question) -> Findings:
    study, own, kind = asked.study, asked.options, asked.kind
    z = study.latents[asked.rows].astype(np.float64)
    cut = split(asked.y, own.folds, own.test, kind.seed, is_number=kind.is_number)
    compared = _compared(asked)
    asked.fits = _fits(asked, cut, compared)
    asked.say("fitting the latents")
    make = partial(steps_of, kind, z.shape[1], standardise=True)
    found = validated(kind, make, z, asked.y, cut, search=own.grid_search, heard=asked.heard)
    probe, at_test = tested(kind, make, z, asked.y, cut, search=own.grid_search)
    asked.heard()
    arrays, values = _of_samples(asked, cut, found, probe, z)
    values |= _about(asked, cut, found)
    values["table"] = [_row(asked, "latents", found, cut, at_test)]
    if compared is not None:
        table, curve = _comparison(asked, compared, cut if len(compared) == len(z) else None)
        values["table"] += table
        if own.few_labels:
            values["curve"] = curve
    if own.augment and not kind.is_number:
        values["augmented"] = _augmented(asked, make, z, cut)
    arrays |= _map_of(asked, probe, z)
    values["region"] = list(region_of(study.positions))
    values["regions_of"] = "latents" if z.shape[1] == 2 else "positions"
    return Findings(arrays, values)


def _fits(asked: Question, cut: Split, compared: IntArray | None) -> int:
    """How many fits are ahead, for the bar."""
    folds, spaces = asked.options.folds, 3
    count = folds + 1
    if compared is not None:
        count += spaces * (folds + 1)
        count += spaces * folds * len(_counts(asked, len(compared)))
    return count + (folds if asked.options.augment else 0)


def _counts(asked: Question, count: int) -> tuple[int, ...]:
    """The numbers of labels of the curve; the last point is that of all, and is known."""
    own = asked.options
    if not own.few_labels:
        return ()
    most = int(count * (1 - own.test) * (1 - 1 / own.folds))
    classes = len(np.unique(asked.y)) if asked.names else 1
    return sizes(most, max(classes, own.neighbours if own.probe == "knn" else 2))


def _row(asked: Question, space: str, found: Scores, cut: Split, test: float) -> dict[str, Any]:
    """One line of the table: of which space, how many samples, and of which split."""
    error = binomial_error(test, len(cut.test)) if asked.names else None
    is_tested = math.isfinite(test)
    return {
        "space": space,
        "samples": len(cut.development) + len(cut.test),
        "validation": found.mean,
        "validation_sd": found.spread,
        "validation_error": error_of(asked.kind, found, len(cut.development)),
        "folds": found.folds.tolist(),
        "test": test if is_tested else None,
        "test_error": error if is_tested else None,
        "test_samples": len(cut.test),
    }


def _about(asked: Question, cut: Split, found: Scores) -> dict[str, Any]:
    """What a person has to know of the numbers."""
    study, own, kind = asked.study, asked.options, asked.kind
    seen = study.parts[asked.rows] == TRAIN
    chance = None if kind.is_number else float(np.bincount(asked.y).max() / len(asked.y))
    return {
        "probe": own.probe,
        "title": _title(asked),
        "target": asked.target,
        "unit": asked.unit,
        "is_number": kind.is_number,
        "class_names": list(asked.names),
        "samples": len(asked.rows),
        "of": len(study),
        "left_out": list(asked.left_out),
        "chance": 0.0 if chance is None else chance,
        "development": len(cut.development),
        "development_seen": int(seen[cut.development].sum()),
        "test": len(cut.test),
        "test_seen": int(seen[cut.test].sum()),
        "chosen": [each for each in found.chosen if each],
        "validation": found.mean,
        "validation_error": error_of(kind, found, len(cut.development)),
        "tuned": min(TUNED, len(cut.development)) if _is_least_squares(kind) else 0,
    }


def _is_least_squares(kind: Kind) -> bool:
    return kind.probe == "gaussian" and (kind.is_number or not kind.is_small)


def _title(asked: Question) -> str:
    """What is fitted, in words."""
    kind = asked.kind
    if kind.is_number and kind.probe == "logistic":
        return "Ridge regression"
    kernel = "linear kernel" if kind.kernel == "linear" else "squared-exponential kernel"
    if kind.probe == "svm":
        return f"{TITLES['svm']}, {kernel}"
    if kind.probe != "gaussian":
        return TITLES[kind.probe]
    how = " by least squares" if not kind.is_number and _is_least_squares(kind) else ""
    return f"{TITLES['gaussian']}{how}, {kernel}"


# ── samples and the map ───────────────────────────────────────────────────────────────────────


def _of_samples(
    asked: Question, cut: Split, found: Scores, probe: Fitted, z: Matrix
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Predictions of samples by a probe that was not fitted on them, and which are wrong."""
    predicted, deviation = found.predicted.copy(), found.deviation.copy()
    if len(cut.test):
        predicted[cut.test] = probe.predict(z[cut.test])
        if len(deviation):
            deviation[cut.test] = probe.deviation(z[cut.test])
    arrays: dict[str, NDArray[Any]] = {"rows": asked.rows, "predicted": predicted}
    if len(deviation):
        arrays["predicted_sd"] = deviation
    if not asked.names:
        return arrays, {"wrong": 0}
    arrays["wrong"] = asked.rows[predicted != asked.y]
    confusion = np.zeros((len(asked.names),) * 2, np.int64)
    np.add.at(confusion, (asked.y, predicted), 1)
    arrays["confusion"] = confusion
    return arrays, {"wrong": len(arrays["wrong"])}


def _map_of(asked: Question, probe: Fitted, z: Matrix) -> dict[str, NDArray[Any]]:
    """The lattice over the map, of a probe of the latents or of the positions.

    Where the latents have more than two dimensions the map has no latent at a place, so a probe of
    the map's two coordinates answers.
    """
    study, kind = asked.study, asked.kind
    asked.say("drawing the map")
    places = lattice(region_of(study.positions))
    if z.shape[1] == 2:
        own = study.positions[asked.rows].astype(np.float64)
        places = to_latents(places, own, z)
    else:
        own = study.positions[asked.rows].astype(np.float64)
        probe = fitted(kind, steps_of(kind, 2, standardise=True), own, asked.y)
    is_sure = kind.is_number and kind.probe == "gaussian"
    first = study.positions[:FIRST].astype(np.float32)
    return {**regions(probe, places, is_sure=is_sure), "first_positions": first}


# ── the comparison ────────────────────────────────────────────────────────────────────────────


def _compared(asked: Question) -> IntArray | None:
    """Places among the rows whose latents, principal axes and raw samples are compared."""
    most = asked.options.compare_most
    if not most:
        return None
    if len(asked.rows) <= most:
        return np.arange(len(asked.rows))
    places = asked.study.some(np.arange(len(asked.rows)), most)
    if asked.names:
        counts = np.bincount(asked.y[places])
        places = places[counts[asked.y[places]] >= 2 * asked.options.folds]
    return places


def _comparison(
    asked: Question, places: IntArray, cut: Split | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Lines of the table and the curves of few labels, on the same samples for all spaces."""
    study, own, kind = asked.study, asked.options, asked.kind
    y = asked.y[places]
    is_same = cut is not None
    cut = cut or split(y, own.folds, own.test, kind.seed, is_number=kind.is_number)
    counts = _counts(asked, len(places))
    table, curves = [], {}
    for space, x, make, principal in _spaces(study, kind, asked.rows[places]):
        asked.say(f"fitting {space}")
        found = validated(kind, make, x, y, cut, search=own.grid_search, heard=asked.heard)
        _, test = tested(kind, make, x, y, cut, search=own.grid_search)
        asked.heard()
        if space != "latents" or not is_same:
            table.append(_row(asked, space, found, cut, test))
        asked.say(f"fewer labels of {space}")
        plain = partial(steps_of, kind, principal, standardise=True) if principal else make
        few = few_labels(kind, plain, x, y, cut, counts, asked.heard, principal=principal)
        every = np.vstack((few, found.folds))
        curves[space] = {
            "mean": every.mean(axis=1).tolist(),
            "sd": every.std(axis=1, ddof=1).tolist(),
        }
    all_labels = len(cut.folds[0][0])
    return table, {"labels": [*counts, all_labels], "split": "validation", "spaces": curves}


def _spaces(study: Study, kind: Kind, rows: IntArray) -> Iterator[tuple[str, Matrix, Make, int]]:
    """Name, samples, pipeline and principal axes of what is compared.

    A table's features are standardised inside the fold; the values of images have one unit.
    """
    z = study.latents[rows].astype(np.float64)
    yield "latents", z, partial(steps_of, kind, z.shape[1], standardise=True), 0
    try:
        raw = study.read(rows).reshape(len(rows), -1).astype(np.float64)
    except NotApplicable:
        return
    is_table, features = not study.is_image, raw.shape[1]
    axes = min(z.shape[1], features)
    with_axes = partial(steps_of, kind, features, standardise=is_table, principal=axes)
    yield "PCA", raw, with_axes, axes
    yield "raw", raw, partial(steps_of, kind, features, standardise=is_table), 0


def _augmented(asked: Question, make: Make, z: Matrix, cut: Split) -> dict[str, Any]:
    """Validation accuracies without and with drawn latents, of few labels and of all."""
    asked.say("adding drawn latents")
    every = len(cut.folds[0][0])
    counts = (*sizes(every, 2 * len(np.unique(asked.y))), every)
    found = augmented(asked.kind, make, z, asked.y, cut, counts)
    differences = found[:, 1] - found[:, 0]
    return {
        "labels": list(counts),
        "without": found[:, 0].mean(axis=1).tolist(),
        "with": found[:, 1].mean(axis=1).tolist(),
        "difference_sd": differences.std(axis=1, ddof=1).tolist(),
        "split": "validation",
    }


# ── measures ──────────────────────────────────────────────────────────────────────────────────


def _measured(case: Case, probe: ProbeOptions) -> Measured:
    """Mean accuracy of five folds on the latents of a case."""
    if case.labels is None:
        raise NotApplicable("these samples have no labels")
    rows = np.flatnonzero(case.labels >= 0)
    names = tuple(map(str, range(int(case.labels.max(initial=-1)) + 1)))
    rows, _ = _frequent(rows, case.labels, names, 2 * probe.folds)
    x, y = _numbers(case.latents[rows]), case.labels[rows]
    kind = Kind(probe.probe, neighbours=probe.neighbours, seed=case.seed % 2**32)
    cut = split(y, probe.folds, 0.0, kind.seed, is_number=False)
    make = partial(steps_of, kind, x.shape[1], standardise=True)
    with quiet():
        found = validated(kind, make, x, y, cut)
    return Measured(found.mean, binomial_error(found.mean, len(y)))


def _numbers(latents: FloatArray) -> Matrix:
    return latents.astype(np.float64)


@register_measure(
    "probe_knn",
    title="Accuracy of k nearest neighbours",
    definition="Share of these samples whose label the 5 nearest neighbours of the standardised "
    "latents tell, mean of 5 stratified folds, each told the labels of the other four.",
)
def probe_knn(case: Case) -> Measured:
    """Accuracy of nearest neighbours in the latent space."""
    return _measured(case, ProbeOptions(probe="knn"))


@register_measure(
    "probe_logistic",
    title="Accuracy of logistic regression",
    definition="Share of these samples whose label a logistic regression of the standardised "
    "latents tells, mean of 5 stratified folds, each told the labels of the other four.",
)
def probe_logistic(case: Case) -> Measured:
    """Accuracy of a linear classifier in the latent space."""
    return _measured(case, ProbeOptions())
