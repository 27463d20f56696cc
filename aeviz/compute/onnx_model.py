"""Encoders and decoders that are ONNX files: run by onnxruntime, from their bytes alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from aeviz.compute.own_model import OwnModelError

MOST_BYTES = 2**31
"""Of a file: ONNX's own limit for one without external data."""


def function_of(given: Any) -> Callable[..., Any]:
    """A function as it is, or that of an ONNX file by its path.

    Raises:
        OwnModelError: If it is neither, or the file cannot be run.
    """
    if isinstance(given, str | Path):
        return load_onnx(Path(given))
    if not callable(given):
        raise OwnModelError(
            f"encoder and decoder are functions, modules or paths of ONNX files, and not "
            f"{type(given).__name__}"
        )
    return given  # type: ignore[no-any-return]


def load_onnx(path: Path) -> Callable[[Tensor], list[np.ndarray[Any, Any]]]:
    """The network of a file as a function of its first input, which gives all its outputs.

    Only the file's own bytes are read: weights that it keeps in other files are refused, since
    their paths could lead anywhere.

    Raises:
        OwnModelError: If it is not there, is no such network, or onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise OwnModelError(
            f"{path}: ONNX files need onnxruntime: install it with pip install 'aeviz[onnx]'"
        ) from error
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OwnModelError(f"{path} is larger than an ONNX file can be")
        content = path.read_bytes()
    except OSError as error:
        raise OwnModelError(f"{path} cannot be read: {error.strerror or error}") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise OwnModelError(f"{path} is no ONNX network that can be run: {reason}") from error
    first, *others = session.get_inputs()
    if others:
        raise OwnModelError(
            f"{path} has {1 + len(others)} inputs, and an encoder or decoder has one: "
            f"{', '.join(each.name for each in session.get_inputs())}"
        )

    def run(x: Tensor) -> list[np.ndarray[Any, Any]]:
        found: list[np.ndarray[Any, Any]] = session.run(None, {first.name: x.detach().numpy()})
        return found

    return run
