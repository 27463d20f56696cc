"""Weights of other programs: safetensors, and what `torch.save` wrote, read in a fenced child.

Of a file of `torch.save` only tensors and plain values are taken (`weights_only`). Even so it is
not let into this process: a forged one can bring a library down, or ask for more memory than there
is. What comes back is one array of bytes and what it means.
"""

import math
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor

from aeviz.data.apart import Limits, read_apart
from aeviz.data.dataset import DataError
from aeviz.data.reader import Sink

LIMITS = Limits(memory=6 * 2**30, cpu_seconds=600, seconds=120.0, output=16 * 2**30)
MOST_BYTES = 8 * 2**30
"""Bytes of weights at most."""

MOST_UNPACKED = 8
"""How many times its size a file of weights may be once it is unpacked."""

STATES = ("state_dict", "model_state_dict", "model")
"""Where a checkpoint keeps the weights beside other things."""

_SAID = 20
_LONGEST = 80


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The weights in a file, by name, and the hyper-parameters that stand beside them, as words.

    Args:
        path: Safetensors, or a state dict or checkpoint of `torch.save`, such as Lightning's.

    Raises:
        DataError: If it is none, is damaged, or holds what could run a program.
    """
    try:
        with path.open("rb") as file:
            head = file.read(9)
        if path.suffix == ".safetensors" or (len(head) == 9 and head[8:] == b"{"):
            if path.stat().st_size > MOST_BYTES:
                raise DataError(f"{path} is larger than {MOST_BYTES / 2**30:.0f} GB")
            return dict(load_safetensors(path.read_bytes())), {}
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise DataError(f"{path} is no safetensors file that can be read: {error}") from error
    found = read_apart(f"{__name__}:read", path, {}, lambda *_: None, LIMITS)
    content = found.arrays["weights"].tobytes() if found.facts["tensors"] else b""
    weights, at = {}, 0
    for name, kind, shape in found.facts["tensors"]:
        dtype = np.dtype(kind)
        size = math.prod(shape) * dtype.itemsize
        values = np.frombuffer(content, dtype, math.prod(shape), at).reshape(shape)
        weights[str(name)] = torch.from_numpy(values.copy())
        at += size
    return weights, {str(name): str(value) for name, value in found.facts["hyper"].items()}


def read(path: Path, options: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Runs in the child; see `read_weights`."""
    torch.sparse.check_sparse_tensor_invariants.enable()  # type: ignore[no-untyped-call]
    _refuse_bomb(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DataError(_why_not(error)) from error
    state = _state_of(content)
    arrays = {name: _array(name, value) for name, value in state.items()}
    total = sum(array.nbytes for array in arrays.values())
    if total > MOST_BYTES:
        raise DataError(
            f"it holds {total / 2**30:.1f} GB of weights: {MOST_BYTES / 2**30:.0f} GB "
            "at most are read"
        )
    if total:
        whole = sink.array("weights", (total,), np.uint8)
        at = 0
        for array in arrays.values():
            flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            whole[at : at + len(flat)] = flat
            at += len(flat)
    kept = [
        [name, array.dtype.str, list(array.shape)] for name, array in arrays.items() if array.nbytes
    ]
    return {"tensors": kept, "hyper": _hyper(content)}


def _refuse_bomb(path: Path) -> None:
    """Refuse an archive that unpacks to much more than it is: torch packs nothing."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        total = sum(entry.file_size for entry in archive.infolist())
    if total > MOST_UNPACKED * path.stat().st_size:
        raise DataError(f"unpacks to {total / 2**20:,.0f} MB: no program saves weights so")


def _why_not(error: Exception) -> str:
    """What a refused pickle wanted, without the advice to let it."""
    words = " ".join(str(error).split())
    _, _, wanted = words.partition("GLOBAL ")
    what = f" ({wanted.split()[0]})" if wanted else ""
    return (
        f"holds objects beside tensors{what}, which could run any program when opened: save its "
        "weights alone, with torch.save(model.state_dict(), FILE) or as safetensors"
    )


def _state_of(content: Any) -> dict[str, Tensor]:
    """The tensors by name, of a state dict or a checkpoint."""
    if isinstance(content, Mapping):
        inner = next(
            (content[key] for key in STATES if isinstance(content.get(key), Mapping)), None
        )
        state = {
            str(name): value
            for name, value in (content if inner is None else inner).items()
            if isinstance(value, Tensor)
        }
        if state:
            return state
    raise DataError("holds no weights by name: save them with torch.save(model.state_dict(), FILE)")


def _array(name: str, value: Tensor) -> "np.ndarray[Any, Any]":
    """A tensor as an array, once it is sure that it holds what it declares."""
    if value.layout != torch.strided or value.is_quantized or value.device.type == "meta":
        raise DataError(f"{name} is no plain tensor ({value.layout}): save it as a dense one")
    held = value.untyped_storage().nbytes()
    if value.numel() * value.element_size() > held:
        raise DataError(
            f"{name} declares {value.numel():,} values, and the file holds "
            f"{held // max(1, value.element_size()):,}"
        )
    plain = value.detach()
    if plain.dtype == torch.bfloat16:
        plain = plain.float()
    found: np.ndarray[Any, Any] = plain.numpy()
    return found


def _hyper(content: Any) -> dict[str, str]:
    """Plain hyper-parameters of a Lightning checkpoint, shortened."""
    given = content.get("hyper_parameters") if isinstance(content, Mapping) else None
    if not isinstance(given, Mapping):
        return {}
    return {str(name): str(value)[:_LONGEST] for name, value in [*given.items()][:_SAID]}
