"""Encoder or decoder as ONNX, torch.export package or safetensors, checked before it is written."""

import io
import json
import logging
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.fx import GraphModule
from torch.overrides import TorchFunctionMode

from aeviz import __version__
from aeviz.compute.parts import PartName, Units, example_of, part_of
from aeviz.data.dataset import Scaling
from aeviz.export.latents import ExportError
from aeviz.models.base import Conditional, LatentModel
from aeviz.runs.schema import RunInfo

MOST_DIFFERENCE = 1e-4
"""Between the written part and torch, relative to the largest value: more is refused."""

TRACED, CHECKED = 3, (5, 1)
"""Rows of the example that a part is traced with, and of those that it is checked with."""


@dataclass(frozen=True)
class Written:
    """A part as the content of a file.

    Attributes:
        content: Of the file.
        difference: The largest between its answers and torch's, relative to the largest of them; 0
            for weights alone.
    """

    content: bytes
    difference: float


def write_part(
    model: LatentModel, info: RunInfo, name: PartName, kind: str, epoch: int = -1
) -> Written:
    """Write a part and compare its answers with torch's.

    Args:
        model: With the weights of an epoch, in `eval()`, on the CPU.
        info: What the run folder says of model and data.
        name: "encoder" or "decoder".
        kind: "onnx", "pt2" or "safetensors".
        epoch: Whose weights they are, which the file says.

    Raises:
        ExportError: If the model cannot be written so, a library is missing, or answers differ.
    """
    shape = tuple(info.data["sample_shape"])
    scaling = Scaling.from_json(info.data["scaling"])
    units = Units(scaling, float(info.data.get("white", 255.0)), is_image=len(shape) == 3)
    part = part_of(model, units, name)
    about = {**_about(model, info, name), "epoch": str(epoch)}
    example = example_of(model, shape, name, TRACED)
    if kind == "safetensors":
        return Written(_weights(part, model, example, about), 0.0)
    content, run = WRITERS[kind](part, example, about)
    difference = 0.0
    for count in CHECKED:
        test = example_of(model, shape, name, count, seed=count)
        with torch.no_grad():
            wanted = part(*test).numpy()
        difference = max(difference, _difference(run(test), wanted))
    if not difference <= MOST_DIFFERENCE:
        raise ExportError(
            f"the {name} as {kind} answers otherwise than torch (relative difference "
            f"{difference:.2g}): it was not written; write safetensors instead"
        )
    return Written(content, difference)


