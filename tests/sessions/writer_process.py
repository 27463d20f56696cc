"""Saves session files and is killed while it does, again and again, for `test_kill`.

Run as `python -m tests.sessions.writer_process RUN FILE KILLS SEED`: children of this process save
until it kills them; it reads the file after each and prints what it found.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from aeviz.runs.atomic import SaveError
from aeviz.sessions import file
from tests.sessions.making import number_of, numbered

LONGEST = 0.012
"""Seconds after the first save at which a child is killed at the latest; a save takes a few ms."""


def save_on(path: Path, run: Path, first: int, told: int) -> None:
    """Save one state after another, and say of each that it is on the disk."""
    number = first
    while True:
        file.save(path, run, numbered(number))
        os.write(told, number.to_bytes(8, "big"))
        number += 1


def kill_one(path: Path, run: Path, first: int, delay: float) -> int:
    """Let a child save, kill it; returns the last number that it had promised, or `first` - 1."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            save_on(path, run, first, writing)
        except SaveError:
            os._exit(1)
    os.close(writing)
    heard = os.read(reading, 8)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child ended by itself"
    while rest := os.read(reading, 2**16):
        heard += rest
    os.close(reading)
    whole = len(heard) // 8
    return int.from_bytes(heard[8 * (whole - 1) : 8 * whole], "big") if whole else first - 1


def main(run: Path, path: Path, kills: int, seed: int) -> None:
    chance, number = random.Random(seed), 0
    promised = -1
    for _ in range(kills):
        promised = kill_one(path, run, number, chance.uniform(0, LONGEST))
        found = number_of(path)
        assert found in (promised, promised + 1), f"{found} is there, {promised} was promised"
        number = found + 1
    print(kills, "kills,", number, "saves")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
