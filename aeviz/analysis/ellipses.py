"""Posteriors of shown samples on the map: where their latents may lie."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.analysis.traversal import ROWS, posteriors
from aeviz.messages import FloatArray
from aeviz.models.base import Posterior


@register_question("posteriors")
def posteriors_of(subject: Subject, arguments: Mapping[str, Any]) -> Iterator[Findings | None]:
    """Posteriors of shown samples, and their ellipses on the map.

    Arguments: `rows` of samples; above two dimensions `axes` of the map. Rows that the run keeps no
    sample of are left out. Arrays: `rows` that were answered, `mu` and `log_var`, both (K, D), and
    `ellipses` (K, 3): longer and shorter half axis, and the angle of the longer one in radians, of
    the one-sigma ellipse of the posterior projected onto the map. Values: `left_out`: how many rows
    had no sample.
    """
    model: object = subject.model
    if not isinstance(model, Posterior):
        raise ValueError("this model is deterministic: a sample has one latent and no posterior")
    asked = np.asarray(arguments["rows"], np.int64)
    rows = asked[(asked >= 0) & (asked < subject.kept)]
    if subject.samples is None or not len(rows):
        raise ValueError("this run keeps no sample whose posterior could be drawn")
    found = []
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        told = None if subject.told is None else subject.told(part)
        found.append(posteriors(model, torch.from_numpy(subject.samples(part)), told))
        if start + ROWS < len(rows):
            yield None
    mu, log_var = (np.concatenate(each) for each in zip(*found, strict=True))
    axes = np.asarray(arguments.get("axes", np.eye(mu.shape[1], 2)), np.float64)
    arrays = {"rows": rows, "mu": mu, "log_var": log_var, "ellipses": ellipses(log_var, axes)}
    yield Findings(arrays, {"left_out": len(asked) - len(rows)})


def ellipses(log_var: FloatArray, axes: NDArray[np.floating]) -> FloatArray:
    """One-sigma ellipses of Gaussians projected onto a plane.

    Args:
        log_var: Log-variances along the latent dimensions, (N, D).
        axes: Of the plane, (D, 2).

    Returns:
        (N, 3): the longer and the shorter half axis, and the angle of the longer one in radians.

    Example:
        >>> ellipses(np.log([[0.25, 4.0]]), np.eye(2)).round(3).tolist()
        [[2.0, 0.5, 1.571]]
    """
    onto = np.linalg.pinv(axes)
    spread = np.einsum("id,nd,jd->nij", onto, np.exp(np.asarray(log_var, np.float64)), onto)
    squares, directions = np.linalg.eigh(spread)
    halves = np.sqrt(np.maximum(squares[:, ::-1], 0.0))
    angle = np.arctan2(directions[:, 1, 1], directions[:, 0, 1]) % np.pi
    return np.column_stack([halves, angle]).astype(np.float32)
