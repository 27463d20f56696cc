"""The whole program: open, point, scrub, train, quit while busy."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDockWidget
from pytestqt.qtbot import QtBot

from aeviz.gui.data_preview import DataPreview
from aeviz.gui.sweep import sweep_of
from aeviz.program import Program
from tests.e2e.hands import is_of

pytestmark = pytest.mark.e2e

SETTINGS = {
    "data": {"name": "digits"},
    "model": {"name": "vae", "widths": [16]},
    "train": {"epochs": 200},
}


def open_run(program: Program, path: Path, qtbot: QtBot) -> None:
    program.session.open_run(str(path))
    qtbot.waitUntil(lambda: program.session.last_epoch == 4, timeout=20_000)


def wait_for_engine(program: Program, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: program.session.can_decode, timeout=30_000)


def test_a_pinned_latent_is_decoded_by_the_shown_epoch(
    program: Program, small_run: Path, qtbot: QtBot
) -> None:
    open_run(program, small_run, qtbot)
    wait_for_engine(program, qtbot)
    session = program.session
    seen = {}
    for epoch in (0, 4):
        session.set_playhead(float(epoch))
        is_ours = is_of("test")
        with qtbot.waitSignal(session.decoded, timeout=10_000, check_params_cb=is_ours) as blocker:
            session.decode("test", np.zeros((1, 2), np.float32))
        seen[epoch] = blocker.args[0]
        assert seen[epoch].epoch == epoch
    assert not np.array_equal(seen[0].values, seen[4].values)


def test_training_from_the_window_shows_its_epochs(program: Program, qtbot: QtBot) -> None:
    session = program.session
    session.train(SETTINGS)
    qtbot.waitUntil(lambda: session.last_epoch >= 3, timeout=30_000)
    assert session.run is not None
    assert session.is_training
    session.stop()
    qtbot.waitUntil(lambda: not session.is_training, timeout=10_000)
    assert (Path(session.run.path) / "run.json").is_file()


def test_quitting_while_training_and_decoding_leaves_nothing(
    program: Program, small_run: Path, qtbot: QtBot
) -> None:
    session = program.session
    session.train(SETTINGS)
    qtbot.waitUntil(lambda: session.last_epoch >= 1, timeout=30_000)
    for _ in range(50):
        session.decode("test", np.zeros((100, 2), np.float32))
    program.window.close()
    assert not program.window.isVisible()
    assert not [t for t in threading.enumerate() if t.name.startswith("aeviz-")]
    program.shutdown()


def test_an_own_table_is_looked_at_used_and_trained(
    program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "own.csv"
    rows = np.random.default_rng(0).normal(size=(60, 4)).round(3)
    lines = [f"{','.join(map(str, row))},{'xy'[n % 2]}" for n, row in enumerate(rows)]
    path.write_text("\n".join(["u;v;w;t;kind", *lines]).replace(",", ";").replace(".", ","))
    program.open(str(path))
    qtbot.waitUntil(lambda: bool(program.window.findChildren(DataPreview)), timeout=20_000)
    dialog = program.window.findChildren(DataPreview)[0]
    qtbot.waitUntil(lambda: dialog.use.isEnabled(), timeout=20_000)
    dialog.use.click()
    program.window.plan.set_values("train", {"epochs": 2})
    wait_for_engine(program, qtbot)
    program.session.train(program.window.plan.settings())
    qtbot.waitUntil(lambda: program.session.run.title.endswith("own"), timeout=30_000)
    qtbot.waitUntil(lambda: program.session.last_epoch >= 1, timeout=30_000)
    run = program.session.run
    assert run is not None
    assert run.feature_names == ("u", "v", "w", "t")
    assert run.class_names == ("x", "y")


def test_a_folder_that_is_no_run_is_a_sentence(
    program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(program.session.failed, timeout=20_000) as blocker:
        program.session.open_run(str(tmp_path))
    assert "run.json" in blocker.args[0].summary


def test_an_exception_that_nobody_caught_is_told_in_the_window(
    program: Program, qtbot: QtBot, expect_log: list[str]
) -> None:
    expect_log.append("half of it")
    with qtbot.waitSignal(program.session.failed, timeout=5_000) as blocker:
        program.reporter.report(ValueError, ValueError("half of it"), None)
    assert "half of it" in blocker.args[0].summary


def test_every_dock_is_there(program: Program, qtbot: QtBot) -> None:
    names = {dock.objectName() for dock in program.window.findChildren(QDockWidget)}
    assert {"training", "log", "cursor"} <= names


def test_a_grid_that_waits_for_the_map_to_rest_ends_with_the_program(
    program: Program, small_run: Path, qtbot: QtBot
) -> None:
    open_run(program, small_run, qtbot)
    wait_for_engine(program, qtbot)
    sweep = sweep_of(program.session)
    program.session.layers.show("grid")
    sweep.set_region((-1.0, 1.0, -1.0, 1.0))
    timers = program.session.findChildren(QTimer)
    assert any(timer.isActive() for timer in timers)
    program.shutdown()
    assert not any(timer.isActive() for timer in timers)
