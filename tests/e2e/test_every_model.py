"""Every model from the command line and from the window, with nothing said but its name."""

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from aeviz import catalogue
from aeviz.cli import main
from aeviz.compute.entries import ORDER
from aeviz.messages import Decoded, Failed
from aeviz.program import Program
from tests.e2e.hands import bar_of, choose, press, type_into

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

each_model = pytest.mark.parametrize("name", [entry.name for entry in catalogue.load().models])


def test_the_list_has_every_model_that_is_promised(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "models", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == list(ORDER)
    for row in rows:
        assert row["title"]
        assert row["source"]
        assert row["summary"].endswith(".")


@each_model
def test_it_trains_goes_on_and_decodes_by_its_name_alone(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert main(["train", "--model", name, "--epochs", "1", "--out", str(run)]) == 0
    assert main(["train", "--resume", str(run), "--epochs", "2"]) == 0
    latents = np.load(run / "latents" / "epoch-00001.npy")
    assert np.isfinite(latents).all()
    place = ",".join(["0"] * json.loads((run / "run.json").read_text())["model"]["latent_dim"])
    decodes, sheet = tmp_path / "x.npy", tmp_path / "sheet.png"
    assert main(["decode", str(run), "--at", place, "-o", str(decodes)]) == 0
    assert np.isfinite(np.load(decodes)).all()
    assert main(["sweep", str(run), "--grid", "4", "-o", str(sheet)]) == 0
    assert not QImage(str(sheet)).isNull()
    capsys.readouterr()


@each_model
def test_it_trains_in_the_window(name: str, program: Program, qtbot: QtBot) -> None:
    window, session = program.window, program.session
    failures: list[Failed] = []
    session.failed.connect(failures.append)
    qtbot.waitUntil(lambda: session.engine is not None, timeout=30_000)
    choose(bar_of(window).model, name)
    dataset = catalogue.load().model(name).settings["data"]["name"]
    choose(bar_of(window).data, str(dataset))
    type_into(window.panel.setup.forms["train"].widget("epochs"), "1")
    failures.clear()  # on the way through the lists there are pairs that do not suit
    press(window, "train.start")
    qtbot.waitUntil(
        lambda: failures != [] or (session.last_epoch >= 1 and not session.is_training),
        timeout=300_000,
    )
    assert failures == []
    assert session.run is not None
    assert session.run.settings["model"]["name"] == name
    decoded: list[Decoded] = []
    session.decoded.connect(decoded.append)
    session.set_playhead(1)
    session.set_pin(session.latent_at((0.0, 0.0)))
    qtbot.waitUntil(lambda: failures != [] or decoded != [], timeout=30_000)
    assert failures == []
    assert not window.grab().isNull()
