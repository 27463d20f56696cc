"""Simulated single cells: counts of 400 genes in cells of five types, library sizes known."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.catalogue import Option
from aeviz.data.dataset import Column, Dataset, Reporter, register_dataset, unscaled
from aeviz.data.options import SEED, number

SOURCE = (
    "Simulated: negative binomial counts as in Lopez et al., 2018, doi:10.1038/s41592-018-0229-2"
)
GENES = 400
TYPES = ("type A", "type B", "type C", "type D", "type E")
BATCHES = ("batch 1", "batch 2")
MARKERS = 40
"""Genes by which each type differs."""

MEDIAN_SIZE = 2000.0
"""Median of the expected counts of a cell."""

SIZE_SPREAD = 0.5
"""Standard deviation of the logarithm of the expected counts of a cell."""

SAMPLES = Option(
    name="samples",
    title="Cells",
    description="How many cells are drawn",
    kind="int",
    default=5000,
    low=2,
    high=200_000,
)
DISPERSION = Option(
    name="dispersion",
    title="Inverse dispersion",
    description="θ of the negative binomial: a count of mean μ has variance μ + μ²/θ",
    kind="float",
    default=2.0,
    low=0.01,
    high=1000.0,
)
BATCH_EFFECT = Option(
    name="batch_effect",
    title="Batch effect",
    description="Standard deviation of the logarithm by which a gene differs between the batches; "
    "0 makes them alike",
    kind="float",
    default=0.3,
    low=0.0,
    high=5.0,
)


@register_dataset(
    "cells",
    title="Simulated cells",
    summary="Counts of 400 genes in cells of five types and two batches, with library sizes that "
    "vary.",
    source=SOURCE,
    kind="table",
    shape=(GENES,),
    options=(SAMPLES, DISPERSION, BATCH_EFFECT, SEED),
)
def load_cells(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw float32 (N, 400) of whole numbers; a model sees the counts as they are.

    Gene g has the base log a_g ~ N(0, 1). In each of five types 40 genes have a further
    d ~ N(0, 1.5²), in the second batch every gene a further e ~ N(0, batch_effect²). The shares
    π of a cell of type k and batch b are the softmax of a + d_k + e_b. Type and batch are drawn
    uniformly, the expected size l of a cell log-normally, ln l ~ N(ln 2000, 0.5²). A count is
    negative binomial with the mean μ = l π and the variance μ + μ²/θ.
    """
    drawn = _draw(
        np.random.RandomState(int(number(options, SEED))),
        int(number(options, SAMPLES)),
        number(options, DISPERSION),
        number(options, BATCH_EFFECT),
    )
    totals = drawn.counts.sum(axis=1, dtype=np.float64).astype(np.float32)
    return Dataset(
        name="cells",
        title="Simulated cells",
        samples=drawn.counts,
        scaling=unscaled("counts"),
        labels=drawn.types,
        class_names=TYPES,
        feature_names=tuple(f"gene {number_ + 1}" for number_ in range(GENES)),
        source=SOURCE,
        licence="None needed: computed",
        columns=(
            Column("batch", drawn.batches, names=BATCHES, is_factor=True),
            Column("library size", totals, unit="counts"),
        ),
    )


@dataclass(frozen=True, eq=False)
class _Cells:
    """Counts float32 (N, 400), types int64 (N,), batches int64 (N,)."""

    counts: NDArray[np.float32]
    types: NDArray[np.int64]
    batches: NDArray[np.int64]


def _draw(
    generator: np.random.RandomState, cells: int, dispersion: float, batch_effect: float
) -> _Cells:
    shares = _shares(generator, batch_effect)
    types = generator.randint(len(TYPES), size=cells, dtype=np.int64)
    batches = generator.randint(len(BATCHES), size=cells, dtype=np.int64)
    sizes = np.exp(generator.normal(np.log(MEDIAN_SIZE), SIZE_SPREAD, size=cells))
    means = sizes[:, np.newaxis] * shares[types, batches]
    # a Poisson count whose rate is gamma distributed is negative binomial
    rates = generator.standard_gamma(dispersion, size=means.shape) * (means / dispersion)
    return _Cells(generator.poisson(rates).astype(np.float32), types, batches)


def _shares(generator: np.random.RandomState, batch_effect: float) -> NDArray[np.float64]:
    """Share of every gene by type and batch, (5, 2, 400)."""
    logs = np.zeros((len(TYPES), len(BATCHES), GENES))
    logs += generator.normal(size=GENES)
    for kind in range(len(TYPES)):
        markers = generator.permutation(GENES)[:MARKERS]
        logs[kind][:, markers] += generator.normal(scale=1.5, size=MARKERS)
    logs[:, 1] += batch_effect * generator.normal(size=GENES)
    powers = np.exp(logs)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
