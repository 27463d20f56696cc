"""The density of all posteriors together, in closed form."""

import math

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import FloatArray

ROWS = 256
"""Places whose distances to all latents are held at a time."""


def log_aggregate_posterior(
    z: FloatArray, mu: FloatArray, log_var: FloatArray
) -> NDArray[np.float64]:
    """Log of q(z) = (1/N) Σ N(z; μₙ, diag σₙ²), exactly, in nats.

    Args:
        z: Places, (P, D).
        mu: Posterior means, (N, D).
        log_var: Their log-variances, (N, D).

    Returns:
        (P,).
    """
    means, logs = np.asarray(mu, np.float64), np.asarray(log_var, np.float64)
    precision = np.exp(-logs)
    constant = -0.5 * (logs.sum(axis=1) + means.shape[1] * math.log(2 * math.pi))
    parts = []
    for start in range(0, len(z), ROWS):
        places = np.asarray(z[start : start + ROWS], np.float64)
        # Σ_d (z − μ)² / σ², multiplied out: (P, N) without a (P, N, D) between
        square = places**2 @ precision.T - 2 * places @ (means * precision).T
        square += (means**2 * precision).sum(axis=1)
        log_each = constant - 0.5 * np.maximum(square, 0)
        top = log_each.max(axis=1, keepdims=True)
        parts.append(top[:, 0] + np.log(np.exp(log_each - top).mean(axis=1)))
    return np.concatenate(parts) if parts else np.empty(0)
