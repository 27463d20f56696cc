"""A sample that a person puts in: where it lands, and how it is reconstructed."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from aeviz.analysis.questions import Findings, Subject, register_question
from aeviz.messages import FloatArray
from aeviz.models.base import Posterior


@register_question("put-in")
@torch.no_grad()
def put_in(subject: Subject, arguments: Mapping[str, Any]) -> Findings:
    """Encode a sample and decode it again.

    Arguments: `x` in the data's own units, (H, W, C) with 0 for black and the run's `white` for
    white, or (F,); `condition`, what a conditional model is told of it. Arrays: `z`, (1, D);
    `log_var`, (1, D), of a posterior; `values`, the reconstruction as a person reads it, (1, …);
    `difference` to the sample, (1, …); `error`, (1,): mean squared in the model's units; `pictures`
    of images, uint8 (1, H, W, C).
    """
    model, scale, own_units = subject.model, subject.scale, subject.own_units
    assert model is not None
    if scale is None or own_units is None:
        raise ValueError("this run does not say how its samples are scaled")
    sample = np.asarray(arguments["x"], np.float32)
    if not np.isfinite(sample).all():
        raise ValueError("a value that was put in is not finite")
    x = torch.from_numpy(scale(sample[np.newaxis]))
    told = None if subject.condition is None else subject.condition(arguments.get("condition"), 1)
    z = model.encode(x, told)
    x_hat = model.decode(z, told)
    if not bool(torch.isfinite(z).all() and torch.isfinite(x_hat).all()):
        raise ValueError("the model cannot encode this sample: its latent or decode is not finite")
    shown, own = (_last(each) for each in (x_hat, x))
    values = own_units(shown)
    arrays: dict[str, NDArray[Any]] = {
        "z": z.float().numpy(),
        "values": values,
        "difference": values - own_units(own),
        "error": ((shown - own) ** 2).reshape(1, -1).mean(axis=1),
    }
    if isinstance(cast("object", model), Posterior):
        arrays["log_var"] = cast("Posterior", model).posterior(x, told)[1].float().numpy()
    if x.ndim == 4:
        arrays["pictures"] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return Findings(arrays, {})


def _last(x: torch.Tensor) -> FloatArray:
    """Samples of a model with channels last."""
    own = x.movedim(1, -1) if x.ndim == 4 else x
    return np.ascontiguousarray(own.float().numpy())
