"""Kills a process at random moments while it saves: the old or the new file has to stand there.

Run as `python -m tests.robustness.killing KIND KILLS SEED FOLDER`: prints what became of it as a
line of JSON. It forks: a new process with everything imported takes some thousandths of a second.
"""

import itertools
import json
import os
import random
import signal
import struct
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.robustness.saving import KINDS, MODULO, SPOILT, Kind

NAMED = 10


@dataclass
class Kills:
    """What became of a file whose writers were killed.

    Attributes:
        kills: How many were killed.
        saves: How many files they had said to be saved.
        old: After how many the file stood that was saved last.
        new: After how many the one that was on its way stood.
        wrong: What stood there else, in words.
        seconds: How long it took.
    """

    kills: int = 0
    saves: int = 0
    old: int = 0
    new: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def kill_often(name: str, kills: int, seed: int, folder: Path) -> Kills:
    """In a process of its own, which forks."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.robustness.killing", name, str(kills), str(seed), folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Kills(**json.loads(done.stdout.splitlines()[-1]))


def kill_here(name: str, kills: int, seed: int, folder: Path) -> Kills:
    """As `kill_often`, in this process."""
    kind, chance, found = (KINDS | SPOILT)[name], random.Random(seed), Kills()
    began = time.monotonic()
    kind.begin(folder)
    last = kind.read(folder)
    delay = cycle(kind, folder, last)
    last = kind.read(folder)
    for _ in range(kills):
        said = save_and_kill(kind, folder, last, chance.uniform(0, 2.5 * delay))
        found.kills += 1
        found.saves += said - last
        last = judge(name, kind, folder, said, found)
    found.seconds = time.monotonic() - began
    return found


def cycle(kind: Kind, folder: Path, last: int) -> float:
    """Seconds from the start of a process to its second save, the mean of three."""
    began, times = time.monotonic(), 3
    for _ in range(times):
        last = save_and_kill(kind, folder, last, None)
    return (time.monotonic() - began) / times


def save_and_kill(kind: Kind, folder: Path, last: int, delay: float | None) -> int:
    """Let a process save numbers after `last` and kill it; the last that it said it had saved.

    Without a delay it saves two and ends by itself.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        save_on(kind, folder, last, writing, 2 if delay is None else None)
    os.close(writing)
    if delay is not None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    return struct.unpack("<q", said[-8:])[0] if said else last  # type: ignore[no-any-return]


def save_on(kind: Kind, folder: Path, last: int, writing: int, count: int | None) -> None:
    """Save one number after the other, saying each; the end of this process."""
    try:
        save = kind.open(folder)
        for number in itertools.islice(itertools.count(last + 1), count):
            save(number)
            os.write(writing, struct.pack("<q", number))
    except BaseException as error:  # noqa: BLE001 - it must not go on in the parent's code
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(1)
    os._exit(0)


def judge(name: str, kind: Kind, folder: Path, said: int, found: Kills) -> int:
    """Look at the file after a kill; returns the number from which to go on."""
    try:
        number = kind.read(folder)
    except Exception as error:  # noqa: BLE001 - whatever reading raises is the finding
        found.wrong.append(f"{type(error).__name__}: {error}"[:300])
        found.wrong = found.wrong[:NAMED]
        return said
    old, new = (said % 256, (said + 1) % 256) if name in MODULO else (said, said + 1)
    if number == old:
        found.old += 1
        return said
    if number == new:
        found.new += 1
        return said + 1
    found.wrong.append(f"{number} stands there, {said} was said to be saved")
    return said


if __name__ == "__main__":
    which, many, start, where = sys.argv[1:]
    print(json.dumps(asdict(kill_here(which, int(many), int(start), Path(where)))), flush=True)
    os._exit(0)
