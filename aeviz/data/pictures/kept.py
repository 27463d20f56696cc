"""Decoded pictures in the user's cache, so that a folder opens at once the second time.

Each folder here holds `samples.npy` and `facts.json`; it comes into being by a rename, so that it
is whole or not there. Over the budget, those that were used least recently go first.
"""

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz import paths
from aeviz.data.mapped import map_array

BUDGET = 20 * 10**9
"""Bytes of decoded pictures at most that are kept."""

SAMPLES, FACTS = "samples.npy", "facts.json"
MAKING = "making-"
"""How the folders begin that are not whole yet."""

A_DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class Kept:
    """What is kept of a folder: uint8 (N, H, W, C), mapped, and plain values beside it."""

    samples: NDArray[np.uint8]
    facts: Mapping[str, Any]


def folder() -> Path:
    """Where decoded pictures are kept."""
    return paths.cache() / "pictures"


def find(key: str) -> Kept | None:
    """What is kept under a key, marked as used now; None where there is nothing whole."""
    place = folder() / key
    try:
        facts = json.loads((place / FACTS).read_text(encoding="utf-8"))
        samples = map_array(place / SAMPLES)
        os.utime(place / FACTS)
    except (OSError, ValueError):
        return None
    whole = isinstance(facts, dict) and facts.get("shape") == list(samples.shape)
    return Kept(samples, facts) if whole and samples.dtype == np.uint8 else None


@contextlib.contextmanager
def making() -> Iterator[Path]:
    """A folder to put `samples.npy` into; what is left in it afterwards is removed."""
    folder().mkdir(parents=True, exist_ok=True)
    _sweep()
    place = Path(tempfile.mkdtemp(prefix=MAKING, dir=folder()))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def keep(place: Path, key: str, facts: Mapping[str, Any], budget: int = BUDGET) -> None:
    """Keep what lies in a folder of `making` under a key, and let the oldest go.

    Nothing of it may be open for writing any more.
    """
    text = json.dumps({**facts, "key": key})
    (place / FACTS).write_text(text, encoding="utf-8")
    target = folder() / key
    _remove(target)
    place.rename(target)
    _make_room(budget, target)


def _make_room(budget: int, newest: Path) -> None:
    """Remove what was used least recently until the rest fits; the newest stays."""
    used = sorted(
        (each for each in folder().iterdir() if (each / FACTS).is_file() and each != newest),
        key=lambda each: _time(each / FACTS),
        reverse=True,
    )
    total = _size(newest)
    for place in used:
        total += _size(place)
        if total > budget:
            _remove(place)


def _remove(place: Path) -> None:
    """Take a folder away whole: first its name, then its files. Windows keeps one that is open."""
    if not place.exists():
        return
    gone = place.with_name(f"{MAKING}{place.name}-{time.time_ns()}")
    with contextlib.suppress(OSError):
        place.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _sweep() -> None:
    """Remove what ended programs left behind."""
    for place in folder().glob(f"{MAKING}*"):
        if _time(place) < time.time() - A_DAY:
            shutil.rmtree(place, ignore_errors=True)


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(place: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(file.stat().st_size for file in place.iterdir())
    return 0
