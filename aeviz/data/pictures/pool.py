"""A pool of fenced processes that look at pictures and decode them, many at a time.

A process that a file makes crash, hang or fill the memory costs that file alone: those that it has
not answered for are given one by one to the process that takes its place.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from aeviz.data.apart import LOOK_EVERY, Limits, environment
from aeviz.data.dataset import DataError, Reporter

BATCH = 256
"""Files that a process is given at a time."""

File = tuple[int, str]
"""The row of a picture, and its name below the folder."""

Answer = tuple[int, Mapping[str, Any]]
"""The row of a picture with what was found, or with "error"."""


START_SECONDS = 60.0
"""How long a process may take until it is ready: on a busy computer its imports do."""


def processes() -> int:
    """As many as there are cores to spare: one is left to the person."""
    with contextlib.suppress(AttributeError):  # only Linux tells which cores are ours
        return max(1, len(os.sched_getaffinity(0)) - 1)
    return max(1, (os.cpu_count() or 2) - 1)


class Pool:
    """Processes for one folder of pictures; a context manager that ends them.

    Args:
        root: The folder of the pictures.
        folder: The only one that may be written in.
        limits: What each process may take; `seconds` is for one file.
        most: Processes at most.
    """

    def __init__(self, root: Path, folder: Path, limits: Limits, most: int | None = None) -> None:
        self._root = root
        self._task = {"root": str(root), "folder": str(folder), "limits": asdict(limits)}
        self._seconds = limits.seconds
        self._most = processes() if most is None else most
        self._words: queue.Queue[tuple[_Process, dict[str, Any] | None]] = queue.Queue()
        self._running: list[_Process] = []

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        """End every process."""
        for process in self._running:
            process.end()
        self._running.clear()

    def work(
        self, task: Mapping[str, Any], files: Sequence[File], report: Reporter, phrase: str
    ) -> Iterator[Answer]:
        """Have something done with every file; the answers come in any order, one for each.

        Args:
            task: "do" and what belongs to it, as `worker` reads it.
            files: The files.
            report: Told how many are done; what it raises ends the work.
            phrase: What is being done.

        Raises:
            DataError: If a process cannot be started.
        """
        batches = deque(list(files[at : at + BATCH]) for at in range(0, len(files), BATCH))
        done, told = 0, 0.0
        while done < len(files):
            self._employ(task, batches)
            for answer in self._hear(batches):
                done += 1
                yield answer
            if time.monotonic() - told >= LOOK_EVERY / 2:
                told = time.monotonic()
                report(done / len(files), f"{phrase} {done:,} of {len(files):,} pictures")

    def _employ(self, task: Mapping[str, Any], batches: deque[list[File]]) -> None:
        """Give every process that has nothing to do a batch; start one where that is worth it."""
        idle = sum(process.is_idle for process in self._running)
        if len(batches) > idle and len(self._running) < self._most:
            self._running.append(_Process(self._task, self._words))
        for process in self._running:
            if process.is_idle and batches:
                process.send(task, batches.popleft())

    def _hear(self, batches: deque[list[File]]) -> Iterator[Answer]:
        """Answers that have come: waits for the first, but not for long."""
        for process, word in self._came():
            if process not in self._running:
                continue
            yield from self._lost(process, batches) if word is None else process.heard(word)
        for process in self._running:
            patience = self._seconds if process.is_ready else max(self._seconds, START_SECONDS)
            if time.monotonic() - process.since > patience and not process.is_idle:
                process.is_overdue = True
                process.kill()  # that it has ended is heard as any other end

    def _came(self) -> "list[tuple[_Process, dict[str, Any] | None]]":
        with contextlib.suppress(queue.Empty):
            words = [self._words.get(timeout=LOOK_EVERY)]
            with contextlib.suppress(queue.Empty):
                while True:
                    words.append(self._words.get_nowait())
            return words
        return []

    def _lost(self, process: "_Process", batches: deque[list[File]]) -> list[Answer]:
        """A process has ended: it costs the file it was at, found by trying each alone."""
        self._running.remove(process)
        process.end()
        if not process.is_ready:
            raise DataError(f"{self._root}: the process that decodes pictures does not start")
        if len(process.batch) != 1:
            batches.extendleft([file] for file in reversed(process.batch))
            return []
        ((row, _),) = process.batch
        how = f"takes over {self._seconds:.0f} s" if process.is_overdue else "crashes its decoder"
        return [(row, {"error": how})]


@dataclass(eq=False)
class _Process:
    """One process, and the part of its batch that it has not answered for yet."""

    task: Mapping[str, Any]
    words: "queue.Queue[tuple[_Process, dict[str, Any] | None]]"
    batch: list[File] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    is_ready: bool = False
    is_overdue: bool = False

    def __post_init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "aeviz.data.pictures.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        self._write(self.task)
        self._listener = Thread(target=self._listen, name="aeviz-pictures", daemon=True)
        self._listener.start()

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing to do; while it starts it counts as at work."""
        return self.is_ready and not self.batch

    def send(self, task: Mapping[str, Any], batch: list[File]) -> None:
        """Give it a batch."""
        self.batch, self.since = batch, time.monotonic()
        self._write({**task, "files": batch})

    def heard(self, word: Mapping[str, Any]) -> list[Answer]:
        """The answers in a word; none where it says that it has started, or of no file of its."""
        self.since = time.monotonic()
        self.is_ready = self.is_ready or "ready" in word
        answers = word.get("answers", [])
        rows = [row for row, _ in self.batch[: len(answers)]]
        if [answer.get("row") for answer in answers] != rows:
            return []
        del self.batch[: len(answers)]
        return list(zip(rows, answers, strict=True))

    def kill(self) -> None:
        """End it; that it has ended will be heard."""
        self._child.kill()

    def end(self) -> None:
        """End it and wait until it has."""
        self._child.kill()
        self._child.wait()
        self._listener.join(5.0)
        for pipe in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _write(self, word: Mapping[str, Any]) -> None:
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):  # it has ended, which will be heard
            self._child.stdin.write(json.dumps(word).encode() + b"\n")
            self._child.stdin.flush()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in self._child.stdout:
                with contextlib.suppress(json.JSONDecodeError):  # a library printed something
                    self.words.put((self, json.loads(line)))
        self.words.put((self, None))
