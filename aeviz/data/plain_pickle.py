"""Read dictionaries of arrays, lists and bytes from pickles without running any code of theirs.

A pickle is a program: it may name any function and have it called. Here the two names that an array
needs stand for harmless records of our own, every other name is refused, and not even numpy is
called until the records have been checked.
"""

import pickle
import stat
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError

BUDGET = 2**28
"""Bytes of a file at most."""


class _Fixed(type):
    """Of records: a file may be handed the class, and must not change it for the next file."""

    def __setattr__(cls, name: str, value: object) -> None:
        """Refuse."""
        raise pickle.UnpicklingError(f"it changes {cls.__name__}")


class _DType(metaclass=_Fixed):
    """Stands for `numpy.dtype`: keeps the word that names the type, forgets the rest."""

    def __init__(self, word: Any = None, *rest: Any) -> None:
        self.word = word

    def __setstate__(self, state: Any) -> None:
        """Forget byte order and fields: only bytes are read."""


class _Array(metaclass=_Fixed):
    """Stands for a `numpy.ndarray`: keeps its state as it was written."""

    def __init__(self, *arguments: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        """Keep (version, shape, dtype, is_fortran, data)."""
        self.state = state


class _NDArray(metaclass=_Fixed):
    """Stands for the class `numpy.ndarray`, which is only handed on."""

    __slots__ = ()


ALLOWED = {
    ("numpy", "dtype"): _DType,
    ("numpy", "ndarray"): _NDArray,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
}
"""Every name that a file may use, and what stands for it."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name."""
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Refuse what lies outside of the file."""
        raise pickle.UnpicklingError("it refers to something outside")


def read_plain_pickle(path: Path) -> dict[str, Any]:
    """Read a dictionary of numbers, lists, text and arrays of bytes.

    Args:
        path: The file; Python 2 or 3 wrote it.

    Returns:
        Its values by name; arrays as uint8.

    Raises:
        DataError: If it cannot be read, or holds anything else; the message names it.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > BUDGET:
            raise DataError(f"{path} is not a file of at most {BUDGET:,} bytes")
        with path.open("rb") as file:
            content = _Reader(file, encoding="bytes").load()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    # a damaged program can fail in any of these ways
    except (
        *(pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError),
        *(AttributeError, ImportError, OverflowError, MemoryError, RecursionError),
    ) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is damaged or no such data ({error}); replace it") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} holds no dictionary; replace it")
    return {_text(name): _plain(path, _text(name), value) for name, value in content.items()}


def _text(name: Any) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else str(name)


def _plain(path: Path, name: str, value: Any) -> Any:
    if isinstance(value, _Array):
        return _bytes(path, name, value.state)
    return value


def _bytes(path: Path, name: str, state: Any) -> NDArray[np.uint8]:
    """The array that a recorded state describes, if it is one of bytes."""
    match state:
        case (int(), tuple() as shape, _DType() as dtype, int() as by_column, bytes() as data):
            lengths = [length for length in shape if isinstance(length, int) and length >= 0]
            is_bytes = dtype.word in ("u1", b"u1") and len(lengths) == len(shape)
            if is_bytes and int(np.prod(lengths, dtype=object)) == len(data):
                order: Literal["C", "F"] = "F" if by_column else "C"
                return np.frombuffer(data, np.uint8).reshape(lengths, order=order)
    raise DataError(f"{path}: {name} is no array of bytes; replace the file")
