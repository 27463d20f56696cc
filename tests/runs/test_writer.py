import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz import __version__
from aeviz.runs import checkpoint, control, writer
from aeviz.runs.checkpoint import read_checkpoint
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder, ask
from aeviz.runs.schema import (
    CHECKPOINT,
    CONTROL,
    LATENTS,
    LOCK,
    MANIFEST,
    METRICS,
    RUN_JSON,
    SAMPLES,
    WEIGHTS,
    latents_file,
    weights_file,
)
from aeviz.runs.thinning import to_remove
from aeviz.runs.writer import RunWriter
from tests.runs.making import (
    SHOWN,
    check_epochs,
    latents_of,
    make_info,
    make_run,
    make_writer,
    temporary_files,
    weights_of,
    write_epoch,
)


def create(path: Path, **changed: Any) -> RunWriter:
    given: dict[str, Any] = {
        "index": np.arange(SHOWN),
        "labels": None,
        "parts": np.zeros(SHOWN, np.uint8),
        "samples": None,
    }
    return RunWriter.create(path, make_info(), **{**given, **changed})


# ── beginning ─────────────────────────────────────────────────────────────────────────────────


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = make_run(tmp_path / "deep" / "run", 3)
    assert check_epochs(path) == [0, 1, 2]
    run = RunFolder.open(path)
    assert run.status == "finished"
    assert run.info.settings == make_info().settings
    assert run.info.aeviz == __version__
    assert run.info.created
    assert run.labels is not None
    assert run.labels.tolist() == [n % 3 - 1 for n in range(SHOWN)]
    assert run.parts.tolist() == [n % 2 for n in range(SHOWN)]
    line = run.epochs[2]
    assert (line.epoch, line.step, line.seconds, line.lr) == (2, 20, 0.5, 1e-3)
    assert line.metrics == {"loss": 1 / 3, "validation_loss": 2 / 3}
    assert not temporary_files(path)


def test_the_folder_has_the_documented_files_and_no_lock_is_left(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 2)
    assert set(os.listdir(path)) == {
        *(RUN_JSON, METRICS, SAMPLES, MANIFEST),
        *(LATENTS, WEIGHTS, CHECKPOINT),
    }
    assert set(os.listdir(path / LATENTS)) == {
        *("index.npy", "labels.npy", "part.npy"),
        *("epoch-00000.npy", "epoch-00001.npy"),
    }


def test_the_manifest_names_every_file(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 2)
    files = json.loads((path / MANIFEST).read_text())["files"]
    there = {str(file.relative_to(path).as_posix()) for file in path.rglob("*") if file.is_file()}
    assert set(files) == there - {MANIFEST}
    for name, digest in files.items():
        assert writer.write_bytes(tmp_path / "copy", (path / name).read_bytes()) == digest


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    create(tmp_path).close()
    assert RunFolder.open(tmp_path).labels is None


@pytest.mark.parametrize("name", ["run.json", "holiday.jpg"])
def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(RunError, match=f"not empty.*--resume {tmp_path}"):
        create(tmp_path)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_writer_that_came_first_keeps_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path / "run", 2)
    monkeypatch.setattr(writer.folder, "make_empty", lambda path: False)
    with pytest.raises(RunError, match="not empty"):
        create(tmp_path / "run")
    assert check_epochs(tmp_path / "run") == [0, 1]
    assert not (tmp_path / "run" / LOCK).exists()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(RunError, match="is a file"):
        create(tmp_path / "run")


@pytest.mark.parametrize(
    "wrong",
    [{"parts": np.zeros(3)}, {"labels": np.zeros((SHOWN, 2))}, {"samples": np.array([{}] * SHOWN)}],
)
def test_what_fails_before_the_first_epoch_leaves_no_folder(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValueError):
        create(tmp_path / "run", **wrong)
    assert os.listdir(tmp_path) == []


def test_a_run_without_an_epoch_can_be_discarded_and_no_other(tmp_path: Path) -> None:
    begun = make_writer(tmp_path / "run")
    begun.discard()
    begun.close()
    assert os.listdir(tmp_path) == []
    with make_writer(tmp_path / "run") as begun:
        write_epoch(begun, 0)
        with pytest.raises(ValueError, match="holds epochs"):
            begun.discard()
    assert check_epochs(tmp_path / "run") == [0]


