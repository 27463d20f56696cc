"""Arrays and weights of a run folder: the header is believed only as far as the file is long."""

import io
import math
from typing import Any, BinaryIO

import numpy as np
import safetensors.numpy
from numpy.lib import format as npy
from numpy.typing import NDArray
from safetensors import SafetensorError

from aeviz.runs.reading import RunError

Header = tuple[tuple[int, ...], bool, np.dtype[Any]]
HEADER_LIMIT = 10_000
"""Largest `.npy` header in bytes; numpy's own writes take 128."""


def parse_array(data: bytes, where: str, dtype: type[np.generic], ndim: int) -> NDArray[Any]:
    """The array in the content of a `.npy` file, read-only and without another copy.

    Args:
        data: The whole file.
        where: Its path, for messages.
        dtype: What its elements must be; `np.bytes_` for words of any width.
        ndim: How many axes it must have.

    Raises:
        RunError: If it is no `.npy` file, has another dtype or number of axes, or its length is
            not the one that its header declares.
    """
    found, wanted = parse_any_array(data, where), np.dtype(dtype)
    is_any_width = wanted.itemsize == 0 and found.dtype.kind == wanted.kind
    if found.ndim != ndim or not (is_any_width or found.dtype == wanted):
        raise RunError(
            f"{where} holds {found.dtype} with {found.ndim} axes, expected {wanted} with {ndim}"
        )
    return found


def parse_any_array(data: bytes, where: str) -> NDArray[Any]:
    """As `parse_array`, of whatever type and shape it is.

    Raises:
        RunError: As `parse_array`; objects are refused.
    """
    file = io.BytesIO(data)
    shape, fortran, kind = _header(file, len(data), where)
    flat = np.frombuffer(data, kind, offset=file.tell())
    return flat.reshape(shape, order="F" if fortran else "C")


def parse_weights(data: bytes, where: str) -> dict[str, NDArray[Any]]:
    """The arrays in the content of a `.safetensors` file, by name in alphabetical order.

    Raises:
        RunError: If it is none, or holds a type that numpy does not know.
    """
    try:
        return dict(sorted(safetensors.numpy.load(data).items()))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{where} holds no weights that can be read: {error}") from error


def _header(file: BinaryIO, size: int, where: str) -> Header:
    """Read the header and compare what it declares with the file's size in bytes."""
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, kind = read(file, max_header_size=HEADER_LIMIT)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        reason = str(error).partition("\n")[0]
        raise RunError(f"{where} is no .npy file that can be read: {reason}") from error
    if kind.hasobject or any(length < 0 for length in shape):
        raise RunError(f"{where} holds {kind} of shape {shape}, which aeviz does not read")
    expected = file.tell() + math.prod(shape) * kind.itemsize
    if expected != size:
        raise RunError(f"{where} is damaged: its header asks for {expected} bytes, it has {size}")
    return shape, fortran, kind
