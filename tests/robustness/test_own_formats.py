"""Damaged files of a run and of a session: refused by name, or nothing of them is believed."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz.runs.checkpoint import read_checkpoint
from aeviz.runs.control import ControlReader, ask
from aeviz.runs.notes import read_notes, write_notes
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder
from aeviz.sessions.archive import SessionError
from aeviz.sessions.file import read as read_session
from aeviz.sessions.file import save as save_session
from aeviz.sessions.file import to_bytes
from tests.robustness.mutations import mutations
from tests.runs.making import make_run
from tests.sessions.making import make_shown

SESSION = "session.aeviz"

COUNT, MANY = 200, 100_000
"""Damaged contents of every kind of file, and what the slow suite tries: others."""

SLICES = 20
"""Of the slow suite, each with a seed of its own."""


def fingerprint(value: Any) -> str:
    """What a value is, in a few characters."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}{hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{fingerprint(value[key])}" for key in sorted(value)) + "}"
    return repr(value)


def everything(root: Path) -> str:
    """All that a run folder says, as a view reads it."""
    run = RunFolder.open(root)
    shown = [run.index, run.labels, run.parts, run.samples]
    epochs = [(line, run.latents(line.epoch), run.weights(line.epoch)) for line in run.epochs]
    parts = [fingerprint(each) for row in epochs for each in row]
    notices = "notice" if run.notices else ""
    return "|".join([repr(vars(run.info)), *map(fingerprint, shown), *parts, notices])


def checkpoint(root: Path) -> str:
    return fingerprint(read_checkpoint(root) or {})


def notes(root: Path) -> str:
    return fingerprint(read_notes(root))


def control(root: Path) -> str:
    asked = ControlReader(root).read() or {}
    return fingerprint({key: asked[key] for key in asked if key in ("pause", "stop", "turn")})


def session(root: Path) -> str:
    try:
        return hashlib.sha256(to_bytes(read_session(root / SESSION))).hexdigest()
    except SessionError as error:
        raise RunError(str(error)) from error


FILES: dict[str, Callable[[Path], str]] = {
    "run.json": everything,
    "metrics.jsonl": everything,
    "manifest.json": everything,
    "samples.npy": everything,
    "latents/index.npy": everything,
    "latents/epoch-00001.npy": everything,
    "weights/epoch-00001.safetensors": everything,
    "checkpoint/index.json": checkpoint,
    "checkpoint/*-state.bin": checkpoint,
    "notes.json": notes,
    "control.json": control,
    SESSION: session,
}
"""Files of a run folder and one of a session, and what reads them."""


LOGGED = ("notes.json", "control.json")
"""Those that are left out with a line in the log."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound_run(tmp_path_factory.mktemp("sound") / "run")


def sound_run(path: Path) -> Path:
    """A run folder with every kind of file in it."""
    root = make_run(path, 3)
    groups = [{"name": "left", "samples": [1, 2, 5]}, {"name": "right", "samples": [3]}]
    write_notes(root, {"groups": groups, "attributes": []})
    ask(root, pause=True, turn={"beta": 4.0})
    save_session(root / SESSION, root, make_shown())
    return root


def outcome(read: Callable[[Path], str], root: Path, name: str, sound: str) -> str:
    """What became of a damaged file: "refused", "left out", "harmless", or what must not be."""
    try:
        found = read(root)
    except RunError as error:
        return "refused" if str(root) in str(error) else f"does not name the file: {error}"
    except Exception as error:  # noqa: BLE001 - any other is a defect, and says which
        return f"{type(error).__name__}: {error}"
    if found == sound:
        return "harmless"
    is_told = found.endswith("notice") or found == "{}"
    return "left out" if is_told else f"believed: {found[:200]}"


def try_all(made: Path, folder: Path, name: str, count: int, seed: int) -> Counter[str]:
    """Damage one file of a copy of the run again and again."""
    root, read = folder / "run", FILES[name]
    shutil.copytree(made, root)
    file = next(iter(root.glob(name)))
    content, sound = file.read_bytes(), read(root)
    outcomes: Counter[str] = Counter()
    for damaged in mutations(content, count, seed):
        file.write_bytes(damaged)
        outcomes[outcome(read, root, name, sound)] += 1
    return outcomes


def check(outcomes: Counter[str], name: str, count: int) -> None:
    assert set(outcomes) <= {"refused", "left out", "harmless"}, outcomes
    assert outcomes.total() == count
    # Of the manifest most bytes are hashes of other files, which it is not asked for.
    assert outcomes["harmless"] < count / 2 or name == "manifest.json", outcomes


@pytest.mark.parametrize("name", FILES)
def test_no_damage_to_a_run_folder_is_believed(
    name: str,
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: list[str],
) -> None:
    expect_log += [name] if name in LOGGED else []
    monkeypatch.setattr("aeviz.runs.info.PATIENCE", 0.0)  # nobody is writing here
    check(try_all(made, tmp_path, name, COUNT, seed=0), name, COUNT)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, SLICES + 1))
@pytest.mark.parametrize("name", FILES)
def test_no_damage_of_very_many_is_believed(
    name: str,
    seed: int,
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: list[str],
) -> None:
    expect_log += [name] if name in LOGGED else []
    monkeypatch.setattr("aeviz.runs.info.PATIENCE", 0.0)
    count = MANY // SLICES
    check(try_all(made, tmp_path, name, count, seed), name, count)
