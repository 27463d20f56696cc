"""The main job in the real window: choose, train, go back in time, click; quit while busy."""

import threading
import time
from collections.abc import Callable
from multiprocessing import resource_tracker
from pathlib import Path

import numpy as np
import psutil
import pytest
from pytestqt.qtbot import QtBot

import aeviz
from aeviz.gui.image_label import to_image
from aeviz.messages import Decoded, Progress
from aeviz.program import Program
from tests.e2e.hands import (
    bar_of,
    choose,
    click_map,
    cursor_of,
    is_of,
    leave,
    place_on,
    press,
    scrub_to,
    type_into,
)

pytestmark = pytest.mark.e2e

SMALL = {
    "data": {"name": "digits"},
    "model": {"name": "vae", "widths": [16]},
    "train": {"epochs": 200},
}
LATTICE = np.zeros((200_000, 2), np.float32)
"""More latents than one slice of the inference thread decodes."""

QUITTING = 3.0
"""Seconds within which the window is gone, whatever goes on."""


def train_small(program: Program, qtbot: QtBot) -> None:
    program.session.train(SMALL)
    qtbot.waitUntil(lambda: program.session.last_epoch >= 1, timeout=30_000)


# ── the main job ──────────────────────────────────────────────────────────────────────────────


def test_choose_train_watch_go_back_and_click(program: Program, qtbot: QtBot) -> None:
    window, session = program.window, program.session
    qtbot.waitUntil(lambda: session.engine is not None, timeout=30_000)
    choose(bar_of(window).data, "digits")
    choose(bar_of(window).model, "deep")
    type_into(window.panel.setup.forms["train"].widget("epochs"), "8")
    playheads: list[float] = []
    session.playhead_changed.connect(playheads.append)
    press(window, "train.start")
    qtbot.waitUntil(lambda: session.last_epoch == 8 and not session.is_training, timeout=60_000)
    assert session.run is not None
    assert session.run.settings["model"]["name"] == "deep"
    assert any(time % 1 for time in playheads), "the points jump from epoch to epoch"

    scrub_to(window, 1)
    assert (session.epoch, session.following) == (1, False)
    plot, run = window.latent_view.plot, aeviz.load(session.run.path)
    assert np.array_equal(plot.points.positions, run.latents(1))
    row = int(run.latents(1)[:, 0].argmax())
    click_map(plot, place_on(plot, *run.latents(1)[row]))
    leave(window)
    assert session.cursor is None
    assert session.selection.tolist() == [row]
    assert session.pin == pytest.approx(run.latents(1)[row])
    shows_decode_of(program, run, 1, qtbot)

    scrub_to(window, 7)
    assert session.pin == pytest.approx(run.latents(1)[row])
    shows_decode_of(program, run, 7, qtbot)


def shows_decode_of(program: Program, run: aeviz.Run, epoch: int, qtbot: QtBot) -> None:
    """The picture on the screen is what the decoder of that epoch makes of the pin."""
    shown = cursor_of(program.window).decode
    pin = program.session.pin
    assert pin is not None
    bright = np.rint(np.clip(run.decode(pin[None], epoch)[0], 0, 1) * 255).astype(np.uint8)
    other = np.rint(np.clip(run.decode(pin[None], epoch - 1)[0], 0, 1) * 255).astype(np.uint8)
    assert not np.array_equal(bright, other)
    qtbot.waitUntil(lambda: shown.picture.image == to_image(bright), timeout=10_000)
    assert shown.origin.text() == f"epoch {epoch}"


