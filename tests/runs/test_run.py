import json
import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz import __version__
from aeviz.runs import info
from aeviz.runs.atomic import array_bytes
from aeviz.runs.checkpoint import read_checkpoint
from aeviz.runs.lock import LOCK
from aeviz.runs.reading import RunError
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import (
    INDEX,
    LABELS,
    MANIFEST,
    METRICS,
    PARTS,
    RUN_JSON,
    SAMPLES,
    latents_file,
    weights_file,
)
from tests.runs.making import SHOWN, check_epochs, make_run, make_writer, write_epoch
from tests.runs.test_lock import dead_process, lay

NEEDS_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


def change_info(path: Path, **changed: Any) -> None:
    row = json.loads((path / RUN_JSON).read_text())
    (path / RUN_JSON).write_text(json.dumps({**row, **changed}))
    (path / MANIFEST).unlink(missing_ok=True)


def without_hashes(path: Path) -> Path:
    change_info(path, files={})
    return path


# ── opening ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["missing", "empty", "file"])
def test_what_is_no_run_is_refused_by_its_path(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=f"{tmp_path / name} .*run"):
        RunFolder.open(tmp_path / name)


def test_a_newer_format_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1)
    change_info(path, format=2, aeviz="9.1.0")
    with pytest.raises(RunError) as caught:
        RunFolder.open(path)
    assert "format 2, written by aeviz 9.1.0" in str(caught.value)
    assert f"this is aeviz {__version__}, which reads formats up to 1" in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"format": "1"}, "format, which must be a whole number"),
        ({"format": None}, "format, which must be a whole number"),
        ({"format": 0}, "format 0"),
        ({"settings": []}, "not valid at 'settings'"),
        ({"status": "hacked"}, "not valid at 'status'"),
        ({"files": {"samples.npy": 3}}, r"not valid at 'files\.samples\.npy'"),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    path = make_run(tmp_path / "run", 1)
    change_info(path, **changed)
    with pytest.raises(RunError, match=said):
        RunFolder.open(path)


