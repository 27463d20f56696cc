"""Session files of the whole program: the same to the byte, after a close and after a crash."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QPalette
from pytestqt.qtbot import QtBot

import aeviz
from aeviz import paths
from aeviz.gui.recovery_bar import RecoveryBar
from aeviz.gui.route import Anchor
from aeviz.picture import settle, take
from aeviz.plane import Direction, Plane, dimension
from aeviz.process.start import CannotStart, Shot
from aeviz.program import Program
from aeviz.sessions import file
from aeviz.shown import LAYOUT, is_same

pytestmark = pytest.mark.e2e

Start = Callable[..., Program]


@pytest.fixture(scope="module")
def deep_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two epochs with three latent dimensions: a run that has planes."""
    out = tmp_path_factory.mktemp("runs") / "deep"
    options = {"model.latent_dim": 3}
    aeviz.train("digits", "linear", epochs=2, options=options, out=out, progress=False)
    return out


@pytest.fixture
def start(qtbot: QtBot, palette: QPalette, tmp_path: Path) -> Iterator[Start]:
    """Starts a program of one size; all are stopped at the end."""
    started: list[Program] = []

    def begin(path: Path | None, *, keeps: bool = False) -> Program:
        made = Program(
            None,
            own_process=False,
            runs_dir=tmp_path / "runs",
            autosaves=tmp_path / "autosaves" if keeps else None,
        )
        qtbot.addWidget(made.window)
        made.window.setFixedSize(1300, 850)
        made.open(None if path is None else str(path))
        made.show()
        started.append(made)
        settle(made)
        return made

    yield begin
    for made in started:
        made.shutdown()


def change(program: Program) -> None:
    """Show the last run in another way: another epoch and plane, a path, a pin, a region."""
    session = program.session
    pin = Direction("pin", (3,), "pin → 3", (0.5, -1.0, 2.0))
    session.set_following(False)
    session.set_playhead(1.0)
    session.planes.choose(Plane("axes", (dimension(2), pin), None, 1))
    settle(program)
    session.set_pin(np.array([0.5, -0.25, 1.0], np.float32))
    session.select([1, 5, 9])
    session.hide([3])
    session.layers.show("density.histogram")
    session.route.add(Anchor(np.array([-1, 0, 1], np.float32)))
    session.route.add(Anchor(np.array([1, 1, 1], np.float32), 7))
    session.route.set_method("slerp")
    session.groups.add("left", np.array([4, 5]))
    program.window.latent_view.show_region((-1.0, 2.0, -1.0, 1.5))
    program.window.docks.docks["log"].show()
    settle(program)


def save(program: Program, path: Path) -> bytes:
    program.window.files.save(str(path))
    settle(program)
    return path.read_bytes()


def test_saved_opened_in_another_program_and_saved_again_is_the_same_to_the_byte(
    start: Start, deep_run: Path, tmp_path: Path
) -> None:
    first = start(deep_run)
    change(first)
    content = save(first, tmp_path / "a.aeviz")
    first.shutdown()
    second = start(tmp_path / "a.aeviz")
    assert second.session.planes.shown.title == "z₃, pin → 3"
    assert not second.window.isWindowModified()
    again = save(second, tmp_path / "b.aeviz")
    a, b = (vars(file.from_bytes(each, "a").shown) for each in (content, again))
    differing = [(name, a[name], b[name]) for name in a if not is_same(a[name], b[name])]
    # Panels whose contents need more room by now may be some points larger.
    assert {name for name, *_ in differing} <= set(LAYOUT), differing
    assert differing or again == content


def test_a_picture_of_a_session_shows_it(
    start: Start, small_run: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    program = start(small_run)
    pictures = []
    assert program.session.positions is not None
    (left, low), (right, high) = np.quantile(program.session.positions, (0.05, 0.95), axis=0)
    near = (float(left), float(right), float(low), float(high))
    for name, region in (("near", near), ("far", (-20.0, 20.0, -20.0, 20.0))):
        program.window.latent_view.show_region(region)
        save(program, tmp_path / f"{name}.aeviz")
        content = take(Shot(str(tmp_path / f"{name}.aeviz"), 900, 700), "")
        pictures.append(np.asarray(Image.open(io.BytesIO(content)).convert("L"), float))
    changed = int((np.abs(pictures[0] - pictures[1]) > 30).sum())
    assert changed > 500


def test_a_picture_of_a_session_whose_run_is_gone_says_so(
    start: Start, small_run: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    file.save(tmp_path / "a.aeviz", run, _shown(start(run)))
    shutil.rmtree(run)
    with pytest.raises(CannotStart, match=r"a\.aeviz: its run .* is gone"):
        take(Shot(str(tmp_path / "a.aeviz"), 900, 700), "")


def _shown(program: Program) -> Any:
    shown = program.window.files.screen.read()
    assert shown is not None
    return shown


def test_the_next_start_shows_what_the_last_window_showed(start: Start, deep_run: Path) -> None:
    first = start(deep_run, keeps=True)
    change(first)
    shown = _shown(first)
    first.shutdown()
    second = start(None, keeps=True)
    assert is_same(_shown(second), shown, LAYOUT)
    assert second.window.files.path == ""
    assert second.window.findChildren(RecoveryBar)[0].isHidden()


def test_a_damaged_last_state_shows_the_demo(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "autosaves"
    folder.mkdir()
    (folder / paths.LAST_SESSION).write_bytes(b"PK torn")
    program = start(None, keeps=True)
    assert program.session.run is not None
    assert program.session.run.path == str(paths.demo())


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_window_is_offered_at_the_next_start(
    start: Start, small_run: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    environment = {**os.environ, "XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(state)}
    child = subprocess.Popen(
        [sys.executable, "-m", "aeviz", str(small_run)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not list(state.rglob("autosaves/*/0*.aeviz")):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    next(state.rglob("autosaves")).rename(tmp_path / "autosaves")
    program = start(None, keeps=True)
    bar = program.window.findChildren(RecoveryBar)[0]
    assert not bar.isHidden()
    bar.restore.click()
    settle(program)
    assert program.session.run is not None
    assert program.session.run.path == str(small_run)
    assert bar.isHidden()
    assert len(list((tmp_path / "autosaves").iterdir())) == 1, "this window's own"
