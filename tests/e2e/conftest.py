"""The real program on a small run, without the hooks that only an own process needs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import aeviz
from aeviz.program import Program


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four epochs of a small VAE on digits."""
    out = tmp_path_factory.mktemp("runs") / "small"
    options = {"model.widths": [16]}
    aeviz.train("digits", "vae", epochs=4, options=options, out=out, progress=False)
    return out


@pytest.fixture
def palette(qapp: QApplication) -> Iterator[QPalette]:
    """The palette as other tests expect it, whatever theme a test asks for."""
    before = qapp.palette()
    yield before
    qapp.setPalette(before)


@pytest.fixture
def program(qtbot: QtBot, palette: QPalette, tmp_path: Path) -> Iterator[Program]:
    """The program with window and threads, started; stopped at the end."""
    made = Program(None, own_process=False, runs_dir=tmp_path / "runs")
    qtbot.addWidget(made.window)
    made.show()
    yield made
    made.shutdown()
