"""Read dictionaries that Python wrote as a program, without running it.

Such files (those of CIFAR-10) are instructions for a stack machine, among them "call this function
of that module". Here is a machine that knows the instructions that plain data need and no other:
it builds numbers, bytes, lists, tuples, dictionaries and arrays of bytes, imports nothing and calls
nothing. Whatever else a file asks for is refused.

References:
    | Python's module pickletools, which describes every instruction
    | https://github.com/python/cpython/blob/main/Lib/pickletools.py
"""

import math
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError

BUDGET = 2**28
"""Bytes of a file at most."""

LONGEST_NAME = 200
"""Bytes of a name at most."""

RECONSTRUCT = {"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"}
ARRAY, DTYPE = "numpy ndarray", "numpy dtype"
KNOWN = {*RECONSTRUCT, ARRAY, DTYPE}
"""The names that may stand in a file; they are compared, never looked up."""


class _Refused(Exception):
    """The file is damaged or asks for something that plain data do not need."""


@dataclass
class _Name:
    """A name of a module and a function, as text."""

    text: str


@dataclass
class _Made:
    """What a known name would have made: its arguments, and the state that was put into it."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None


class _Mark:
    """Where on the stack the elements of a container begin."""


def read_records(path: Path) -> dict[str, Any]:
    """Read a dictionary of numbers, lists, bytes and arrays of bytes.

    Args:
        path: The file; Python 2 or 3 wrote it, with protocol 2, 3 or 4.

    Returns:
        Its values by name; arrays as uint8.

    Raises:
        DataError: If it cannot be read, or holds anything else; the message names it.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > BUDGET:
            raise DataError(f"{path} is not a file of at most {BUDGET:,} bytes")
        content = _Machine(path.read_bytes()).run()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except (_Refused, struct.error, IndexError, KeyError, TypeError, UnicodeError) as error:
        raise DataError(f"{path} is damaged or no such data ({error}); replace it") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} holds no dictionary; replace it")
    return {_text(name): _plain(path, _text(name), value) for name, value in content.items()}


class _Machine:
    """Follows the instructions of a file.

    Args:
        content: The whole file.
    """

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}

    def run(self) -> Any:
        """The value that is left at the end."""
        while (code := self._take(1)) != b".":
            if code not in INSTRUCTIONS:
                raise _Refused(f"unknown instruction {code!r}")
            INSTRUCTIONS[code](self)
        return self._stack.pop()

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    def _take(self, count: int) -> bytes:
        end = self._place + count
        if count < 0 or end > len(self._content):
            raise _Refused("it is truncated")
        taken = self._content[self._place : end]
        self._place = end
        return taken

    def _number(self, layout: str) -> int:
        (number,) = struct.unpack(layout, self._take(struct.calcsize(layout)))
        return int(number)

    def _line(self) -> str:
        end = self._content.find(b"\n", self._place, self._place + LONGEST_NAME)
        if end < 0:
            raise _Refused("a name has no end")
        line = self._take(end - self._place)
        self._take(1)
        return line.decode("ascii")

    def _above_mark(self) -> list[Any]:
        for place in range(len(self._stack) - 1, -1, -1):
            if isinstance(self._stack[place], _Mark):
                above = self._stack[place + 1 :]
                del self._stack[place:]
                return above
        raise _Refused("a mark is missing")

    # ── instructions ──────────────────────────────────────────────────────────────────────────

    def skip(self, layout: str) -> None:
        """What matters to a faster reader only: the version, the length of a frame."""
        self._number(layout)

    def push(self, make: Callable[[], Any]) -> None:
        """A value that is always the same, or a new empty container."""
        self._stack.append(make())

    def push_number(self, layout: str) -> None:
        """A number that follows."""
        self._stack.append(self._number(layout))

    def push_bytes(self, layout: str) -> None:
        """Bytes that follow their length."""
        self._stack.append(self._take(self._number(layout)))

    def push_text(self, layout: str) -> None:
        """Text that follows its length."""
        self._stack.append(self._take(self._number(layout)).decode("utf-8"))

    def push_name(self) -> None:
        """A name in two lines."""
        self._push_known(f"{self._line()} {self._line()}")

    def join_name(self) -> None:
        """A name whose two parts lie on the stack."""
        module, name = self._pop(2)
        self._push_known(f"{module} {name}")

    def _push_known(self, name: str) -> None:
        if name not in KNOWN:
            raise _Refused(f"it asks for {name.replace(' ', '.')[:LONGEST_NAME]}")
        self._stack.append(_Name(name))

    def _pop(self, count: int) -> list[Any]:
        if count > len(self._stack):
            raise _Refused("values are missing")
        taken = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return taken

    def make_tuple(self, count: int | None) -> None:
        """A tuple of the last values, or of those above the mark."""
        parts = self._above_mark() if count is None else self._pop(count)
        self._stack.append(tuple(parts))

    def append(self, several: bool) -> None:
        """Put one value, or those above the mark, into the list below."""
        values = self._above_mark() if several else self._pop(1)
        if not isinstance(self._stack[-1], list):
            raise _Refused("a list is missing")
        self._stack[-1].extend(values)

    def set_items(self, several: bool) -> None:
        """Put a name with its value, or those above the mark, into the dictionary below."""
        values = self._above_mark() if several else self._pop(2)
        if not isinstance(self._stack[-1], dict) or len(values) % 2:
            raise _Refused("a dictionary is missing")
        self._stack[-1].update(zip(values[::2], values[1::2], strict=True))

    def call(self) -> None:
        """Note what would have been called with which arguments; nothing is."""
        name, arguments = self._pop(2)
        if not isinstance(name, _Name) or not isinstance(arguments, tuple):
            raise _Refused("a call has no name")
        self._stack.append(_Made(name.text, arguments))

    def set_state(self) -> None:
        """Note the state of what would have been made."""
        made, state = self._pop(2)
        if not isinstance(made, _Made):
            raise _Refused("a state belongs to nothing")
        made.state = state
        self._stack.append(made)

    def remember(self, layout: str) -> None:
        """Keep the last value under a number; without one under the next."""
        place = self._number(layout) if layout else len(self._memory)
        self._memory[place] = self._stack[-1]

    def recall(self, layout: str) -> None:
        """A value that was kept."""
        self._stack.append(self._memory[self._number(layout)])