def test_what_somebody_put_into_the_folder_survives_its_discarding(tmp_path: Path) -> None:
    begun = make_writer(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    begun.discard()
    assert os.listdir(tmp_path / "run") == ["notes.txt"]


def test_samples_are_cut_to_their_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SAMPLES_BUDGET", 30)
    with make_writer(tmp_path / "run"):
        samples = RunFolder.open(tmp_path / "run").samples
    assert samples is not None
    assert samples.shape == (5, 2, 3, 1)
    assert samples.ravel().tolist() == list(range(30))


# ── epochs ────────────────────────────────────────────────────────────────────────────────────


def test_latents_of_the_wrong_shape_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run") as begun:
        for wrong in (np.zeros((SHOWN + 1, 2)), np.zeros(SHOWN), np.zeros((SHOWN, 2, 1))):
            with pytest.raises(ValueError, match=rf"must be \({SHOWN}, D\)"):
                write_epoch(begun, 0, latents=wrong)
        assert begun.epochs == []


def test_latents_of_any_dimension_are_kept(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run") as begun:
        write_epoch(begun, 0, latents=np.ones((SHOWN, 40), np.float32))
        assert RunFolder.open(tmp_path / "run").latents(0).shape == (SHOWN, 40)


def test_an_epoch_that_is_done_again_replaces_it_and_all_later_ones(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 5, "stopped")
    with RunWriter.reopen(path) as again:
        write_epoch(again, 2, events=["done again"])
    assert check_epochs(path) == [0, 1, 2]
    assert RunFolder.open(path).epochs[2].events == ("done again",)
    assert RunFolder.open(path).weights_epochs == {0, 1, 2}


def test_going_on_adds_epochs_and_changes_the_status_with_the_first(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 2)
    with RunWriter.reopen(path) as again:
        assert [line.epoch for line in again.epochs] == [0, 1]
        assert again.read_checkpoint() == {"state.bin": b"state", "index.txt": b""}
        assert RunFolder.open(path).status == "finished"
        write_epoch(again, 2)
        assert RunFolder.open(path).status == "training"
        again.set_status("finished")
    assert check_epochs(path) == [0, 1, 2]


def test_going_on_with_nothing_to_do_changes_nothing(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 2)
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    RunWriter.reopen(path).close()
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 2, "training")
    left = [
        *(path / ".tmp-aa", path / LATENTS / ".tmp-bb", path / CHECKPOINT / ".tmp-cc"),
        *(path / latents_file(2), path / weights_file(7), path / CHECKPOINT / "old-state.bin"),
    ]
    for file in left:
        file.write_bytes(b"left")
    with (path / METRICS).open("ab") as lines:
        lines.write(b'{"epoch": 2, "st')
    with RunWriter.reopen(path) as again:
        assert not [file for file in left if file.exists()]
        write_epoch(again, 2)
    assert check_epochs(path) == [0, 1, 2]
    assert read_checkpoint(path) == {"state.bin": b"state", "index.txt": b""}


def test_keys_of_a_later_version_stay_when_the_run_is_written_again(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1, "training")
    row = json.loads((path / RUN_JSON).read_text())
    row["later"] = {"a": [1, None, "ü"]}
    (path / RUN_JSON).write_text(json.dumps(row))
    with RunWriter.reopen(path) as again:
        again.set_status("stopped", "stopped at epoch 0")
    row = json.loads((path / RUN_JSON).read_text())
    assert row["later"] == {"a": [1, None, "ü"]}
    assert (row["status"], row["reason"]) == ("stopped", "stopped at epoch 0")


def test_a_second_writer_is_refused_and_the_first_not_disturbed(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run") as first:
        write_epoch(first, 0)
        with pytest.raises(RunError, match=f"process {os.getpid()} on "):
            RunWriter.reopen(tmp_path / "run")
        write_epoch(first, 1)
    assert check_epochs(tmp_path / "run") == [0, 1]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
@pytest.mark.parametrize("folder", [LATENTS, WEIGHTS, CHECKPOINT])
def test_nothing_is_written_or_removed_through_a_link(tmp_path: Path, folder: str) -> None:
    path, outside = make_run(tmp_path / "run", 2), tmp_path / "outside"
    (path / folder).rename(outside)
    (outside / ".tmp-mine").write_text("mine")
    before = sorted(os.listdir(outside))
    (path / folder).symlink_to(outside)
    with pytest.raises(RunError, match="symbolic link"):
        RunWriter.reopen(path)
    assert sorted(os.listdir(outside)) == before
    assert not (path / LOCK).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_folder_that_becomes_a_link_during_the_run_is_not_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    with make_writer(tmp_path / "run") as begun:
        write_epoch(begun, 0)
        (tmp_path / "run" / WEIGHTS).rename(outside)
        (tmp_path / "run" / WEIGHTS).symlink_to(outside)
        with pytest.raises(RunError, match="symbolic link"):
            write_epoch(begun, 1)
    assert os.listdir(outside) == ["epoch-00000.safetensors"]


# ── thinning ──────────────────────────────────────────────────────────────────────────────────


def test_thinning_takes_every_second_of_the_older_half_until_it_fits() -> None:
    sizes = dict.fromkeys(range(10), 1)
    assert to_remove(sizes, 10, {0, 9}) == []
    assert to_remove(sizes, 9, {0, 9}) == [1, 3]
    assert to_remove(sizes, 7, {0, 9}) == [1, 2, 3, 5]


def test_what_has_to_stay_stays_whatever_the_budget() -> None:
    assert to_remove(dict.fromkeys(range(10), 1), 0, {0, 4, 9}) == [1, 2, 3, 5, 6, 7, 8]


def test_over_budget_first_best_and_last_stay_and_every_line(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with make_writer(path, weights_budget=1e-9 * 1000, latents_budget=1e-9 * 1500) as begun:
        for epoch in range(20):
            write_epoch(begun, epoch, metrics={"validation_loss": abs(epoch - 7.2)})
    run = RunFolder.open(path)
    assert [line.epoch for line in run.epochs] == list(range(20))
    for kept in (run.weights_epochs, run.latents_epochs):
        assert {0, 7, 19} <= kept
        assert len(kept) < 10
    assert run.best_epoch == 7
    assert sum((path / weights_file(epoch)).stat().st_size for epoch in run.weights_epochs) <= 1000
    assert all(run.weights(epoch)["norm.count"] == epoch for epoch in run.weights_epochs)


def test_thinning_goes_on_after_a_reopening(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 10, "stopped", weights_budget=1e-9 * 1000)
    before = RunFolder.open(path).weights_epochs
    with RunWriter.reopen(path) as again:
        for epoch in range(10, 30):
            write_epoch(again, epoch)
    after = RunFolder.open(path).weights_epochs
    assert {0, 9} <= before
    assert {0, 29} <= after
    assert max(len(before), len(after)) * (path / weights_file(0)).stat().st_size <= 1000


def test_a_reader_at_a_thinned_epoch_is_told_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with make_writer(path, weights_budget=1e-9 * 1000) as begun:
        for epoch in range(4):
            write_epoch(begun, epoch)
        run = RunFolder.open(path)
        assert run.has_weights(1)
        for epoch in range(4, 20):
            write_epoch(begun, epoch)
        with pytest.raises(RunError, match=r"keeps no weights of epoch 1; the nearest.*: 0 and \d"):
            run.weights(1)
        assert not run.has_weights(1)
        run.refresh()
        assert run.weights(run.nearest_weights(1))["norm.count"] == run.nearest_weights(1)


def test_a_file_that_cannot_be_removed_now_is_removed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, unlink = tmp_path / "run", Path.unlink

    def keep(self: Path, missing_ok: bool = False) -> None:
        if self.name == "epoch-00001.safetensors":
            raise PermissionError(13, "in use by a reader")
        unlink(self, missing_ok)

    with make_writer(path, weights_budget=1e-9) as begun:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", keep)
            for epoch in range(5):
                write_epoch(begun, epoch)
        assert RunFolder.open(path).weights_epochs == {0, 1, 4}
        write_epoch(begun, 5)
        assert RunFolder.open(path).weights_epochs == {0, 5}


# ── checkpoint ────────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_replaces_the_one_before_as_a_whole(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run") as begun:
        assert begun.read_checkpoint() is None
        begun.write_checkpoint({"a.bin": b"1", "b.bin": b"2"})
        begun.write_checkpoint({"b.bin": b"3", "c.bin": b""})
        assert begun.read_checkpoint() == {"b.bin": b"3", "c.bin": b""}
    assert len(os.listdir(tmp_path / "run" / CHECKPOINT)) == 3


@pytest.mark.parametrize("name", ["", "..", "../run.json", "a/b", ".hidden", "a\0b", "ä"])
def test_only_plain_names_are_written_into_a_checkpoint(tmp_path: Path, name: str) -> None:
    with make_writer(tmp_path / "run") as begun:
        begun.write_checkpoint({"a.bin": b"old"})
        with pytest.raises(ValueError, match="no plain file name"):
            begun.write_checkpoint({"a.bin": b"new", name: b"x"})
        assert begun.read_checkpoint() == {"a.bin": b"old"}
        assert len(os.listdir(tmp_path / "run" / CHECKPOINT)) == 2


@pytest.mark.parametrize("stored", ["../run.json", "/etc/hostname", "", None, 3])
def test_an_index_that_names_files_elsewhere_is_refused(tmp_path: Path, stored: Any) -> None:
    path = make_run(tmp_path / "run", 1)
    index = {"files": {"state.bin": {"stored": stored, "sha256": "ab"}}}
    (path / checkpoint.INDEX).write_text(json.dumps(index))
    with pytest.raises(RunError, match="not the index of a checkpoint"):
        read_checkpoint(path)


def test_a_damaged_or_missing_part_of_a_checkpoint_is_named(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1)
    state = next(path.joinpath(CHECKPOINT).glob("*-state.bin"))
    state.write_bytes(b"stave")
    with pytest.raises(RunError, match=r"-state\.bin is damaged"):
        read_checkpoint(path)
    state.unlink()
    with pytest.raises(RunError, match=r"-state\.bin is missing"):
        read_checkpoint(path)


def test_a_run_with_a_damaged_checkpoint_can_be_gone_on_with(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1)
    (path / checkpoint.INDEX).write_text("{")
    with RunWriter.reopen(path) as again:
        with pytest.raises(RunError, match="not valid JSON"):
            again.read_checkpoint()
        again.write_checkpoint({"a.bin": b"new"})
        assert again.read_checkpoint() == {"a.bin": b"new"}


# ── what a window asks ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at every call, not twice a second."""
    monkeypatch.setattr(control, "READ_EVERY", 0.0)


def test_what_is_asked_arrives_once(tmp_path: Path, at_once: None) -> None:
    with make_writer(tmp_path / "run") as begun:
        assert begun.control() is None
        ask(begun.path, pause=True)
        assert begun.control() == {"pause": True}
        assert begun.control() is None
        ask(begun.path, pause=False)
        assert begun.control() == {"pause": False}


def test_requests_between_two_looks_are_joined(tmp_path: Path, at_once: None) -> None:
    with make_writer(tmp_path / "run") as begun:
        ask(begun.path, turn={"model.beta": 2.0, "train.lr": 0.1})
        assert begun.control() == {"turn": {"model.beta": 2.0, "train.lr": 0.1}}
        ask(begun.path, turn={"model.beta": 4.0})
        ask(begun.path, pause=True)
        assert begun.control() == {"turn": {"model.beta": 4.0}, "pause": True}


def test_the_file_is_looked_at_twice_a_second_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(control.time, "monotonic", lambda: now)
    with make_writer(tmp_path / "run") as begun:
        assert begun.control() is None
        ask(begun.path, stop=True)
        now += 0.4
        assert begun.control() is None
        now += 0.2
        assert begun.control() == {"stop": True}


def test_what_was_asked_of_an_earlier_writer_is_forgotten(tmp_path: Path, at_once: None) -> None:
    path = make_run(tmp_path / "run", 1)
    ask(path, stop=True)
    with RunWriter.reopen(path) as again:
        assert again.control() is None
        assert not (path / CONTROL).exists()


@pytest.mark.parametrize("content", ["", "[]", '{"stop": NaN}', '{"stop": '])
def test_a_request_that_cannot_be_read_is_ignored_and_logged_once(
    tmp_path: Path, at_once: None, content: str, expect_log: list[str], caplog: Any
) -> None:
    expect_log.append("what a window asks is ignored")
    with make_writer(tmp_path / "run") as begun:
        (begun.path / CONTROL).write_text(content)
        assert begun.control() is None
        assert begun.control() is None
        assert len(caplog.records) == 1
        ask(begun.path, stop=True)
        assert begun.control() == {"stop": True}


def test_only_a_run_can_be_asked(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        ask(tmp_path, stop=True)
    assert os.listdir(tmp_path) == []


def test_weights_and_latents_are_copied_when_they_are_written(tmp_path: Path) -> None:
    latents, weights = latents_of(0), weights_of(0)
    with make_writer(tmp_path / "run") as begun:
        write_epoch(begun, 0, latents=latents, weights=weights)
        latents += 1
        weights["encoder.weight"] += 1
    assert check_epochs(tmp_path / "run") == [0]
