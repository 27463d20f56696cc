"""What the window's child process writes, and how it says that it cannot."""

import csv
from pathlib import Path

import numpy as np
import pytest

import aeviz
from aeviz.results import WRITERS, write
from aeviz.runs.reading import RunError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aeviz.Run:
    out = tmp_path_factory.mktemp("runs") / "wine"
    return aeviz.train("wine", "linear", epochs=2, out=out, progress=False)


def quiet(share: float | None, phrase: str) -> None:
    """Reports to nobody."""


TARGETS = {
    "latents": "z.csv",
    "metrics": "metrics.csv",
    "encoder": "encoder.safetensors",
    "decoder": "decoder.pt2",
    "projector": "folder",
    "report": "report.html",
    "film": "map.webp",
    "path": "path.gif",
}

OPTIONS: dict[str, dict[str, object]] = {
    "path": {"z": [[0.0, 0.0], [0.5, 1.0], [1.0, 2.0]], "condition": None}
}


@pytest.mark.parametrize("what", WRITERS)
def test_each_is_written_and_said(what: str, run: aeviz.Run, tmp_path: Path) -> None:
    target = tmp_path / TARGETS[what]
    done = write(str(run.path), what, str(target), 2, quiet, OPTIONS.get(what, {}))
    assert done["sentence"] == f"Saved {target}"
    assert target.exists()


def test_metrics_are_those_of_the_run_with_gaps_left_empty(run: aeviz.Run, tmp_path: Path) -> None:
    target = tmp_path / "metrics.csv"
    write(str(run.path), "metrics", str(target), 2, quiet)
    header, *rows = csv.reader(target.read_text().splitlines())
    assert [row[0] for row in rows] == ["0", "1", "2"]
    column = header.index("validation_loss")
    found = np.array([float(row[column]) for row in rows])
    np.testing.assert_allclose(found, run.metrics["validation_loss"], rtol=1e-8)
    assert rows[0][header.index("loss")] == ""


@pytest.mark.parametrize(
    ("what", "target", "said"),
    [
        ("latents", "z.xlsx", "latents are written as"),
        ("encoder", "e.pth", "a model is written as"),
        ("report", "absent/report.html", "report.html"),
        ("projector", ".", "is not an empty folder"),
        ("film", "map.avi", r"a film ends with \.gif, \.webp or \.mp4"),
    ],
)
def test_what_cannot_be_is_a_sentence_for_a_person(
    what: str, target: str, said: str, run: aeviz.Run, tmp_path: Path
) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(RunError, match=said):
        write(str(run.path), what, str(tmp_path / target), 2, quiet)
