"""A model divided over the ranks: each holds a part of weights, gradients and optimiser state.

Layers are put together only while they compute. What is measured, saved and shown is a whole copy,
brought together on rank 0 between two steps.
"""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer

from aeviz.compute.settings import SettingsError
from aeviz.models.base import Codebook, LatentModel, Staged
from aeviz.runs.schema import TrainConfig

if TYPE_CHECKING:
    from aeviz.compute.training import Training

DEVICES = ("cuda",)
"""Where it is worth its price; elsewhere the memory of one process is that of all."""

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Embedding)
"""What is divided piece by piece; whatever else has weights is divided with the whole."""

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)

OptimiserState = dict[int, dict[str, Tensor]]


def refuse_unsuited(model: LatentModel, config: TrainConfig, device: str, precision: str) -> None:
    """Raise SettingsError where a divided model could not be trained as asked."""
    reasons = {
        f"it needs CUDA devices, and this is {device}": device not in DEVICES,
        "a model that trains in stages stays whole": isinstance(model, Staged),
        "a codebook that follows its samples stays whole": isinstance(model, Codebook),
        "batch normalisation keeps running statistics of whole batches": _has_statistics(model),
        "averaged weights (train.ema) need whole ones": config.ema > 0,
        "early stopping (train.patience) keeps whole weights": config.patience > 0,
        "train.precision=fp16 scales gradients as a whole; use bf16": precision == "fp16",
    }
    found = [reason for reason, is_so in reasons.items() if is_so]
    if found:
        raise SettingsError(f"train.strategy=fsdp: {found[0]}; use train.strategy=ddp")


class Shards:
    """A divided model, and its whole copy on rank 0.

    Args:
        model: Is divided in place.
        loss: The module whose forward pass is the loss of `model`.
        device: "cuda", "cpu".
        size: Number of ranks.
        is_first: Whether this rank measures.
    """

    def __init__(
        self, model: LatentModel, loss: nn.Module, device: str, size: int, is_first: bool
    ) -> None:
        self.loss = loss
        self.measured = copy.deepcopy(model).requires_grad_(False) if is_first else model
        self.model_state: dict[str, Tensor] = {}
        self.optimiser_state: OptimiserState = {}
        mesh = init_device_mesh(device, (size,))
        for module in model.modules():
            if isinstance(module, LAYERS):
                fully_shard(module, mesh=mesh)
        fully_shard(loss, mesh=mesh)

    def gather(self, training: "Training") -> None:
        """Bring weights and optimiser together on rank 0. All ranks call it."""
        model = training.model
        whole: dict[str, Any] = get_model_state_dict(model, options=WHOLE)
        states = self._gathered(model, training.optimiser)
        if not whole:  # all but rank 0
            return
        self.model_state = dict(whole)
        self.measured.load_state_dict(self.model_state)
        names = [name for name, _ in model.named_parameters()]
        self.optimiser_state = {
            number: dict(states[name]) for number, name in enumerate(names) if name in states
        }

    def _gathered(self, model: nn.Module, optimiser: Optimizer) -> dict[str, Any]:
        """The whole state of the optimiser, by name of the parameter."""
        if not optimiser.state:
            # torch would do a step without a gradient to make one, and that step would count.
            return {}
        found: dict[str, Any] = dict(get_optimizer_state_dict(model, optimiser, options=WHOLE))
        return dict(found.get("state", {}))  # rank 0 alone has it


@torch.no_grad()
def place_model(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give this rank its part of whole weights that every rank has read by itself.

    Raises:
        ValueError: If they are another model's.
    """
    parts = model.state_dict()
    if parts.keys() != tensors.keys():
        raise ValueError("its weights are another model's")
    for name, part in parts.items():
        part.copy_(placed(tensors[name], part))


def placed(value: Tensor, part: Tensor) -> Tensor:
    """This rank's part of a tensor that belongs to a parameter, cut out without the others."""
    if not isinstance(part, DTensor) or value.shape != part.shape:
        return value
    there = value.to(part.device)
    return distribute_tensor(there, part.device_mesh, part.placements, src_data_rank=None)


def own_part(tensor: Tensor) -> Tensor:
    """What this rank holds of a gradient."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def _has_statistics(model: nn.Module) -> bool:
    return any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in model.modules())
