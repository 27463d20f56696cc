"""From process start to window, playing timeline, first live decode; and the command line."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.frame import Row, benchmark, row

ROOT = Path(__file__).resolve().parents[2]
AIMS = {"window painted": 1.0, "timeline plays": 2.0, "first decode": 3.5}
NAMES = {
    "window painted": "process start to painted window",
    "timeline plays": "process start to the demo's playing timeline",
    "first decode": "process start to the first live decode",
}


@benchmark("start", goals={NAMES[moment]: "ratio <= 1" for moment in AIMS})
def measure(full: bool) -> Iterator[Row]:
    """Medians over several starts, after one that fills the caches; the references are the aims."""
    _start()
    starts = [_start() for _ in range(9 if full else 5)]
    for moment, aim in AIMS.items():
        seconds = statistics.median(start[moment] for start in starts)
        yield row(NAMES[moment], seconds, "s", reference=aim)
    bare = statistics.median(_time("-c", "pass") for _ in range(5))
    yield row(
        "aeviz --help", statistics.median(_time("-m", "aeviz", "--help") for _ in range(5)), "s"
    )
    yield row("a bare Python", bare, "s")
    imported = statistics.median(_time("-c", "import torch") for _ in range(3))
    yield row("import torch in a bare Python", imported, "s")


def _start() -> dict[str, float]:
    """One start in a home of its own, so that it is the first and shows the demo."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "HOME": home,
            "XDG_CONFIG_HOME": f"{home}/config",
            "XDG_DATA_HOME": f"{home}/data",
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.windows.starting", str(time.time())],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"the start ended with {done.returncode}: {done.stderr[-2000:]}")
    moments: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return moments


def _time(*arguments: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - begun
