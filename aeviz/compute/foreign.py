"""Models of other people: a Python file with its weights, ONNX files, packages of torch.export.

A Python file says how its model encodes and decodes in one of these ways:

- functions `encode(x)` and `decode(z)`;
- modules or functions `encoder` and `decoder`;
- a function `load(weights)` that gives both, from a state dict (a mapping of names to tensors) or
  None where no file of weights was named.

A package of torch.export and a Python file are programs: whoever names one lets it run.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aeviz.compute import plugin_file
from aeviz.compute.foreign_weights import read_weights
from aeviz.compute.onnx_model import load_onnx
from aeviz.compute.own_model import Function, OwnModelError

PREFIXES = ("model.", "module.", "net.", "network.", "autoencoder.", "vae.", "_orig_mod.")
"""What wrappers put before the names of weights: Lightning, DataParallel, torch.compile."""

MOST_LINES = 20

Pair = tuple[Function, Function]
Say = Callable[[str], None]


def load_model(files: Sequence[Path], weights: Path | None, say: Say) -> Pair:
    """Encoder and decoder from files.

    Args:
        files: One Python file, or encoder and decoder as ONNX files or packages of torch.export.
        weights: For the Python file; None without.
        say: Told what was done with the weights.

    Raises:
        OwnModelError: If files are missing, or do not give both.
        PluginError: If the Python file fails, with its line.
        DataError: If the weights cannot be read.
    """
    if len(files) == 1 and files[0].suffix == ".py":
        return _from_python(files[0], weights, say)
    if weights is not None:
        raise OwnModelError("weights go with a Python file; other files hold their own")
    if len(files) != 2:
        raise OwnModelError(
            "name one Python file, or two files: the encoder and the decoder, as .onnx or .pt2"
        )
    return _network(files[0]), _network(files[1])


def _network(path: Path) -> Function:
    if path.suffix == ".onnx":
        return load_onnx(path)
    if path.suffix != ".pt2":
        raise OwnModelError(f"{path}: an encoder or decoder is a file .onnx or .pt2, or both .py")
    try:
        return torch.export.load(path).module()
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise OwnModelError(f"{path} is no package of torch.export: {reason}") from error


def _from_python(path: Path, weights: Path | None, say: Say) -> Pair:
    source = plugin_file.read(path)
    plugin_file.run(source)
    module = sys.modules[plugin_file.module_name(source)]
    state: dict[str, Tensor] | None = None
    if weights is not None:
        state, hyper = read_weights(weights)
        for name, value in hyper.items():
            say(f"{weights.name}: {name} = {value}")
    load = getattr(module, "load", None)
    if callable(load):
        return _pair(path, _loaded(path, load, state, weights, say))
    if state is not None:
        raise OwnModelError(f"{path} has no function load(weights), so that weights go nowhere")
    for names in (("encode", "decode"), ("encoder", "decoder")):
        found = tuple(getattr(module, name, None) for name in names)
        if all(map(callable, found)):
            return _pair(path, found)
    raise OwnModelError(
        f"{path}: it should have functions encode(x) and decode(z), or modules encoder and "
        "decoder, or a function load(weights) that gives both"
    )


def _pair(path: Path, found: Any) -> Pair:
    if not isinstance(found, tuple | list) or len(found) != 2 or not all(map(callable, found)):
        raise OwnModelError(f"{path}: load(weights) should return encoder and decoder")
    return found[0], found[1]


def _loaded(
    path: Path,
    load: Callable[[dict[str, Tensor] | None], Any],
    state: dict[str, Tensor] | None,
    weights: Path | None,
    say: Say,
) -> Any:
    """What `load` gives; where names do not fit, those without the usual prefixes are tried."""
    first: RuntimeError | None = None
    for prefix, tried in _candidates(state):
        try:
            found = load(tried)
        except RuntimeError as error:
            if state is None or "state_dict" not in str(error):
                raise OwnModelError(plugin_file.complaint(str(path), error)) from error
            first = first or error
        except Exception as error:
            raise OwnModelError(plugin_file.complaint(str(path), error)) from error
        else:
            if prefix and weights is not None:
                say(f"{weights.name}: {prefix!r} was taken from the names of its weights")
            return found
    raise OwnModelError(f"{weights}: {difference(str(first))}") from first


def _candidates(
    state: dict[str, Tensor] | None,
) -> list[tuple[str, dict[str, Tensor] | None]]:
    """The weights as they are, then with each usual prefix taken off."""
    found: list[tuple[str, dict[str, Tensor] | None]] = [("", state)]
    for prefix in PREFIXES if state else ():
        own = {
            name.removeprefix(prefix): value
            for name, value in (state or {}).items()
            if name.startswith(prefix)
        }
        if own:
            found.append((prefix, own))
    return found


def difference(complaint: str) -> str:
    """What torch says of weights that do not fit, as a table that can be read.

    Example:
        >>> print(difference('Missing key(s) in state_dict: "a.weight", "b.bias". '))
        the weights do not fit the model
          missing     a.weight
          missing     b.bias
    """
    rows: list[str] = []
    for line in complaint.splitlines():
        kind, _, rest = line.strip().partition(" key(s) in state_dict: ")
        if rest:
            names = [name.strip(' ".') for name in rest.split('", "')]
            rows += [f"  {kind.lower():<11} {name}" for name in names]
        elif line.strip().startswith("size mismatch for "):
            name, _, shapes = line.strip().removeprefix("size mismatch for ").partition(": ")
            rows.append(f"  shape       {name}: {_shapes(shapes)}")
    more = [f"  and {len(rows) - MOST_LINES} more"] if len(rows) > MOST_LINES else []
    return "\n".join(["the weights do not fit the model", *rows[:MOST_LINES], *more])


def _shapes(words: str) -> str:
    """The two shapes in torch's sentence: of the file, and of the model."""
    parts = [part.split("])")[0] for part in words.split("torch.Size([")[1:]]
    if len(parts) != 2:
        return words
    return f"({parts[0]}) in the file, ({parts[1]}) in the model"