def test_pause_step_continue_and_stop_from_the_toolbar(program: Program, qtbot: QtBot) -> None:
    window, session = program.window, program.session
    steps: list[tuple[int, int]] = []

    def note(progress: Progress) -> None:
        if progress.phase == "training" and (progress.epoch, progress.step) not in steps:
            steps.append((progress.epoch, progress.step))

    train_small(program, qtbot)
    press(window, "train.pause")
    qtbot.waitUntil(lambda: session.training.state == "paused", timeout=10_000)
    session.progressed.connect(note)
    for _ in range(2):
        qtbot.wait(80)  # progress is told at most every 50 ms
        before = len(steps)
        press(window, "train.step")
        qtbot.waitUntil(lambda before=before: len(steps) > before, timeout=10_000)
    assert session.training.state == "paused"
    (epoch, first), (later, second) = steps
    assert (later, second) in ((epoch, first + 1), (epoch + 1, 1))
    done = session.last_epoch
    press(window, "train.pause")
    qtbot.waitUntil(lambda: session.last_epoch > done, timeout=10_000)
    press(window, "train.stop")
    qtbot.waitUntil(lambda: not session.is_training, timeout=10_000)
    assert session.run is not None
    run = aeviz.load(session.run.path)
    assert (run.status, run.epochs) == ("stopped", session.last_epoch)


def test_another_data_set_shows_profiles_instead_of_pictures(
    program: Program, qtbot: QtBot
) -> None:
    window, session = program.window, program.session
    qtbot.waitUntil(lambda: session.engine is not None, timeout=30_000)
    choose(bar_of(window).data, "wine")
    type_into(window.panel.setup.forms["train"].widget("epochs"), "2")
    press(window, "train.start")
    qtbot.waitUntil(lambda: session.last_epoch == 2 and not session.is_training, timeout=60_000)
    plot, shown = window.latent_view.plot, cursor_of(window).decode
    is_ours = is_of("cursor")
    with qtbot.waitSignal(session.decoded, timeout=10_000, check_params_cb=is_ours) as blocker:
        click_map(plot, plot.viewport().rect().center())
        leave(window)
    answer: Decoded = blocker.args[0]
    assert answer.pictures is None
    assert answer.values.shape == (1, 13)
    assert shown.profile.isVisible()
    assert not shown.picture.isVisible()


# ── quitting ──────────────────────────────────────────────────────────────────────────────────


def before_the_engine(program: Program, qtbot: QtBot) -> None:
    """Nothing but the window is there yet."""


def loading(program: Program, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: program.session.engine is not None, timeout=30_000)
    program.session.train(SMALL)


def paused(program: Program, qtbot: QtBot) -> None:
    train_small(program, qtbot)
    program.session.pause()
    qtbot.waitUntil(lambda: program.session.training.state == "paused", timeout=10_000)


def playing(program: Program, qtbot: QtBot) -> None:
    train_small(program, qtbot)
    program.window.timeline.play()
    assert program.window.timeline.is_moving


def decoding_a_lattice(program: Program, qtbot: QtBot) -> None:
    train_small(program, qtbot)
    program.session.decode("lattice", LATTICE)
    qtbot.wait(30)  # the inference thread has begun
    assert not program.engine.idle


def describing_data(program: Program, qtbot: QtBot) -> None:
    program.session.describe_data("test", {"data": {"name": "digits"}})
    qtbot.waitUntil(lambda: bool(psutil.Process().children()), timeout=10_000)


MOMENTS = (before_the_engine, loading, paused, playing, decoding_a_lattice, describing_data)


@pytest.mark.parametrize("moment", MOMENTS)
def test_quitting_at_a_busy_moment_leaves_nothing(
    moment: Callable[[Program, QtBot], None], program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    resource_tracker.ensure_running()  # Python's own child, which lives as long as this process
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    moment(program, qtbot)
    began = time.monotonic()
    program.window.close()
    assert time.monotonic() - began < QUITTING
    assert not program.window.isVisible()
    assert not program.window.timeline.is_moving
    assert not [t.name for t in threading.enumerate() if t.name.startswith("aeviz-")]
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    left = [psutil.Process(pid).cmdline() for pid in children - before]
    assert not left
    for path in tmp_path.glob("runs/*"):
        assert aeviz.load(path).status in ("stopped", "interrupted")
    qtbot.wait(20)  # nothing arrives late
