"""The process of `pool` that looks at pictures and decodes them: fenced, with limits, long-lived.

It is sent batches as lines of JSON: what to do, the plan, and the rows and names of files. It
answers for many files in one line, ten times a second; of those that it has not answered for when
it dies, its parent finds out by giving them to others one by one.
"""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.data.pictures.decoding import Plan, decode, look, reason
from aeviz.data.reader import fence, limit, say

SAY_EVERY = 0.1
"""Seconds between two answers at least, unless a batch is done."""


def main() -> None:
    """Work until standard input is closed."""
    lines: queue.Queue[bytes] = queue.Queue()
    task = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    limit(task["limits"])
    fence(Path(task["folder"]))
    worker = _Worker(Path(task["root"]))
    say({"ready": True})
    while True:
        worker.work(json.loads(lines.get()))


def _listen(lines: "queue.Queue[bytes]") -> None:
    """Put what is sent into a queue; when the parent has gone, end at once."""
    try:
        for line in sys.stdin.buffer:
            lines.put(line)
    finally:
        os._exit(0)


class _Worker:
    """Does what a batch asks for; the array that it decodes into stays open between batches."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: tuple[str, NDArray[np.uint8]] | None = None

    def work(self, batch: Mapping[str, Any]) -> None:
        """Answer for every file of a batch, in its order."""
        answers, told = [], time.monotonic()
        for row, name in batch["files"]:
            try:
                answer = self._one(batch, row, self._root / name)
            except Exception as error:  # noqa: BLE001 - whatever Pillow raises on a damaged file
                answer = {"error": reason(error)}
            answers.append({"row": row, **answer})
            if time.monotonic() - told >= SAY_EVERY:
                say({"answers": answers})
                answers, told = [], time.monotonic()
        say({"answers": answers})

    def _one(self, batch: Mapping[str, Any], row: int, path: Path) -> dict[str, Any]:
        if batch["do"] == "look":
            return {"look": asdict(look(path, deep=row in batch["deep"]))}
        pixels, traits = decode(path, Plan(**batch["plan"]))
        self._array(batch["array"])[row] = pixels
        return {"traits": sorted(traits)}

    def _array(self, file: str) -> NDArray[np.uint8]:
        if self._open is None or self._open[0] != file:
            self._open = (file, np.load(file, mmap_mode="r+", allow_pickle=False))
        return self._open[1]


if __name__ == "__main__":
    main()
