"""Copied scripts run as they are and show what the window shows."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

import aeviz
from aeviz.export.paper import EDGE, HEAD, LEFT
from aeviz.gui import figure
from aeviz.gui.inspectors.draws import DrawsInspector
from aeviz.gui.inspectors.grid import GridInspector
from aeviz.gui.inspectors.path import PathInspector
from aeviz.gui.inspectors.traversal import TraversalInspector
from aeviz.gui.plot_figures import map_figure
from aeviz.gui.route import Anchor
from aeviz.gui.script_commands import ScriptCommands
from aeviz.messages import Decoded
from aeviz.plane import Plane, dimension, principal, two_dimensions
from aeviz.program import Program

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]

ODD = 'it\'s a "run"\nünd 漢字 {x}'
"""A name of a folder as nobody should choose one."""

EPOCH = 3

NOTE = 240
"""Lines of pixels at the top of the map of the window, where a note says what it shows."""

DRIVER = """
import os, runpy, sys
import numpy as np
for path in sys.argv[1:]:
    os.chdir(os.path.dirname(path))
    found = runpy.run_path(path, run_name="__main__")
    arrays = {name: found[name] for name in ("x", "z", "picture") if name in found}
    for name in ("sweep", "path", "paths"):
        if name in found:
            made = found[name] if name != "paths" else found[name][-1]
            arrays |= {"x": made.x, "z": made.z}
    np.savez(path + ".npz", target=str(found["target"]), **arrays)
"""
"""Runs scripts in one process, since torch alone takes a second, and keeps what they made."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An image run with two dimensions, a table with three, a model that is told a choice."""
    folder = tmp_path_factory.mktemp("runs")
    options = {"model.widths": [16]}
    made = {}
    for name, data, model, latent in (
        ("images", "digits", "vae", 2),
        ("table", "wine", "vae", 3),
        ("told", "digits", "conditional-vae", 2),
    ):
        out = folder / (ODD if name == "images" else name)
        aeviz.train(data, model, latent=latent, epochs=4, options=options, out=out, progress=False)
        made[name] = out
    return made


def scripts_of(program: Program) -> ScriptCommands:
    found = program.window.findChild(ScriptCommands)
    assert isinstance(found, ScriptCommands)
    return found


def panel(program: Program, name: str) -> Any:
    return program.window.docks.docks[name].widget()


def show(program: Program, name: str) -> Any:
    """Bring a panel to the front."""
    dock = program.window.docks.docks[name]
    dock.show()
    dock.raise_()
    return dock.widget()


def open_run(program: Program, path: Path, qtbot: QtBot) -> aeviz.Run:
    session = program.session
    qtbot.waitUntil(lambda: session.engine is not None, timeout=60_000)
    session.open_run(str(path))
    qtbot.waitUntil(lambda: session.last_epoch == 4, timeout=30_000)
    qtbot.waitUntil(lambda: session.playhead == 4 and not program.window.timeline.is_moving)
    session.set_following(False)
    session.set_playhead(EPOCH)
    settle(program, qtbot)
    return aeviz.load(path)


def run_scripts(texts: dict[str, str], folder: Path) -> dict[str, dict[str, NDArray[Any]]]:
    """Run scripts as files; what each made, by its name."""
    folder.mkdir(exist_ok=True)
    paths = {name: folder / f"{name}.py" for name in texts}
    for name, text in texts.items():
        paths[name].write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("QT_QPA_PLATFORM", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DRIVER, *map(str, paths.values())],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = {}
    for name, path in paths.items():
        with np.load(f"{path}.npz") as arrays:
            made[name] = dict(arrays)
        assert (folder / str(made[name]["target"])).stat().st_size > 200
    return made


def is_formatted(texts: dict[str, str], folder: Path) -> None:
    """The project's formatter changes nothing."""
    for name, text in texts.items():
        (folder / f"formatted-{name}.py").write_text(text, encoding="utf-8")
    command = ["ruff", "format", "--check", "--no-cache", "--config", ROOT / "pyproject.toml"]
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command), "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def settle(program: Program, qtbot: QtBot) -> None:
    qtbot.wait(150)
    qtbot.waitUntil(lambda: program.engine.idle and not program.bridge.pending, timeout=30_000)
    qtbot.wait(50)


