"""`aeviz shot`: a picture without a screen, settings or a person."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QPalette
from pytestqt.qtbot import QtBot

from aeviz.picture import take
from aeviz.process.start import CannotStart, Shot

pytestmark = pytest.mark.e2e


def test_a_shot_in_its_own_process_has_the_asked_pixels(small_run: Path, tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "window.png"
    home.mkdir()
    environment = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "DISPLAY")}
    environment |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home)}
    command = ["shot", str(small_run), "-o", str(out), "--size", "800x600", "--scale", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "aeviz", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{out}\n"), done.stderr
    with Image.open(out) as picture:
        assert picture.size == (1600, 1200)
    assert not list(home.iterdir())


def test_light_and_dark_differ_and_docks_can_be_raised(
    small_run: Path, qtbot: QtBot, palette: QPalette
) -> None:
    levels = []
    for theme in ("light", "dark"):
        wanted = Shot(str(small_run), 900, 700, theme=theme, view="log", epoch=2)
        with Image.open(io.BytesIO(take(wanted, ""))) as picture:
            assert picture.size == (900, 700)
            levels.append(np.asarray(picture.convert("L")).mean())
    assert levels[0] > levels[1] + 80


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Shot(view="nothing"), "nothing"),
        (Shot(epoch=99), "--epoch 99"),
        (Shot(path=__file__), "is no run folder"),
    ],
)
def test_what_is_not_there_is_named(
    wanted: Shot, said: str, small_run: Path, qtbot: QtBot, palette: QPalette
) -> None:
    with pytest.raises(CannotStart, match=said):
        take(wanted, str(small_run))
