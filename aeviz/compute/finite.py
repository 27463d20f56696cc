"""Whether gradients and weights are numbers still; looked at seldom, since it waits for them."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from aeviz.compute.tally import TrainingDiverged
from aeviz.compute.world import World


def refuse_gradients(model: nn.Module, world: World, epoch: int, step: int) -> None:
    """Raise `TrainingDiverged`, naming the parameter, if a gradient is not finite."""
    found = [(name, own.grad) for name, own in model.named_parameters() if own.grad is not None]
    parts = {f"the gradient of {name}": world.own_part(grad) for name, grad in found}
    _refuse(parts, epoch, step)


def refuse_weights(weights: Mapping[str, Tensor], epoch: int, step: int) -> None:
    """Raise `TrainingDiverged`, naming it, if a weight is not finite."""
    floats = {name: value for name, value in weights.items() if value.is_floating_point()}
    _refuse({f"the weight {name}": value for name, value in floats.items()}, epoch, step)


def _refuse(every: Mapping[str, Tensor], epoch: int, step: int) -> None:
    tensors = {name: tensor for name, tensor in every.items() if tensor.numel()}
    if not tensors or _have_finite_sums(tensors.values()):
        return
    # the largest magnitude of each: NaN and infinity come through, and nothing overflows
    largest = torch.stack(torch._foreach_norm(list(tensors.values()), float("inf"))).tolist()
    for name, value in zip(tensors, largest, strict=True):
        if not abs(value) < float("inf"):
            raise TrainingDiverged(epoch, step, name)


def _have_finite_sums(tensors: Collection[Tensor]) -> bool:
    """Whether tensors on the CPU are finite, as their sums say: far quicker than a maximum.

    False where it is not known: a sum can overflow, and on a device one call for all is quicker.
    """
    if any(tensor.device.type != "cpu" for tensor in tensors):
        return False
    return bool(torch.stack([tensor.sum() for tensor in tensors]).isfinite().all())
