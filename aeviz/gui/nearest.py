"""The sample that lies nearest to a latent on the map of the shown epoch."""

import numpy as np
from numpy.typing import NDArray

from aeviz.gui.session import Session


def distances(session: Session, z: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Distance on the map from a latent (D,) to every shown sample, (N,).

    Samples whose labels are hidden, and positions that are not finite, are infinitely far.
    None before there is an epoch.
    """
    positions, place = session.positions, session.position_of(z)
    if positions is None or place is None or not len(positions):
        return None
    away = positions - place
    # 0.4 ms for 70,000 samples
    far = np.sqrt(np.einsum("nd,nd->n", away, away))
    far[~np.isfinite(far)] = np.inf
    run = session.run
    if session.hidden and run is not None and run.labels is not None:
        far[np.isin(run.labels, list(session.hidden))] = np.inf
    return np.asarray(far, np.float32)


def nearest_sample(session: Session, z: NDArray[np.float32]) -> tuple[int, float] | None:
    """Row and distance of the nearest sample, None where there is none."""
    far = distances(session, z)
    if far is None:
        return None
    row = int(np.argmin(far))
    return (row, float(far[row])) if np.isfinite(far[row]) else None
