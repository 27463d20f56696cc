"""Has a process read damaged files; one that they end is started again after the one that did."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 60.0
"""Seconds that one damaged file may keep its reader waiting."""

START = 120.0
"""Seconds until the first file is read: a busy computer imports slowly."""

MOST_ENDS = 500
"""Of the process, from which on nobody starts another one."""


@dataclass
class Result:
    """What became of all damaged files of a kind.

    Attributes:
        tried: How many were read.
        refused: With one sentence that names the file.
        accepted: As a data set that keeps every promise.
        defects: What was neither, in words.
        executed: What an input made the reader do that no data needs, in words.
        ended: How the process ended before it was done: a crash or no answer, with its input.
        peak: Bytes of memory at most, beside what there was before the first.
        seconds: How long it took.
    """

    tried: int = 0
    refused: int = 0
    accepted: int = 0
    defects: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    peak: int = 0
    seconds: float = 0.0

    def add(self, tally: dict[str, Any]) -> None:
        """Add what one process found."""
        self.tried += tally["tried"]
        self.refused += tally["refused"]
        self.accepted += tally["accepted"]
        self.defects += tally["defects"]
        self.executed += tally["executed"]
        self.peak = max(self.peak, tally["peak"])

    def join(self, other: "Result") -> None:
        """Add what another one found."""
        for name in ("tried", "refused", "accepted", "defects", "executed", "ended", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.peak = max(self.peak, other.peak)


def fuzz(
    kind: str, count: int, seed: int, folder: Path, how: str = "mutated", source: str = ""
) -> Result:
    """Read `count` damaged files of a kind, the same ones for the same seed; of cuts all.

    Args:
        kind: Its name.
        count: How many; only of those that are "mutated".
        seed: Of the damage.
        folder: Where the files lie, new or empty.
        how: "mutated", "cut", or "given": every file of the folder `source` as it is.
        source: As said.
    """
    result, skip, began = Result(), 0, time.monotonic()
    while (skip < count or how != "mutated") and len(result.ended) < MOST_ENDS:
        place = folder / f"{re.sub('[^a-z0-9]+', '-', kind)}-{len(result.ended)}"
        place.mkdir(parents=True)
        task = {"kind": kind, "how": how, "count": count, "seed": seed, "skip": skip}
        task |= {"source": source}
        said, ended = converse(task, place)
        if ended is None:
            result.add(json.loads(said))
            break
        lost = reached(place / "place")
        if lost is None:
            raise AssertionError(f"{kind}: the reader did not begin ({ended}): {said}")
        result.add(lost)
        result.tried += 1
        result.ended.append(f"input {lost['at']}: {ended}")
        skip = lost["at"] + 1
    result.seconds = time.monotonic() - began
    return result


def converse(task: dict[str, Any], folder: Path) -> tuple[str, str | None]:
    """Start a reader; what it said at its end, and how it ended if not as it should."""
    from aeviz.data.apart import environment

    with (folder / "errors").open("wb") as errors, (folder / "said").open("wb") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.robustness.fuzz_child", str(folder)],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=errors,
            env={**environment(), "TMPDIR": str(folder)},
            cwd=Path(__file__).parents[2],
        )
        assert child.stdin is not None
        with child.stdin as pipe:
            pipe.write(json.dumps(task).encode() + b"\n")
        ended = wait(child, folder / "place")
    lines = (folder / "said").read_text(errors="replace").splitlines()
    if ended is None and lines and lines[-1].startswith('{"tried"'):
        return lines[-1], None
    words = (folder / "errors").read_text(errors="replace")[-600:]
    return words, ended or f"exit code {child.returncode}"


def wait(child: "subprocess.Popen[bytes]", place: Path) -> str | None:
    """Wait for the end; None where it came by itself and well, else what ended it."""
    at, since = -1, time.monotonic()
    while True:
        try:
            code = child.wait(timeout=1.0)
            return None if code == 0 else f"exit code {code}"
        except subprocess.TimeoutExpired:
            now = reached(place)
            if now is not None and now["at"] != at:
                at, since = now["at"], time.monotonic()
            if time.monotonic() - since > (PATIENCE if at >= 0 else START):
                child.kill()
                child.wait()
                return f"no answer for {time.monotonic() - since:.0f} s"


def reached(place: Path) -> dict[str, Any] | None:
    """How far a reader is, None before its first file."""
    if not place.exists() or not os.path.getsize(place):
        return None
    try:
        found: dict[str, Any] = json.loads(place.read_bytes())
    except ValueError:  # it is being written
        return None
    return found
