"""How faithful latents are to the data, as the paper of the topological autoencoder measures it."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import from_numpy, no_grad

from aeviz.analysis.instruments import Study, register_instrument
from aeviz.analysis.measures import NotApplicable
from aeviz.analysis.quality import BENCHMARK_NEIGHBOURS, SIGMAS, Matrix, Quality, quality
from aeviz.analysis.questions import Findings
from aeviz.messages import IntArray
from aeviz.models.options import FORBID_EXTRA

BLOCKS = 8
"""Parts of the chosen samples whose spread tells the error of choosing."""

LEAST_BLOCK = 40
"""Samples that such a part has at least."""


@dataclass(config=FORBID_EXTRA, frozen=True)
class FaithfulnessOptions:
    """What is compared."""

    part: Annotated[
        Literal["validation", "train", "all"],
        Field(title="Samples", description="Which part of the run's samples is compared"),
    ] = "validation"
    most: Annotated[
        int,
        Field(
            ge=50,
            le=1_000_000,
            title="Samples at most",
            description="Of more, so many are chosen at random; the work grows with their square",
        ),
    ] = 5_000
    neighbours: Annotated[
        int,
        Field(
            ge=0,
            le=1_000,
            title="Neighbours",
            description="k of the neighbourhoods; 0 averages over 10, 20, … 200 as the paper does",
        ),
    ] = 0


@register_instrument(
    "faithfulness",
    title="Faithfulness",
    summary="How well latents keep the neighbours, ranks, densities and distances of the data.",
    source="Moor, Horn, Rieck & Borgwardt, 2020, https://arxiv.org/abs/1906.00722",
    config=FaithfulnessOptions,
)
def faithfulness(study: Study, options: FaithfulnessOptions) -> Findings:
    """Measures of samples against latents, and every sample's trustworthiness and continuity.

    Arrays: `rows` (N,), `trustworthiness` and `continuity` of each (N,). Values: every measure by
    its name, with NAME_error, the standard error of choosing the samples at random (None where too
    few were chosen, 0 where all were); `samples`, `of`, `part`, `neighbours` (least and largest k).

    Raises:
        NotApplicable: If there are too few samples.
    """
    of = study.rows(options.part)
    rows = study.some(of, options.most)
    ks = neighbours_of(len(rows), options.neighbours)
    study.report(0.0, "reading samples")
    x = study.read(rows).reshape(len(rows), -1).astype(np.float64)
    z = study.latents[rows].astype(np.float64)
    found = quality(x, z, ks, _share(study, 0.85))
    errors = sampling_errors(x, z, ks, len(of))
    study.report(0.98, "reconstructing samples")
    data_mse = reconstruction_error(study, rows)
    own: dict[str, Any] = {**figures_of(found), **data_mse}
    return Findings(
        {
            "rows": rows,
            "trustworthiness": found.trustworthiness_each,
            "continuity": found.continuity_each,
        },
        {
            **own,
            **{f"{name}_error": error for name, error in errors.items()},
            "samples": len(rows),
            "of": len(of),
            "part": options.part,
            "neighbours": [min(ks), max(ks)],
        },
    )


def figures_of(found: Quality) -> dict[str, float]:
    """The measures by their names, means over the k."""
    return {
        "trustworthiness": float(found.trustworthiness.mean()),
        "continuity": float(found.continuity.mean()),
        "mrre": found.rank_error,
        **{f"kl_{sigma:g}": value for sigma, value in found.density_kl.items()},
        "rmse": found.distance_rmse,
    }


def neighbours_of(count: int, chosen: int = 0) -> tuple[int, ...]:
    """The k that are averaged over: those of the paper as far as the samples allow, or one.

    Raises:
        NotApplicable: If the samples are too few for any.
    """
    wanted = (chosen,) if chosen else BENCHMARK_NEIGHBOURS
    possible = tuple(k for k in wanted if k < count / 2)
    if not possible:
        least = 2 * min(wanted)
        raise NotApplicable(f"{min(wanted)} neighbours need more than {least} samples")
    return possible


def sampling_errors(
    x: Matrix, z: Matrix, neighbours: tuple[int, ...], of: int
) -> dict[str, float | None]:
    """Standard error of each measure that choosing these samples (N, F) at random causes.

    The samples are cut into blocks at random and every block is measured by itself, with k made
    smaller by the same factor: the standard deviation over the blocks divided by the root of their
    number, and by that of a finite population of `of` samples.
    """
    names = ("trustworthiness", "continuity", "mrre", *(f"kl_{s:g}" for s in SIGMAS), "rmse")
    count = len(x)
    if of <= count:
        return dict.fromkeys(names, 0.0)
    if count < BLOCKS * LEAST_BLOCK:
        return dict.fromkeys(names, None)
    ks = tuple(sorted({max(1, round(k / BLOCKS)) for k in neighbours}))
    order = np.random.default_rng(0).permutation(count)
    blocks = [order[number::BLOCKS] for number in range(BLOCKS)]
    found = [figures_of(quality(x[block], z[block], ks)) for block in blocks]
    left = math.sqrt(1 - count / of)
    return {
        name: left * float(np.std([each[name] for each in found], ddof=1)) / math.sqrt(BLOCKS)
        for name in names
    }


@no_grad()
def reconstruction_error(study: Study, rows: IntArray) -> dict[str, float | None]:
    """Mean squared error per feature of decode(encode(x)) with its standard error over samples.

    Of images, `data_mse` has them in [-1, 1] as the paper has: four times that in [0, 1].
    """
    try:
        model = study.make_model()
    except NotApplicable:
        return {"data_mse": None, "data_mse_error": None}
    errors = []
    for part in np.array_split(rows, max(1, math.ceil(len(rows) / 1024))):
        x, told = from_numpy(np.ascontiguousarray(study.read(part))), study.tell(part)
        error = (model.decode(model.encode(x, told), told) - x).flatten(1).square().mean(dim=1)
        errors.append(error.double().numpy())
    each = np.concatenate(errors) * (4.0 if study.is_image else 1.0)
    return {
        "data_mse": float(each.mean()),
        "data_mse_error": float(each.std(ddof=1)) / math.sqrt(len(each)),
    }


def _share(study: Study, most: float) -> Any:
    def told(share: float) -> None:
        study.report(most * share, "comparing neighbours")

    return told
