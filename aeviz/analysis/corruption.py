"""Clean samples, the same ones spoilt as in training, and what the model restores of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray
from aeviz.models.base import Corrupting


@register_question("corruption")
def _corruption(subject: Subject, arguments: Mapping[str, Any]) -> Findings:
    """Spoil the samples `rows` with the live weights `weights` and the seed `seed`; restore them.

    Returns arrays "clean", "noisy" and "restored" as a person reads them, (K, H, W, C) with 0 for
    black and 1 for white or (K, F); "noise" and "error" are the mean squared differences of the
    spoilt and the restored sample from the clean one, per feature in the model's units, (K,).
    """
    model = subject.model
    if model is None or subject.samples is None or not isinstance(model, Corrupting):
        raise ValueError("this run's model does not learn from spoilt samples")
    rows = np.asarray(arguments["rows"], np.int64)
    x = torch.tensor(subject.samples(rows))
    generator = torch.Generator().manual_seed(int(arguments.get("seed", 0)))
    with torch.no_grad():
        noisy = model.corrupt(x, generator, dict(arguments.get("weights", {})))
        restored = model.decode(model.encode(noisy))
    shown = {"clean": x, "noisy": noisy, "restored": restored}
    arrays: dict[str, NDArray[Any]] = {
        name: _as_read(subject, values) for name, values in shown.items()
    }
    arrays["noise"], arrays["error"] = _distance(noisy, x), _distance(restored, x)
    return Findings(arrays, {"rows": rows.tolist()})


def _as_read(subject: Subject, x: Tensor) -> FloatArray:
    scaled = x.permute(0, 2, 3, 1) if x.ndim == 4 else x
    array = np.ascontiguousarray(scaled.float().numpy())
    return array if subject.own_units is None else subject.own_units(array)


def _distance(x: Tensor, clean: Tensor) -> FloatArray:
    difference = (x - clean).flatten(1)
    return np.array(difference.square().mean(dim=1).float().numpy())
