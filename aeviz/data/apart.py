"""Reads a file of a stranger in a process of its own, with limits.

What a damaged or malicious file does to the library that reads it (a crash, a full memory, an
endless loop, code) happens to that process alone. Arrays come back as files that this process maps
into memory, so that they need not fit into it; nothing is ever unpickled.
"""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from aeviz import paths
from aeviz.data.dataset import DataError, Reporter
from aeviz.data.mapped import map_array

LOOK_EVERY = 0.2
"""Seconds between two looks at whether the reader still lives."""


@dataclass(frozen=True)
class Limits:
    """What a reader may take; each has its own sentence when it is passed.

    Attributes:
        memory: Bytes of address space beside what the libraries take.
        cpu_seconds: Processor time.
        seconds: Time without a sign of life or progress.
        output: Bytes of one array it writes.
    """

    memory: int = 4 * 2**30
    cpu_seconds: int = 3600
    seconds: float = 120.0
    output: int = 64 * 2**30


@dataclass(frozen=True, eq=False)
class Found:
    """What a reader found.

    Attributes:
        arrays: By name, mapped into memory, read-only.
        facts: Plain values: names, counts, remarks.
    """

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]


def read_apart(
    reader: str,
    path: Path,
    options: Mapping[str, Any],
    report: Reporter,
    limits: Limits = Limits(),
) -> Found:
    """Read a file in a process of its own.

    Args:
        reader: "module:function" of this package, called there as `function(path, options, sink)`;
            it returns the facts.
        path: The file or folder.
        options: Plain values for the reader.
        report: Told how far it is; what it raises ends the reader.
        limits: What it may take.

    Raises:
        DataError: What the reader refuses, and when it crashes or passes a limit.
    """
    folder = Path(tempfile.mkdtemp(prefix="reading-", dir=_scratch()))
    try:
        facts = _Reader(reader, path, options, folder, limits).follow(report)
        arrays = {file.stem: map_array(file) for file in sorted(folder.glob("*.npy"))}
        return Found(arrays, facts)
    finally:
        # Mapped files outlive their names; Windows keeps them until the next start sweeps.
        shutil.rmtree(folder, ignore_errors=True)


def _scratch() -> Path:
    """The folder for arrays on their way, freed of what readers of ended programs left."""
    folder = paths.cache() / "reading"
    folder.mkdir(parents=True, exist_ok=True)
    yesterday = time.time() - 86_400
    for left in folder.iterdir():
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < yesterday:
                shutil.rmtree(left, ignore_errors=True)
    return folder


class _Reader:
    """The child process and its words: one JSON object per line on its standard output."""

    def __init__(
        self, reader: str, path: Path, options: Mapping[str, Any], folder: Path, limits: Limits
    ) -> None:
        self._path = path
        self._limits = limits
        self._folder = folder
        task = {
            "reader": reader,
            "path": str(path),
            "options": dict(options),
            "folder": str(folder),
            "limits": asdict(limits),
        }
        self._child = subprocess.Popen(
            [sys.executable, "-m", "aeviz.data.reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        assert self._child.stdin is not None
        self._send(self._child.stdin, task)

    def follow(self, report: Reporter) -> Mapping[str, Any]:
        """Wait for the facts."""
        words: queue.Queue[dict[str, Any] | None] = queue.Queue()
        assert self._child.stdout is not None
        threading.Thread(target=_listen, args=(self._child.stdout, words), daemon=True).start()
        try:
            return self._converse(words, report)
        finally:
            self._child.kill()
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _converse(
        self, words: "queue.Queue[dict[str, Any] | None]", report: Reporter
    ) -> Mapping[str, Any]:
        heard, last = time.monotonic(), (0.0, "Opening")
        while True:
            try:
                word = words.get(timeout=LOOK_EVERY)
            except queue.Empty:
                report(*last)  # may raise: nobody waits any more
                if time.monotonic() - heard > self._limits.seconds:
                    raise DataError(self._silent()) from None
                continue
            heard = time.monotonic()
            if word is None:
                raise DataError(self._ended())
            if "facts" in word:
                return dict(word["facts"])
            if "error" in word:
                raise DataError(str(word["error"]))
            last = (float(word["share"]), str(word["phrase"]))
            report(*last)

    def _send(self, pipe: IO[bytes], task: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):  # it ended at once: `follow` says why
            pipe.write(json.dumps(task).encode() + b"\n")
            pipe.flush()

    def _silent(self) -> str:
        return (
            f"{self._path}: reading it has made no progress for {self._limits.seconds:.0f} s and "
            "was ended: the file is damaged, or on a disk that does not answer"
        )

    def _ended(self) -> str:
        """Why it ended without a word: a signal's number is negative."""
        import signal

        code = self._child.wait()
        if code == -getattr(signal, "SIGXCPU", 0):
            return (
                f"{self._path}: reading it took over {self._limits.cpu_seconds} s of processor "
                "time and was ended: the file is damaged, or split it"
            )
        if code == -getattr(signal, "SIGKILL", 9):
            return f"{self._path}: reading it was ended by the system, most likely for memory"
        return (
            f"{self._path} is damaged: what reads it crashed (exit code {code}); the program is "
            "unharmed"
        )


def _listen(pipe: IO[bytes], words: "queue.Queue[dict[str, Any] | None]") -> None:
    """Put what the child says into a queue; None at its end."""
    with contextlib.suppress(OSError, ValueError):
        for line in pipe:
            try:
                words.put(json.loads(line))
            except json.JSONDecodeError:
                continue  # a library printed something
    words.put(None)


def environment() -> dict[str, str]:
    """Of the child: no plug-ins of HDF5, no threads that outlive a limit, our own package first."""
    root = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": root if not inherited else f"{root}{os.pathsep}{inherited}",
        "HDF5_PLUGIN_PRELOAD": "::",
        "HDF5_USE_FILE_LOCKING": "FALSE",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
    }
