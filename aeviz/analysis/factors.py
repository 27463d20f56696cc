"""The instrument of disentanglement: the table of factors by dimensions, and its scores."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from aeviz.analysis import disentanglement as d
from aeviz.analysis import factor_scores as scores
from aeviz.analysis.instruments import Study, register_instrument
from aeviz.analysis.questions import Findings
from aeviz.data.dataset import Column
from aeviz.messages import FloatArray, IntArray
from aeviz.models.options import FORBID_EXTRA


@dataclass(config=FORBID_EXTRA, frozen=True)
class DisentanglementConfig:
    """Options of the instrument."""

    part: Annotated[
        Literal["validation", "train", "all"],
        Field(title="Samples", description="Of which part the samples are"),
    ] = "validation"
    most: Annotated[
        int,
        Field(
            ge=100,
            le=100_000,
            title="At most",
            description="Samples at most, chosen at random; the work of MIG grows with their "
            "square where the model has a posterior",
        ),
    ] = d.MOST_SAMPLES


@register_instrument(
    "disentanglement",
    title="Disentanglement",
    summary="Whether each latent dimension stands for one factor that the samples come from.",
    source="Chen et al., 2018 (MIG); Eastwood & Williams, 2018 (DCI); Kumar et al., 2018 (SAP); "
    "Ridgeway & Mozer, 2018 (modularity); Kim & Mnih, 2018 (FactorVAE); Higgins et al., 2017 "
    "(β-VAE)",
    config=DisentanglementConfig,
)
@torch.no_grad()
def disentangled(study: Study, options: DisentanglementConfig) -> Findings:
    """Put every score to the samples.

    Returns:
        Arrays, all (D, K): `information`, I(z_d; v_k) as a share of the factor's entropy;
        `importance` for a random forest that predicts the factor; `predictability` by the dimension
        alone. Values: `factors`, their names; the scores `mig`, `dci`, `completeness`,
        `informativeness`, `sap`, `modularity`, `factor_vae_score`, `beta_vae_score`, None for those
        that need two factors where there is one; `informed`, how well each factor is predicted;
        `chance` of the last two, and NAME_error for them; `samples`, `of` how many, `part`.

    Raises:
        NotApplicable: If no factors are known of these samples, or the samples are gone.
    """
    everyone = study.rows(options.part)
    study.report(None, "reading the samples")
    case = study.case(study.some(everyone, options.most), options.part)
    columns = d.factors_of(case)
    factors = [d.choices_of(column.values) for column in columns]
    study.report(0.05, "mutual information")
    entropies = np.array([d.entropy(choices) for choices in factors])
    information = d.information_of(case, torch.arange(len(case)), factors) / entropies
    importance, informed = _forests(study, case.latents, columns)
    study.report(0.85, "separate predictions")
    alone = d.predictabilities(case.latents, columns, np.arange(len(case)))
    values: dict[str, Any] = {
        "factors": [column.name for column in columns],
        "mig": d.mean_gap(information),
        "sap": d.mean_gap(alone),
        "completeness": d.completeness(importance),
        "informativeness": float(np.mean(informed)),
        "informed": informed,
        "samples": len(case),
        "of": len(everyone),
        "part": options.part,
    }
    study.report(0.9, "votes")
    values |= _of_several(study, case.latents, factors, importance)
    tables = {"information": information, "importance": importance, "predictability": alone}
    return Findings({name: table.astype(np.float32) for name, table in tables.items()}, values)


def _forests(
    study: Study, z: FloatArray, columns: Sequence[Column]
) -> tuple[NDArray[np.float64], list[float]]:
    """Importances (D, K), and how well each factor is predicted."""
    found = []
    for number, own in enumerate(columns):
        study.report(0.4 + 0.45 * number / len(columns), f"a forest for {own.name}")
        found.append(d.importance(z, own.values, study.seed, is_choice=own.is_choice))
    return np.stack([each for each, _ in found], axis=1), [score for _, score in found]


def _of_several(
    study: Study, z: FloatArray, factors: Sequence[IntArray], importance: NDArray[np.float64]
) -> dict[str, float | None]:
    """The scores that compare factors with one another; None of one factor alone."""
    names = ("dci", "modularity", "factor_vae_score", "beta_vae_score", "chance")
    if len(factors) < 2:
        return dict.fromkeys(names)
    votes = scores.factor_vae_score(scores.Held(z, factors, study.seed), len(factors))
    told = scores.beta_vae_score(scores.Held(z, factors, study.seed))
    modular = scores.modularity(scores.entropy_shares(z, factors))
    found = (d.disentanglement(importance), modular, votes, told, 1 / len(factors))
    errors = {"factor_vae_score_error": votes, "beta_vae_score_error": told}
    return {
        **dict(zip(names, found, strict=True)),
        **{name: scores.error_of(share) for name, share in errors.items()},
    }