@pytest.mark.parametrize("kind", ["images", pytest.param("table", marks=pytest.mark.slow)])
def test_every_script_decodes_what_the_window_decodes(
    kind: str, runs: dict[str, Path], program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    session, scripts = program.session, scripts_of(program)
    run = open_run(program, runs[kind], qtbot)
    texts: dict[str, str] = {}
    shown: dict[str, Decoded] = {}
    held: list[Decoded] = []
    session.decoded.connect(held.append)

    def note(name: str, title: str, view: str) -> None:
        settle(program, qtbot)
        qtbot.waitUntil(lambda: any(each.view == view for each in held), timeout=30_000)
        texts[name] = scripts.text(title)
        assert texts[name], f"{title} has no script"
        shown[name] = next(each for each in reversed(held) if each.view == view)

    grid = show(program, "grid")
    assert isinstance(grid, GridInspector)
    note("grid", "Grid", "sweep")
    traversal = show(program, "traversal")
    assert isinstance(traversal, TraversalInspector)
    note("traversal", "Traversal", "traversal")
    draws = show(program, "draws")
    assert isinstance(draws, DrawsInspector)
    for source in ("prior", "gmm", "posterior"):
        session.select([7])
        draws.source.setCurrentIndex(draws.source.findData(source))
        draws.source.activated.emit(draws.source.currentIndex())
        note(f"draws-{source}", "Draws", "draws")
    session.set_pin(np.linspace(-0.7, 0.6, run.latent_dim).astype(np.float32))
    note("decode", "Decoded", "cursor")
    note("traversal-pin", "Traversal", "traversal")
    texts["losses"] = scripts.text("Losses")
    made = run_scripts(texts, tmp_path / "scripts")
    is_formatted(texts, tmp_path)
    for name, answer in shown.items():
        x = made[name]["x"]
        if name.startswith("traversal"):
            # The window decodes the strips in view.
            x = x.reshape(-1, *answer.values.shape[1:])[: len(answer.values)]
        assert answer.epoch == EPOCH
        close(x.reshape(answer.values.shape), answer.values, name)
    assert made["losses"]["picture"].shape[2] == 3


def close(made: NDArray[Any], shown: NDArray[Any], name: str) -> None:
    """The same numbers, but for the last digits of single precision."""
    reach = float(np.abs(shown).max())
    np.testing.assert_allclose(made, shown, rtol=1e-4, atol=1e-5 * max(reach, 1.0), err_msg=name)


def along(anchors: list[Any], program: Program) -> None:
    """Lay a path through samples, by their rows, and places."""
    session = program.session
    session.route.clear()
    for anchor in anchors:
        if isinstance(anchor, int):
            positions = session.positions
            assert positions is not None
            z = session.latent_at(positions[anchor].tolist())
            assert z is not None
            session.route.add(Anchor(z, anchor))
        else:
            session.route.add(Anchor(np.asarray(anchor, np.float32)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["images", "table"])
def test_a_path_of_every_method_is_the_one_of_the_window(
    kind: str, runs: dict[str, Path], program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    session, scripts = program.session, scripts_of(program)
    run = open_run(program, runs[kind], qtbot)
    assert isinstance(show(program, "path"), PathInspector)
    line = np.cumsum(np.full((30, run.latent_dim), 0.05), axis=0)
    line[:, 0] += np.sin(np.arange(30) / 5) * 0.3
    session.route.draw(line)
    settle(program, qtbot)
    texts = {"freehand": scripts.text("Path")}
    answers = {"freehand": session.walk.answer}
    place = np.linspace(0.2, -0.9, run.latent_dim)
    for method in ("straight", "slerp", "spline", "density", "geodesic"):
        along([3, place, 40], program)
        session.route.set_method(method)
        session.route.close(method == "spline")
        session.route.set_steps(9 if method == "density" else 12)
        qtbot.waitUntil(lambda: session.walk.is_current, timeout=30_000)
        settle(program, qtbot)
        texts[method], answers[method] = scripts.text("Path"), session.walk.answer
    session.route.compare(True)
    qtbot.waitUntil(lambda: session.walk.is_current, timeout=30_000)
    settle(program, qtbot)
    texts["all"] = scripts.text("Path")
    texts["map"] = scripts.text("Map")
    made = run_scripts(texts, tmp_path / "scripts")
    is_formatted(texts, tmp_path)
    for name, answer in answers.items():
        assert answer is not None
        every = answer.values["every"]
        close(made[name]["z"], answer.arrays["curve"][0, ::every], name)
        close(made[name]["x"], answer.arrays["x"][0], name)
    assert made["all"]["picture"].shape[0] == 5 * made["slerp"]["picture"].shape[0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["images", "table"])
def test_the_map_is_drawn_as_in_the_window(
    kind: str, runs: dict[str, Path], program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    session, scripts, view = program.session, scripts_of(program), program.window.latent_view
    run = open_run(program, runs[kind], qtbot)
    session.hide([1])
    masked = np.zeros(len(run.index), np.bool_)
    masked[::3] = True
    session.mask(masked)
    session.select([4, 5])
    session.set_pin(run.latents(EPOCH)[8])
    texts, windows = {}, {}
    for name in ("density.gmm", "density.histogram", "stretch", "unlikely", "grid"):
        session.layers.shown = frozenset()
        session.layers.show(name)
        settle(program, qtbot)
        texts[name] = scripts.text("Map")
        drawn = figure.to_image(map_figure(view, "", {}, has_legend=False), 2.0)
        windows[name] = pixels(drawn, view)
        session.layers.show(name, False)
    made = run_scripts(texts, tmp_path / "scripts")
    is_formatted(texts, tmp_path)
    for name, window in windows.items():
        high, wide = window.shape[:2]
        top, left = 2 * (EDGE + HEAD), 2 * LEFT
        script = made[name]["picture"][top : top + high, left : left + wide].astype(float)
        ours, theirs = script[NOTE:], window[NOTE:]
        if name == "unlikely":
            # Lines of a hatching begin elsewhere, and cover as much.
            inked = [(255 - side).mean() for side in (ours, theirs)]
            assert inked[0] == pytest.approx(inked[1], rel=0.3), name
        elif name != "grid" or kind == "images":  # other bars show the rows of a table
            assert np.abs(ours - theirs).mean() < 6, name
            assert (np.abs(ours - theirs).max(axis=2) > 60).mean() < 0.02, name


def pixels(image: Any, view: Any) -> NDArray[np.float64]:
    """The plot alone of the figure of a map that has neither title nor legend."""
    plain = image.convertToFormat(image.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    whole = rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3)
    area = view.plot.box.sceneBoundingRect()
    left, top = (round(2 * (figure.EDGE + side)) for side in (area.left(), area.top()))
    high, wide = round(2 * round(area.height())), round(2 * round(area.width()))
    return whole[top : top + high, left : left + wide].astype(np.float64)


def test_what_a_model_is_told_is_told_in_the_script(
    runs: dict[str, Path],
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    session, scripts = program.session, scripts_of(program)
    run = open_run(program, runs["told"], qtbot)
    session.set_condition(7)
    session.set_pin(np.float32([0.3, -0.4]))
    settle(program, qtbot)
    script = tmp_path / "decode.py"
    script.write_text(scripts.text("Decoded"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    made = runpy.run_path(str(script), run_name="__main__")
    z = np.float32([[0.3, -0.4]])
    np.testing.assert_array_equal(made["x"], run.decode(z, EPOCH, condition=7))
    assert not np.array_equal(made["x"], run.decode(z, EPOCH, condition=1))


def test_commands_copy_and_save_the_view_in_use(
    runs: dict[str, Path], program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    session, commands = program.session, program.window.commands
    assert "no run" in commands.action("script.copy").toolTip()
    open_run(program, runs["images"], qtbot)
    said: list[str] = []
    session.noticed.connect(said.append)
    commands.action("script.copy").trigger()
    text = QGuiApplication.clipboard().text()
    assert said[-1] == "Copied a Python script: Map"
    assert re.match(
        rf"# The map at epoch {EPOCH} of .*, written by aeviz {aeviz.__version__}", text
    )
    show(program, "grid")
    settle(program, qtbot)
    panel(program, "grid").over.setFocus()
    qtbot.waitUntil(lambda: scripts_of(program).titles[0] == "Grid", timeout=5000)
    commands.action("script.copy").trigger()
    assert "run.sweep(" in QGuiApplication.clipboard().text()
    beside = runs["images"].parent / "beside.py"
    scripts_of(program).save_as("Grid", beside)
    assert "Path(__file__).parent / " in beside.read_text(encoding="utf-8")
    scripts_of(program).save_as("Grid", tmp_path / "away")
    assert str(runs["told"].parent) in (tmp_path / "away.py").read_text(encoding="utf-8")
    runpy.run_path(str(beside), run_name="__main__")
    away = tmp_path / "away.py"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, away], env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0
    pictures = [script.with_suffix(".png").read_bytes() for script in (beside, away)]
    assert pictures[0] == pictures[1]


def test_a_model_of_one_s_own_has_no_script(program: Program, qtbot: QtBot) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    run = aeviz.wrap(lambda x: x[:, :2], lambda z: z[:, [0, 1, 0]], rows, progress=False)
    session = program.session
    qtbot.waitUntil(lambda: session.engine is not None, timeout=60_000)
    session.open_run(str(run.path))
    qtbot.waitUntil(lambda: session.last_epoch >= 0, timeout=30_000)
    action = program.window.commands.action("script.copy")
    assert not action.isEnabled()
    assert "model of your own" in action.toolTip()
    assert scripts_of(program).text("Map") == ""


@pytest.mark.slow
def test_another_plane_is_the_same_plane_in_the_script(
    runs: dict[str, Path], program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    session, scripts = program.session, scripts_of(program)
    open_run(program, runs["table"], qtbot)
    held: list[Decoded] = []
    session.decoded.connect(held.append)
    show(program, "grid")
    texts, shown = {}, {}
    planes = {
        "dimensions": two_dimensions(0, 2, epoch=EPOCH),
        "mixed": Plane("axes", (principal(0), dimension(1)), base=5, epoch=EPOCH),
        "lda": Plane("lda", epoch=EPOCH),
        "tsne": Plane("tsne", epoch=EPOCH),
    }
    for name, plane in planes.items():
        session.planes.choose(plane)
        qtbot.waitUntil(lambda plane=plane: session.planes.shown == plane, timeout=60_000)
        settle(program, qtbot)
        texts[name] = scripts.text("Grid")
        shown[name] = next(each for each in reversed(held) if each.view == "sweep")
        texts[f"map-{name}"] = scripts.text("Map")
    made = run_scripts(texts, tmp_path / "scripts")
    is_formatted(texts, tmp_path)
    for name, answer in shown.items():
        close(made[name]["z"].reshape(answer.z.shape), answer.z, name)
        close(made[name]["x"].reshape(answer.values.shape), answer.values, name)


def test_an_epoch_without_weights_is_decoded_by_the_nearest(
    runs: dict[str, Path], program: Program, tmp_path: Path, qtbot: QtBot
) -> None:
    thinned = tmp_path / "thinned"
    shutil.copytree(runs["images"], thinned)
    (thinned / "weights" / f"epoch-{EPOCH:05}.safetensors").unlink()
    session, scripts = program.session, scripts_of(program)
    open_run(program, thinned, qtbot)
    session.set_pin(np.float32([0.1, 0.2]))
    session.layers.show("density.gmm")
    settle(program, qtbot)
    assert f"x = run.decode(z, {EPOCH - 1})" in scripts.text("Decoded")
    text = scripts.text("Map")
    assert "gmm" not in text
    assert "# The weights of this epoch are not kept" in text