def _difference(found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> float:
    """Relative to the largest value; infinite where one of the two is not finite."""
    if found.shape != wanted.shape or not (np.isfinite(found).all() and np.isfinite(wanted).all()):
        return math.inf
    largest = max(float(np.abs(wanted).max(initial=0.0)), 1.0)
    return float(np.abs(found - wanted).max(initial=0.0)) / largest


def _about(model: LatentModel, info: RunInfo, name: PartName) -> dict[str, str]:
    """What the file says of itself; no path, no user."""
    shape = list(info.data["sample_shape"])
    sample = (
        f"float32 (N, {', '.join(map(str, shape))}), 0 black and 1 white"
        if len(shape) == 3
        else f"float32 (N, {shape[0]}) in the data's own units"
    )
    latents = f"float32 (N, {model.latent_dim})"
    told = {}
    if isinstance(model, Conditional):
        told["condition"] = f"{model.condition_kind}: {', '.join(model.condition_names)}"
    settings = {key: info.settings[key] for key in ("model", "seed") if key in info.settings}
    units = {"scaling": info.data["scaling"], "white": info.data.get("white", 255.0)}
    return {
        "written_by": f"aeviz {__version__}",
        "title": info.title,
        "part": name,
        "input": sample if name == "encoder" else latents,
        "output": latents if name == "encoder" else sample,
        "settings": json.dumps(settings),
        "units": json.dumps(units),
        "features": json.dumps(list(info.data.get("feature_names", []))),
        **told,
    }


# ── ONNX ──────────────────────────────────────────────────────────────────────────────────────

Run = Callable[[tuple[Tensor, ...]], np.ndarray[Any, Any]]


def _runtime() -> Any:
    """The module onnxruntime, where all that ONNX files need is installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ExportError(
            "ONNX files need onnx, onnxscript and onnxruntime: install them with "
            "pip install 'aeviz[onnx]'"
        ) from error
    return onnxruntime


def _onnx(
    part: nn.Module, example: tuple[Tensor, ...], about: Mapping[str, str]
) -> tuple[bytes, Run]:
    runtime = _runtime()
    names = _input_names(about, example)
    with _quietly("ONNX", about["part"]):
        program = torch.onnx.export(
            part,
            example,
            dynamo=True,
            input_names=names,
            output_names=["z" if about["part"] == "encoder" else "x"],
            dynamic_shapes=_dynamic(example),
            verbose=False,
        )
        assert program is not None
        proto = program.model_proto
    for place in (proto.graph, *proto.functions):
        _forget_places(place.node)
    for key, words in about.items():
        row = proto.metadata_props.add()
        row.key, row.value = key, words
    content = bytes(proto.SerializeToString())
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(test: tuple[Tensor, ...]) -> np.ndarray[Any, Any]:
        given = {each.name: each for each in session.get_inputs()}
        feed = {
            name: value.numpy() for name, value in zip(names, test, strict=True) if name in given
        }
        return np.asarray(session.run(None, feed)[0])

    return content, run


def _forget_places(nodes: Iterable[Any]) -> None:
    """Take out of nodes, and of graphs within them, in which folders their code lay."""
    for node in nodes:
        kept = [row for row in node.metadata_props if not row.key.endswith(".stack_trace")]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _forget_places(inner.node)


def _input_names(about: Mapping[str, str], example: tuple[Tensor, ...]) -> list[str]:
    return ["x" if about["part"] == "encoder" else "z", "condition"][: len(example)]


def _dynamic(example: tuple[Tensor, ...]) -> tuple[dict[int, Any], ...]:
    """Any number of rows."""
    rows = torch.export.Dim("rows", min=1)
    return tuple({0: rows} for _ in example)


@contextmanager
def _quietly(what: str, name: str) -> Iterator[None]:
    """Exporters print, warn and log; what they raise becomes one sentence."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    said = io.StringIO()
    try:
        with warnings.catch_warnings(), redirect_stdout(said), redirect_stderr(said):
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise ExportError(
            f"the {name} of this model cannot be written as {what} ({type(error).__name__}: "
            f"{reason}): write safetensors instead"
        ) from error
    finally:
        logger.setLevel(level)


# ── torch.export ──────────────────────────────────────────────────────────────────────────────


def _package(
    part: nn.Module, example: tuple[Tensor, ...], about: Mapping[str, str]
) -> tuple[bytes, Run]:
    buffer = io.BytesIO()
    with _quietly("a torch.export package", about["part"]):
        program = torch.export.export(part, example, dynamic_shapes=_dynamic(example))
        for module in program.graph_module.modules():
            for node in module.graph.nodes if isinstance(module, GraphModule) else ():
                node.meta.pop("stack_trace", None)  # it names folders
        torch.export.save(program, buffer, extra_files={"aeviz.json": json.dumps(dict(about))})
    content = buffer.getvalue()
    module = torch.export.load(io.BytesIO(content)).module()

    def run(test: tuple[Tensor, ...]) -> np.ndarray[Any, Any]:
        with torch.no_grad():
            return np.asarray(module(*test).numpy())

    return content, run


WRITERS: dict[
    str, Callable[[nn.Module, tuple[Tensor, ...], Mapping[str, str]], tuple[bytes, Run]]
] = {"onnx": _onnx, "pt2": _package}
"""What writes a part that can be run, by the ending of the file."""

KINDS = ("onnx", "pt2", "safetensors")


# ── weights alone ─────────────────────────────────────────────────────────────────────────────


class _Uses(TorchFunctionMode):
    """Collects the tensors that functions of torch are called with."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[int] = set()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Note what goes in; looking at a shape is no use of the numbers."""
        given = kwargs or {}
        if getattr(func, "__name__", "") != "__get__":
            self.seen |= {id(each) for each in _tensors((args, given))}
        return func(*args, **given)


def _tensors(given: Any) -> Iterator[Tensor]:
    """All tensors in nested lists and mappings."""
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, Mapping):
        yield from _tensors(list(given.values()))
    elif isinstance(given, list | tuple):
        for each in given:
            yield from _tensors(each)


def _weights(
    part: nn.Module, model: LatentModel, example: tuple[Tensor, ...], about: Mapping[str, str]
) -> bytes:
    """The weights that a part uses, under their names in the model."""
    from safetensors.torch import save

    with torch.no_grad(), _Uses() as uses:
        part(*example)
    everything = [*model.named_parameters(), *model.named_buffers()]
    used = {name: each for name, each in everything if id(each) in uses.seen}
    return bytes(save({name: each.contiguous() for name, each in used.items()}, dict(about)))
