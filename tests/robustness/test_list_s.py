"""List S, saving: what `lists.ITEMS` does not find among the other tests. See RELIABILITY.md."""

import ast
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aeviz
from aeviz.cli import main
from aeviz.export.latents import Encoded
from aeviz.runs.atomic import SaveError, write_bytes
from aeviz.runs.metrics import EpochLine, best_epoch
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder
from aeviz.runs.writer import RunWriter
from tests.robustness.harming import harm
from tests.robustness.saving import KINDS
from tests.runs.making import check_epochs, make_run, make_writer, temporary_files, write_epoch

ROOT = Path(__file__).parents[2]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, and limits of POSIX")


# ── S04, S06, S07: what fails is told, and succeeds the next time ─────────────────────────────


@needs_fork
@pytest.mark.parametrize("points", [8, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", KINDS)
def test_s04_a_disk_that_is_full_at_any_byte_leaves_the_old_file(
    name: str, points: int, tmp_path: Path
) -> None:
    found = harm("fill", name, points, tmp_path)
    assert not found.wrong, found.wrong
    assert found.trials > points / 2
    assert found.told > 0
    assert found.saved > 0


@needs_fork
@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", KINDS)
def test_s06_s07_whichever_call_fails_is_told_and_a_second_try_succeeds(
    name: str, step: int, tmp_path: Path
) -> None:
    found = harm("fail", name, step, tmp_path)
    assert not found.wrong, found.wrong
    assert found.trials > 7


# ── S05: nobody writes past the one writer ────────────────────────────────────────────────────

WRITERS = {
    "write_text", "savez", "savez_compressed", "tofile", "QSaveFile", "savetxt", "save_file",
    "open_memmap", "mkstemp", "NamedTemporaryFile",
}  # fmt: skip
"""Calls that write files, as do `path.write_bytes`, and `open` with flags or a mode for it."""

ALLOWED = {
    "runs/atomic.py": "is the writer",
    "runs/metrics.py": "appends one line, and brings it to the disk",
    "runs/lock.py": "takes a dead holder's lock over in its place",
    "runs/progress.py": "what is lost says where a training stands between two epochs",
    "gui/exporting.py": "is the writer of the window, which knows no run folders",
    "gui/kept_settings.py": "a copy in a folder for temporary files",
    "data/reader.py": "arrays on their way from a child process",
    "data/pictures/assembling.py": "an array that takes its place once it is whole",
    "data/pictures/kept.py": "facts that take their place with their array",
    "data/mapped.py": "arrays larger than memory, in a file that goes with them",
    "data/fetching.py": "a download, which takes its place once its hash is right",
    "compute/outside.py": "what a training in another process prints",
    "compute/child.py": "nothing is written into the null device",
    "compute/entries.py": "makes files of the program itself, before it is packed",
    "cli/verbs.py": "the log of a crash",
    "process/crash.py": "the log of a crash, which must not need anything that works",
}
"""Where else a file is written, and why."""

IN_MEMORY = {"buffer", "stream"}
"""What numpy's writers are given instead of a path."""


def writing(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that write into a file by its path."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = method or ast.unparse(node.func)
        first = ast.unparse(node.args[0]) if node.args else ""
        if (
            (name in WRITERS and first not in IN_MEMORY)
            or method == "write_bytes"
            or (name in ("open", "fdopen") and is_for_writing(node))
        ):
            yield node


def is_for_writing(call: ast.Call) -> bool:
    words = [each.value for each in call.args if isinstance(each, ast.Constant)]
    modes = [word for word in words if isinstance(word, str) and len(word) < 4]
    return any(set(mode) & set("wax+") for mode in modes) or "O_WRONLY" in ast.unparse(call)


def test_s05_every_file_is_written_by_the_one_writer() -> None:
    found = {
        path.relative_to(ROOT / "aeviz").as_posix(): [ast.unparse(call)[:80] for call in calls]
        for path in sorted((ROOT / "aeviz").rglob("*.py"))
        if (calls := [*writing(ast.parse(path.read_text(encoding="utf-8")))])
    }
    assert not {path: calls for path, calls in found.items() if path not in ALLOWED}


# ── S08, S09: places ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("there", ["gone", "a file"])
def test_s08_a_folder_that_goes_during_a_run_is_told_and_nothing_lost(
    there: str, tmp_path: Path
) -> None:
    writer = make_writer(tmp_path / "run")
    write_epoch(writer, 0)
    (tmp_path / "run").rename(tmp_path / "kept")
    if there == "a file":
        (tmp_path / "run").write_text("not a folder")
    with pytest.raises((SaveError, RunError), match=str(tmp_path / "run")):
        write_epoch(writer, 1)
    assert check_epochs(tmp_path / "kept") == [0]
    if there == "a file":
        (tmp_path / "run").unlink()
    (tmp_path / "kept").rename(tmp_path / "run")
    write_epoch(writer, 1)
    writer.set_status("stopped")
    writer.close()
    assert check_epochs(tmp_path / "run") == [0, 1]


def test_s08_a_folder_that_may_not_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)  # what others than root are told
        with pytest.raises(SaveError, match=rf"{tmp_path}.*Permission denied"):
            write_bytes(tmp_path / "file", b"x")


@pytest.mark.parametrize("place", ["missing", "a file"])
def test_s09_a_folder_for_temporary_files_is_not_needed(place: str, tmp_path: Path) -> None:
    if place == "a file":
        (tmp_path / place).write_text("")
    code = (
        "import sys, aeviz\n"
        "aeviz.train('digits', 'linear', epochs=1, out=sys.argv[1], progress=False)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "run")],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / place)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert RunFolder.open(tmp_path / "run").epochs


def test_s09_the_temporary_file_lies_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []
    replace = os.replace

    def watch(source: Path, target: Path) -> None:
        seen.append(Path(source).parent)
        replace(source, target)

    monkeypatch.setattr(os, "replace", watch)
    write_bytes(tmp_path / "file", b"x")
    assert seen == [tmp_path]


# ── S10: names ────────────────────────────────────────────────────────────────────────────────

NAMES = (
    "-rf",
    "two\nlines",
    "dot.",
    "space ",
    "CON",
    "aux.txt",
    "%s{0}",
    "ü\u202eñ",
    "\udcff\udcfe",
)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_s10_any_name_that_the_system_takes_is_written(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    make_run(path, 2)
    assert check_epochs(path) == [0, 1]
    Encoded(np.zeros((2, 2), np.float32), np.arange(2)).save(path / f"{name}.csv")
    assert (path / f"{name}.csv").exists()


def test_s10_a_folder_whose_name_begins_with_a_dash_is_trained_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["train", "--data", "digits", "--model", "linear", "--epochs", "1", "--out=-run"]
    assert main(words) == 0
    assert check_name(tmp_path / "-run")


def check_name(path: Path) -> bool:
    return bool(RunFolder.open(path).epochs)


@pytest.mark.parametrize("name", ["x" * 256, "y/" * 2100 + "z"], ids=["long", "deep"])
def test_s10_a_name_that_cannot_be_is_refused_before_any_work(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    words = ["train", "--data", "digits", "--epochs", "1", "--out", str(tmp_path / name)]
    assert main(words) in (1, 2)
    assert "File name too long" in capsys.readouterr().err
    assert time.monotonic() - began < 20
    assert not list(tmp_path.iterdir())


# ── S12 to S17 ────────────────────────────────────────────────────────────────────────────────


def test_s12_a_run_is_never_written_over(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 2)
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="is not empty"):
        aeviz.train("digits", "linear", epochs=1, out=tmp_path / "run", progress=False)
    assert {path: path.read_bytes() for path in before} == before


def test_s13_saves_at_the_same_time_leave_one_of_them_whole(tmp_path: Path) -> None:
    path, contents = tmp_path / "file", [bytes([number]) * 50_000 for number in range(4)]

    def save(content: bytes) -> None:
        for _ in range(25):
            write_bytes(path, content)

    threads = [threading.Thread(target=save, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert not path.exists() or path.read_bytes() in contents
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert not temporary_files(tmp_path)


@pytest.mark.parametrize("now", [0.0, 1e9, 4e9])
def test_s14_a_clock_that_jumps_changes_neither_order_nor_durations(
    now: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(range(0, 10**9, 100_000))
    monkeypatch.setattr(time, "time", lambda: now - next(times))
    run = aeviz.train("digits", "linear", epochs=2, out=tmp_path / "run", progress=False)
    lines = RunFolder.open(run.path).epochs
    assert [line.epoch for line in lines] == [0, 1, 2]
    assert all(0 <= line.seconds < 60 for line in lines)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_s16_an_epoch_without_a_loss_is_never_the_best(value: float) -> None:
    lines = [
        EpochLine(epoch, epoch, 1.0, 1e-3, {"validation_loss": loss}, (), {})
        for epoch, loss in enumerate([3.0, 1.0, value, 2.0])
    ]
    assert best_epoch(lines) == 1


def test_s17_very_many_epochs_are_few_files(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run", weights_budget=1e-6, latents_budget=1e-6) as writer:
        for epoch in range(60):
            write_epoch(writer, epoch)
        writer.set_status("finished")
    run = RunFolder.open(tmp_path / "run")
    assert len(run.epochs) == 60
    assert len([path for path in run.path.rglob("*") if path.is_file()]) < 40


def test_s15_a_crash_between_new_and_old_leaves_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aeviz.runs import checkpoint

    path = make_run(tmp_path / "run", 1, "stopped")
    with RunWriter.reopen(path) as writer:
        for at in range(1, 40):
            with monkeypatch.context() as patched:
                stop_at(patched, at)
                try:
                    writer.write_checkpoint({"state.bin": bytes([at]) * 10})
                except KeyboardInterrupt:
                    assert checkpoint.read_checkpoint(path) is not None
                    continue
            break
    assert at > 5
    shutil.rmtree(path)


def stop_at(patched: pytest.MonkeyPatch, at: int) -> None:
    """Ends the program at the `at`-th call that changes the disk."""
    left = [at]
    for name in ("open", "replace", "unlink", "fsync"):
        call = getattr(os, name)

        def counted(*arguments: Any, call: Any = call, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return call(*arguments, **named)

        patched.setattr(os, name, counted)