def test_a_run_that_has_just_begun_has_no_epochs(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run"):
        run = RunFolder.open(tmp_path / "run")
        assert (run.status, run.epochs) == ("training", [])
        for ask_for in (lambda: run.best_epoch, lambda: run.latents(0)):
            with pytest.raises(RunError, match="no whole epoch yet"):
                ask_for()
        with pytest.raises(RunError, match="keeps no weights yet"):
            run.nearest_weights(0)


def test_reading_writes_nothing(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 2)
    before = {file: file.stat().st_mtime_ns for file in path.rglob("*")}
    check_epochs(path)
    assert {file: file.stat().st_mtime_ns for file in path.rglob("*")} == before


def test_a_run_reached_by_a_link_opens(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1)
    try:
        (tmp_path / "latest").symlink_to(path)
    except OSError:
        pytest.skip("no links here")
    assert check_epochs(tmp_path / "latest") == [0]


def test_the_nearest_epoch_is_the_earlier_of_two(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 6)
    for epoch in (1, 2, 4):
        (path / weights_file(epoch)).unlink()
        (path / latents_file(epoch)).unlink()
    run = RunFolder.open(path)
    assert run.weights_epochs == {0, 3, 5}
    assert not run.has_latents(4)
    assert [run.nearest_weights(epoch) for epoch in range(7)] == [0, 0, 3, 3, 3, 5, 5]
    assert run.nearest_latents(4) == 3
    with pytest.raises(RunError, match="has no epoch 6; its last is 5"):
        run.weights(6)


def test_samples_cannot_be_written_and_outlast_what_happens_to_their_file(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1)
    samples = RunFolder.open(path).samples
    assert samples is not None
    assert not samples.flags.writeable
    before = samples.copy()
    os.truncate(path / SAMPLES, 10)  # a file that is mapped would end the process now
    np.testing.assert_array_equal(samples, before)


def test_no_samples_and_empty_samples_are_both_fine(tmp_path: Path) -> None:
    path = without_hashes(make_run(tmp_path / "run", 1))
    (path / SAMPLES).write_bytes(array_bytes(np.zeros((0, 2, 3, 1), np.uint8)))
    samples = RunFolder.open(path).samples
    assert samples is not None
    assert samples.shape == (0, 2, 3, 1)
    (path / SAMPLES).unlink()
    assert RunFolder.open(path).samples is None


# ── the state of its writer ───────────────────────────────────────────────────────────────────


def test_a_run_that_is_written_is_training_and_ends_with_its_status(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run") as writer:
        run = RunFolder.open(tmp_path / "run")
        assert run.status == "training"
        writer.set_status("stopped", "stopped at epoch 0")
    run.refresh()
    assert (run.status, run.info.reason) == ("stopped", "stopped at epoch 0")


def test_a_run_whose_writer_was_killed_is_interrupted(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1, "training")
    lay(path, dead_process())
    run = RunFolder.open(path)
    assert (run.status, run.info.status) == ("interrupted", "training")
    (path / LOCK).unlink()
    assert RunFolder.open(path).status == "interrupted"


def test_a_run_that_another_computer_writes_is_training(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1, "training")
    lay(path, dead_process(host="cluster7"))
    assert RunFolder.open(path).status == "training"


# ── following ─────────────────────────────────────────────────────────────────────────────────


def test_a_live_run_is_followed_epoch_by_epoch(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run") as writer:
        write_epoch(writer, 0)
        run = RunFolder.open(tmp_path / "run")
        assert [line.epoch for line in run.epochs] == [0]
        assert run.refresh() == []
        for epoch in (1, 2):
            write_epoch(writer, epoch)
        assert [line.epoch for line in run.refresh()] == [1, 2]
        assert run.refresh() == []
        assert run.has_weights(2)
        assert run.latents(2)[0, 0] == 2


def test_a_writer_that_goes_back_is_followed(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run") as writer:
        for epoch in range(4):
            write_epoch(writer, epoch)
        run = RunFolder.open(tmp_path / "run")
        write_epoch(writer, 2, latents=np.zeros((SHOWN, 2), np.float32))
        assert not run.latents(2).any()
        assert [line.epoch for line in run.refresh()] == [2]
        assert [line.epoch for line in run.epochs] == [0, 1, 2]


def test_a_folder_that_goes_and_comes_back_is_followed_on(tmp_path: Path) -> None:
    path, away = make_run(tmp_path / "run", 2), tmp_path / "away"
    run = RunFolder.open(path)
    path.rename(away)
    with pytest.raises(RunError, match="no run folder"):
        run.refresh()
    assert len(run.epochs) == 2
    away.rename(path)
    assert run.refresh() == []
    assert run.weights(1)["norm.count"] == 1


# ── damage ────────────────────────────────────────────────────────────────────────────────────


def read_epochs(path: Path) -> Any:
    run = RunFolder.open(path)
    return [(line, run.latents(line.epoch).tobytes()) for line in run.epochs]


def read_shown(path: Path) -> Any:
    run = RunFolder.open(path)
    assert run.samples is not None
    assert run.labels is not None
    return [array.tobytes() for array in (run.index, run.labels, run.parts, run.samples)]


def read_weights(path: Path) -> Any:
    return [array.tobytes() for array in RunFolder.open(path).weights(1).values()]


FILES: dict[str, Callable[[Path], Any]] = {
    RUN_JSON: lambda path: vars(RunFolder.open(path).info),
    INDEX: read_shown,
    LABELS: read_shown,
    PARTS: read_shown,
    SAMPLES: read_shown,
    latents_file(1): read_epochs,
    weights_file(1): read_weights,
    "checkpoint/index.json": read_checkpoint,
    "checkpoint/state": read_checkpoint,
}


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_never_read_silently(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(info, "PATIENCE", 0.0)
    path = make_run(tmp_path / "run", 2)
    file = next(path.glob("checkpoint/*-state.bin")) if name.endswith("state") else path / name
    good, chance = file.read_bytes(), random.Random(0)
    whole = FILES[name](path)
    for _ in range(25):
        data = bytearray(good)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        file.write_bytes(data)
        with pytest.raises(RunError, match=file.name):
            FILES[name](path)
    file.write_bytes(good)
    assert FILES[name](path) == whole


def test_a_flipped_bit_in_the_metrics_costs_its_epoch_and_is_said(tmp_path: Path) -> None:
    path, chance = make_run(tmp_path / "run", 4), random.Random(1)
    good, lines = (path / METRICS).read_bytes(), RunFolder.open(path).epochs
    for _ in range(60):
        data = bytearray(good)
        data[chance.randrange(len(data) - 1)] ^= 1 << chance.randrange(8)
        (path / METRICS).write_bytes(data)
        run = RunFolder.open(path)
        assert all(line in lines for line in run.epochs)
        assert len(run.epochs) >= 2
        assert run.notices
        assert "metrics.jsonl is damaged at line" in run.notices[0]


def test_a_run_json_that_was_changed_by_hand_says_how_to_accept_it(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1)
    text = (path / RUN_JSON).read_text()
    (path / RUN_JSON).write_text(text.replace("digits", "dogits"))
    with pytest.raises(RunError, match=r"delete manifest\.json to accept"):
        RunFolder.open(path)
    (path / MANIFEST).unlink()
    assert RunFolder.open(path).info.data["name"] == "dogits"


@pytest.mark.parametrize("name", [INDEX, PARTS])
def test_a_missing_array_is_named(tmp_path: Path, name: str) -> None:
    path = make_run(tmp_path / "run", 1)
    (path / name).unlink()
    with pytest.raises(RunError, match=f"{name} is missing"):
        RunFolder.open(path)


# ── folders of strangers ──────────────────────────────────────────────────────────────────────

STATIC = [RUN_JSON, METRICS, INDEX, LABELS, PARTS, SAMPLES, LOCK]


@NEEDS_LINKS
@pytest.mark.parametrize("name", [*STATIC, latents_file(0), weights_file(0)])
@pytest.mark.parametrize("target", ["/dev/zero", "../elsewhere"])
def test_no_file_is_read_through_a_link(tmp_path: Path, name: str, target: str) -> None:
    path = make_run(tmp_path / "run", 1, "training")
    elsewhere = tmp_path / "elsewhere"
    if (path / name).exists():
        (path / name).rename(elsewhere)
    (path / name).symlink_to(target if target.startswith("/") else elsewhere)
    if name == LOCK:
        assert RunFolder.open(path).status == "training"  # nothing is proven about its holder
        return
    with pytest.raises(RunError, match="symbolic link"):
        read_everything(path)


@NEEDS_LINKS
@pytest.mark.parametrize("folder", ["latents", "weights"])
def test_no_folder_is_read_through_a_link(tmp_path: Path, folder: str) -> None:
    path = make_run(tmp_path / "run", 1)
    (path / folder).rename(tmp_path / "elsewhere")
    (path / folder).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="symbolic link"):
        read_everything(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")
@pytest.mark.parametrize("name", [RUN_JSON, METRICS, INDEX, SAMPLES, latents_file(0)])
def test_no_fifo_is_waited_for(tmp_path: Path, name: str) -> None:
    path = make_run(tmp_path / "run", 1)
    (path / name).unlink()
    os.mkfifo(path / name)
    with pytest.raises(RunError, match="not a regular file"):
        read_everything(path)


@pytest.mark.parametrize("name", [RUN_JSON, METRICS, INDEX, SAMPLES, latents_file(0)])
def test_no_huge_file_is_read(tmp_path: Path, name: str) -> None:
    path = make_run(tmp_path / "run", 1)
    try:
        os.truncate(path / name, 20 * 2**30)
    except OSError:
        pytest.skip("no sparse files here")
    with pytest.raises(RunError, match=name.rpartition("/")[2]):
        read_everything(path)


def read_everything(path: Path) -> None:
    run = RunFolder.open(path)
    assert run.samples is not None
    run.latents(0)
    run.weights(0)
    assert run.weights_epochs


@pytest.mark.parametrize(
    ("name", "array"),
    [
        (INDEX, np.arange(SHOWN + 1)),
        (INDEX, np.arange(SHOWN, dtype=np.int32)),
        (LABELS, np.arange(SHOWN - 1)),
        (LABELS, np.zeros((SHOWN, 1), np.int64)),
        (PARTS, np.zeros(SHOWN, np.int64)),
        (SAMPLES, np.zeros((SHOWN + 1, 2, 3, 1), np.uint8)),
        (SAMPLES, np.zeros((SHOWN, 3, 2, 1), np.uint8)),
        (SAMPLES, np.zeros((SHOWN, 2, 3, 1), np.float32)),
        (SAMPLES, np.zeros((SHOWN, 6), np.uint8)),
        (SAMPLES, np.zeros(SHOWN, np.float32)),
        (SAMPLES, np.array("text")),
    ],
)
def test_an_array_of_the_wrong_shape_or_kind_is_refused(
    tmp_path: Path, name: str, array: Any
) -> None:
    path = without_hashes(make_run(tmp_path / "run", 1))
    (path / name).write_bytes(array_bytes(array))
    with pytest.raises(RunError, match=r"\.npy"):
        read_everything(path)


def test_latents_that_change_their_dimension_are_refused(tmp_path: Path) -> None:
    with make_writer(tmp_path / "run") as writer:
        write_epoch(writer, 0)
        write_epoch(writer, 1, latents=np.zeros((SHOWN, 3), np.float32))
    run = RunFolder.open(tmp_path / "run")
    run.latents(0)
    with pytest.raises(RunError, match="3 dimensions, other epochs have 2"):
        run.latents(1)


def test_files_that_no_line_promises_are_not_there(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", 1)
    shutil.copy(path / weights_file(0), path / weights_file(5))
    (path / "weights" / "epoch-99999999999.x").write_text("")
    (path / "weights" / "epoch-..").write_text("")
    assert RunFolder.open(path).weights_epochs == {0}