_M = _Machine
INSTRUCTIONS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": partial(_M.skip, layout="B"),
    b"\x95": partial(_M.skip, layout="<Q"),
    b"N": partial(_M.push, make=lambda: None),
    b"\x88": partial(_M.push, make=lambda: True),
    b"\x89": partial(_M.push, make=lambda: False),
    b"(": partial(_M.push, make=_Mark),
    b"]": partial(_M.push, make=list),
    b"}": partial(_M.push, make=dict),
    b")": partial(_M.push, make=tuple),
    b"K": partial(_M.push_number, layout="<B"),
    b"M": partial(_M.push_number, layout="<H"),
    b"J": partial(_M.push_number, layout="<i"),
    b"U": partial(_M.push_bytes, layout="<B"),
    b"T": partial(_M.push_bytes, layout="<i"),
    b"C": partial(_M.push_bytes, layout="<B"),
    b"B": partial(_M.push_bytes, layout="<I"),
    b"\x8e": partial(_M.push_bytes, layout="<Q"),
    b"X": partial(_M.push_text, layout="<I"),
    b"\x8c": partial(_M.push_text, layout="<B"),
    b"c": _M.push_name,
    b"\x93": _M.join_name,
    b"t": partial(_M.make_tuple, count=None),
    b"\x85": partial(_M.make_tuple, count=1),
    b"\x86": partial(_M.make_tuple, count=2),
    b"\x87": partial(_M.make_tuple, count=3),
    b"a": partial(_M.append, several=False),
    b"e": partial(_M.append, several=True),
    b"s": partial(_M.set_items, several=False),
    b"u": partial(_M.set_items, several=True),
    b"R": _M.call,
    b"b": _M.set_state,
    b"q": partial(_M.remember, layout="<B"),
    b"r": partial(_M.remember, layout="<I"),
    b"\x94": partial(_M.remember, layout=""),
    b"h": partial(_M.recall, layout="<B"),
    b"j": partial(_M.recall, layout="<I"),
}
"""Every instruction that is followed, by its byte."""


def _text(name: Any) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else str(name)


def _plain(path: Path, name: str, value: Any) -> Any:
    return _bytes(path, name, value) if isinstance(value, _Made | _Name) else value


def _bytes(path: Path, name: str, made: _Made | _Name) -> NDArray[np.uint8]:
    """The array that was noted, if it is one of bytes."""
    match made:
        case _Made(
            name=kind,
            state=(int(), tuple() as shape, _Made(name="numpy dtype") as dtype, int() as by_column,
                   bytes() as data),
        ) if kind in RECONSTRUCT:  # fmt: skip
            is_shape = all(type(length) is int and length >= 0 for length in shape)
            is_bytes = dtype.arguments[:1] in ((b"u1",), ("u1",))
            if is_shape and is_bytes and math.prod(shape) == len(data):
                values = np.frombuffer(data, np.uint8)
                return values.reshape(shape, order="F" if by_column else "C")
    raise DataError(f"{path}: {name} is no array of bytes; replace the file")
