"""The child process of `apart`: reads one file for its parent, fenced in."""

import contextlib
import importlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError

FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.startfile",
    "pickle.find_class",
    "ftplib.",
    "urllib.Request",
)
"""How the audit events begin that no reader causes unless a file has made it do so."""


class Sink:
    """Where a reader puts arrays, and whom it tells how far it is.

    Args:
        folder: Of the arrays' files.
        most: Bytes of one array at most.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """A new array to be filled, on disk, mapped into memory.

        Raises:
            DataError: If it would be larger than allowed or than the disk has room for.
        """
        size = int(np.prod(shape, dtype=np.float64)) * np.dtype(dtype).itemsize
        free = shutil.disk_usage(self._folder).free
        if size > min(self._most, free):
            raise DataError(
                f"its {name} take {size / 2**30:.1f} GB, and "
                f"{min(self._most, free) / 2**30:.1f} GB can be held in {self._folder.parent}"
            )
        file = self._folder / f"{name}.npy"
        found: NDArray[Any] = np.lib.format.open_memmap(file, "w+", np.dtype(dtype), shape)
        return found

    def put(self, name: str, values: NDArray[Any]) -> None:
        """Give an array that is there as a whole."""
        self.array(name, values.shape, values.dtype)[...] = values

    def grow(self, name: str, width: int, dtype: Any) -> "Growing":
        """A new array (N, width) to which rows are added while their number is not known."""
        return Growing(self._folder / f"{name}.npy", width, np.dtype(dtype), self._most)

    def report(self, share: float, phrase: str) -> None:
        """Tell how far it is."""
        say({"share": float(share), "phrase": phrase})


class Growing:
    """Rows on their way to a file; its header says how many there are once it is finished.

    Args:
        file: Where it is written.
        width: Numbers in a row.
        dtype: Their type.
        most: Bytes at most.
    """

    HEADER = 128
    """Bytes that NumPy's header of any such array fits into."""

    def __init__(self, file: Path, width: int, dtype: np.dtype[Any], most: int) -> None:
        self._file = file
        self._width = width
        self._dtype = dtype
        self._most = most
        self._rows = 0
        file.write_bytes(bytes(self.HEADER))

    def add(self, rows: NDArray[Any]) -> None:
        """Add rows of shape (n, width).

        Raises:
            DataError: If all of them would take more than may be held.
        """
        self._rows += len(rows)
        size = self._rows * self._width * self._dtype.itemsize
        if size > self._most:
            raise DataError(
                f"its numbers take more than the {self._most / 2**30:.0f} GB that can be held"
            )
        with self._file.open("ab") as file:
            file.write(np.ascontiguousarray(rows, self._dtype).data)

    def finish(self) -> NDArray[Any]:
        """The whole array, mapped into memory."""
        told = f"{{'descr': {self._dtype.str!r}, 'fortran_order': False, "
        told += f"'shape': ({self._rows}, {self._width}), }}"
        room = self.HEADER - 10
        with self._file.open("r+b") as file:
            file.write(b"\x93NUMPY\x01\x00" + room.to_bytes(2, "little"))
            file.write(told.ljust(room - 1).encode() + b"\n")
        if not self._rows * self._width:  # nothing can be mapped
            return np.empty((self._rows, self._width), self._dtype)
        found: NDArray[Any] = np.lib.format.open_memmap(self._file, "r+")
        return found

    def remove(self) -> None:
        """Take it off the disk: it was needed on the way only."""
        self._file.unlink(missing_ok=True)


def say(word: Mapping[str, Any]) -> None:
    """One line of JSON for the parent."""
    os.write(WORDS, json.dumps(word).encode() + b"\n")


WORDS = 1
"""File descriptor of what the parent reads."""


def main() -> None:
    """Read what the first line of standard input asks for."""
    task = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limits, path = task["limits"], Path(task["path"])
    try:
        module, _, function = str(task["reader"]).partition(":")
        read = getattr(importlib.import_module(module), function)
        limit(limits)
        fence(Path(task["folder"]))
        facts = read(path, task["options"], Sink(Path(task["folder"]), limits["output"]))
        say({"facts": facts})
    except Exception as error:  # noqa: BLE001 - whatever a library raises on a damaged file
        say({"error": refusal(error, path, limits)})
    os._exit(0)  # what was found is on the disk; libraries may not like to be left otherwise


def refusal(error: Exception, path: Path, limits: Mapping[str, Any]) -> str:
    """One sentence that names the file, whatever was raised while it was read."""
    if isinstance(error, DataError):
        sentence = str(error)
        return sentence if str(path) in sentence else f"{path}: {sentence}"
    if isinstance(error, MemoryError):
        return (
            f"{path}: reading it needs more than the {limits['memory'] / 2**30:.0f} GB of memory "
            "that a reader may take: split the file, or save it as NPY"
        )
    if isinstance(error, OSError):
        return f"{path} cannot be read: {error.strerror or error}"
    words = " ".join(str(error).split())[:200]
    return f"{path} is damaged: {type(error).__name__}: {words}"


def _end_with_parent() -> None:
    """End when the parent has gone: its end of the pipe is closed then."""
    with contextlib.suppress(OSError, ValueError):
        while sys.stdin.buffer.read(1):
            pass
    os._exit(1)


def limit(limits: Mapping[str, Any]) -> None:
    """Let the system enforce what a reader may take; Windows has no such limits."""
    try:
        import resource
    except ImportError:
        return
    taken = _address_space()
    for which, most, grace in (
        (resource.RLIMIT_AS, taken + limits["memory"] + limits["output"], 0),
        (resource.RLIMIT_DATA, taken + limits["memory"], 0),
        (resource.RLIMIT_CPU, limits["cpu_seconds"], 5),  # at the hard limit it is killed unnamed
        (resource.RLIMIT_FSIZE, limits["output"] + 4096, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (int(most), int(most) + grace))


def _address_space() -> int:
    """Bytes of address space that Python and the libraries have taken already."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 2**33
    return pages * os.sysconf("SC_PAGE_SIZE")


def fence(folder: Path) -> None:
    """From now on: no network, no other program, no pickle, no writing outside the folder."""
    own = str(folder)

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(FORBIDDEN):
            raise DataError(f"it asks for {event}, which no data needs: it was not opened")
        if event == "open" and _writes(arguments) and not str(arguments[0]).startswith(own):
            raise DataError(f"it wants to write {arguments[0]!r}: it was not opened")

    sys.addaudithook(audit)


def _writes(arguments: tuple[Any, ...]) -> bool:
    """Whether an audited `open` is for writing; of a descriptor that is open already it is not."""
    path, mode, flags = (*arguments, None, None, None)[:3]
    if isinstance(path, int) or str(path) == os.devnull:
        return False
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


if __name__ == "__main__":
    main()
