"""The sample that lies nearest to a latent on the map of the shown epoch."""

import numpy as np
from numpy.typing import NDArray

from aeviz.gui.session import Session


def distances(session: Session, z: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Distance on the map from a latent (D,) to every shown sample, (N,).

    Samples that are hidden, and positions that are not finite, are infinitely far.
    None before there is an epoch.
    """
    positions, place = session.positions, session.position_of(z)
    if positions is None or place is None or not len(positions):
        return None
    away = positions - place
    # 0.4 ms for 70,000 samples
    far = np.sqrt(np.einsum("nd,nd->n", away, away))
    far[~np.isfinite(far)] = np.inf
    if session.hidden or session.masked is not None:
        far[~session.is_shown] = np.inf
    return np.asarray(far, np.float32)


def nearest_samples(
    session: Session, z: NDArray[np.float32], count: int
) -> list[tuple[int, float]]:
    """Rows and distances of the nearest samples, the nearest first; fewer where there are fewer."""
    far = distances(session, z)
    if far is None:
        return []
    near = np.argpartition(far, min(count, len(far)) - 1)[:count]
    near = near[np.argsort(far[near], kind="stable")]
    return [(int(row), float(far[row])) for row in near if np.isfinite(far[row])]
