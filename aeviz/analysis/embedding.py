"""Maps of a latent space that are fitted instead of projected: t-SNE and UMAP.

What fits them is imported where it is used, in the child process: both take seconds.
"""

import io
import re
import threading
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.analysis.planes import Projector, inverse_error
from aeviz.messages import FloatArray, Inverse
from aeviz.plane import NAMES, PCA, Plane, PlaneKind
from aeviz.runs.run import RunFolder

MOST = 2000
"""Latents at most that are fitted; of more a random part."""

ITERATIONS = 500
"""Steps of t-SNE; half of scikit-learn's own number, from where little changes."""

Report = Callable[[float | None, str], None]

NO_UMAP = "UMAP is an extra that is not installed: pip install 'aeviz[umap]'"


class CannotFit(ValueError):
    """There is nothing to fit, or nothing to fit it with; the message is for a person."""


def fit(path: Path, kind: PlaneKind, epoch: int, report: Report) -> dict[str, Any]:
    """Fit positions to the latents of an epoch of a run.

    Args:
        path: The run folder.
        kind: "tsne" or "umap".
        epoch: Whose latents; the nearest that are kept.
        report: Gets a share done, None where it is not known, and a phrase.

    Returns:
        `positions` (M, 2), the `latents` (M, D) they belong to, the held-out `error` of the way
        back, and the `total` of samples.

    Raises:
        CannotFit: If the latents are too few or all the same, or a package is missing.
        RunError: If the latents cannot be read.

    References:
        | Visualizing Data using t-SNE (van der Maaten & Hinton, 2008)
        | UMAP: Uniform Manifold Approximation and Projection (McInnes et al., 2018)
    """
    folder = RunFolder.open(Path(path))
    latents = folder.latents(folder.nearest_latents(epoch))
    rows = chosen_rows(len(latents))
    part = np.ascontiguousarray(latents[rows])
    if len(part) < 5 or not (part.std(axis=0) > 0).any():
        raise CannotFit(
            f"{NAMES[kind]} needs five samples or more whose latents differ; at epoch {epoch} "
            "there are none such"
        )
    report(None, f"{len(part):,} samples")
    positions = (_tsne if kind == "tsne" else _umap)(part, report)
    return {
        "positions": positions,
        "latents": part,
        "error": inverse_error(positions, part),
        "total": len(latents),
    }


def projector_of(folder: RunFolder, plane: Plane | None = None) -> Projector:
    """What lays the epochs of a run on a plane; a learned one is fitted here and now.

    Args:
        folder: The run.
        plane: Which plane; None for the one that the map shows at first.

    Raises:
        CannotFit: If it cannot be fitted.
    """
    plane = PCA if plane is None else plane
    inverse = None
    if plane.is_learned:
        epoch = folder.epochs[-1].epoch if plane.epoch < 0 else plane.epoch
        plane = replace(plane, epoch=epoch)
        inverse = Inverse(**fit(folder.path, plane.kind, epoch, _unheard))
    return Projector(plane, folder.labels, inverse)


def _unheard(fraction: float | None, phrase: str) -> None:
    """A report that nobody reads."""


def chosen_rows(count: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.int64]]:
    """All rows, or `MOST` of them at random, in rising order."""
    if count <= MOST:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MOST, replace=False))


def _tsne(latents: FloatArray, report: Report) -> FloatArray:
    from sklearn.manifold import TSNE

    fitting = TSNE(
        init="pca" if latents.shape[1] >= 2 else "random",
        perplexity=min(30.0, (len(latents) - 1) / 3),
        max_iter=ITERATIONS,
        random_state=0,
        n_jobs=1,
        verbose=2,
    )
    with redirect_stdout(_Iterations(report)):
        return np.asarray(fitting.fit_transform(latents), np.float32)


def _umap(latents: FloatArray, report: Report) -> FloatArray:
    try:
        from tqdm import tqdm
        from umap import UMAP
    except ImportError as error:
        raise CannotFit(NO_UMAP) from error
    tqdm.set_lock(threading.RLock())  # its own is one between processes, and outlives this one
    fitting = UMAP(n_neighbors=min(15, len(latents) - 1), random_state=0, n_jobs=1)
    return np.asarray(fitting.fit_transform(latents), np.float32)


class _Iterations(io.TextIOBase):
    """What t-SNE prints, read for how far it is; it has no other way to say so."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def write(self, text: str) -> int:
        """Take a line."""
        found = re.search(r"Iteration (\d+)", text)
        if found:
            self._report(int(found[1]) / ITERATIONS, f"step {found[1]} of {ITERATIONS}")
        return len(text)
