"""Lets saving fail: a disk that is full after so many bytes, calls to the system that fail.

Run as `python -m tests.robustness.harming HOW KIND NUMBER FOLDER`: prints a line of JSON. Every
trial is a process of its own, forked from one that has everything imported.
"""

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.robustness.saving import KINDS, Kind

CALLS = ("open", "write", "fsync", "replace", "ftruncate", "mkdir", "close")
CODES = (
    errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EMFILE, errno.EINTR,
)  # fmt: skip
LEAST = 2**12
"""Bytes of the files that are gone once something is saved, such as the lock."""

NAMED = 10


@dataclass
class Harm:
    """What became of a file whose saving failed.

    Attributes:
        trials: How often it was made to fail.
        told: How often that was said in a sentence that names the place.
        saved: How often the new file was saved all the same.
        wrong: What must not be: swallowed, without a name, a file neither old nor new, in words.
        seconds: How long it took.
    """

    trials: int = 0
    told: int = 0
    saved: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def harm(how: str, name: str, number: int, folder: Path) -> Harm:
    """In a process of its own, which forks; `number` as `fill` and `fail` take it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.robustness.harming", how, name, str(number), folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Harm(**json.loads(done.stdout.splitlines()[-1]))


def fill(kind: Kind, folder: Path, points: int) -> Harm:
    """The disk is full at so many points between nothing and half as much again as a file takes."""
    before = sizes(folder)
    forked(lambda: saving(kind, folder, 1, nullcontext(lambda: False)))
    after = sizes(folder)
    written = [size for path, (size, _) in after.items() if before.get(path) != after[path]]
    most = max(LEAST, *written)
    found, last = Harm(), kind.read(folder)
    for budget in sorted({round(1.5 * most * point / points) for point in range(points)}):
        trial = forked(
            lambda budget=budget, last=last: saving(kind, folder, last + 1, full(budget))
        )
        last = judge(kind, folder, last, trial, found, f"{budget} bytes")
    return found


def sizes(folder: Path) -> dict[Path, tuple[int, int]]:
    """Of every file, and when it was changed."""
    files = [(path, path.stat()) for path in folder.rglob("*") if path.is_file()]
    return {path: (status.st_size, status.st_mtime_ns) for path, status in files}


def fail(kind: Kind, folder: Path, step: int) -> Harm:
    """The first, second, third … call to the system fails, with every `step`-th error."""
    found, last = Harm(), 0
    for code in CODES[::step]:
        at, struck = 0, True
        while struck:
            at += 1
            faults = Faults(at, code)
            trial = forked(
                lambda faults=faults, last=last: saving(kind, folder, last + 1, faults.installed())
            )
            struck = trial["struck"]
            if struck:
                what = f"call {at}, {errno.errorcode[code]}"
                last = judge(kind, folder, last, trial, found, what)
            else:
                last += 1
    return found


HOW: dict[str, Callable[[Kind, Path, int], Harm]] = {"fill": fill, "fail": fail}


class Faults:
    """Counts the calls to the system and lets the `at`-th fail."""

    def __init__(self, at: int, code: int) -> None:
        self.at, self.code, self.count = at, code, 0

    @contextmanager
    def installed(self) -> Iterator[Callable[[], bool]]:
        """While it is, calls are counted; gives what says whether one has failed."""
        before = {name: getattr(os, name) for name in CALLS}
        for name, call in before.items():
            setattr(os, name, self._counting(call))
        try:
            yield lambda: self.count >= self.at
        finally:
            for name, call in before.items():
                setattr(os, name, call)

    def _counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self.at:
                raise OSError(self.code, os.strerror(self.code))
            return call(*arguments, **named)

        return counted


@contextmanager
def full(budget: int) -> Iterator[Callable[[], bool]]:
    """No file may be longer; the system then says so as it does when a disk is full."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (budget, before[1]))
    try:
        yield lambda: True
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def forked(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a forked process gives."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, json.dumps(work()).encode())
        except Exception as error:  # noqa: BLE001 - nothing may go on in the parent's code
            words = f"and again {type(error).__name__}: {error}"
            os.write(writing, json.dumps({"said": words, "struck": True}).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        words = pipe.read()
    found: dict[str, Any] = json.loads(words) if words else {"said": "it died", "struck": True}
    return found


def saving(kind: Kind, folder: Path, number: int, harmed: Any) -> dict[str, Any]:
    """Save while it is harmed, and again while it is not: that has to succeed."""
    save, said = kind.open(folder), None
    with harmed as struck:
        try:
            save(number)
        except Exception as error:  # noqa: BLE001 - what it is is looked at
            said = f"{type(error).__name__}: {error}"
        was_struck = struck()
    found = {"said": said, "struck": was_struck, "number": kind.read(folder)}
    if said is not None:
        save(number)
        found["again"] = kind.read(folder)
    return found


def judge(
    kind: Kind, folder: Path, last: int, trial: dict[str, Any], found: Harm, what: str
) -> int:
    """Note a trial; returns the number that stands there."""
    found.trials += 1
    said, there = trial["said"], trial.get("number")
    if there not in (last, last + 1):
        found.wrong.append(f"{what}: {there} stands there after {last}; {said}")
    elif said is None and there != last + 1:
        found.wrong.append(f"{what}: nothing was said, and nothing saved")
    elif said is not None and (str(folder) not in said or trial["again"] != last + 1):
        found.wrong.append(f"{what}: {said}; again {trial['again']}")
    elif said is None:
        found.saved += 1
    else:
        found.told += 1
    found.wrong = found.wrong[:NAMED]
    return kind.read(folder)


if __name__ == "__main__":
    which, name_of, width, where = sys.argv[1:]
    began = time.monotonic()
    KINDS[name_of].begin(Path(where))
    result = HOW[which](KINDS[name_of], Path(where), int(width))
    result.seconds = time.monotonic() - began
    print(json.dumps(asdict(result)), flush=True)
    os._exit(0)
