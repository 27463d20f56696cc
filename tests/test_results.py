"""What the window's child process writes, and how it says that it cannot."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
    "traversal": "sweep.webp",
    "values": "values.npz",
}

OPTIONS: dict[str, dict[str, object]] = {
    "path": {"z": [[0.0, 0.0], [0.5, 1.0], [1.0, 2.0]], "condition": None},
    "values": {"z": np.zeros((2, 2), np.float32), "how": "decoded"},
    "film": {"cut": {"size": 240, "seconds": 1.0}},
}


@pytest.mark.parametrize("what", sorted({*WRITERS} - {"sprites"}))
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
        ("sprites", "sheet.png", "a sheet of samples is one of images"),
        ("projector", ".", "is not an empty folder"),
        ("film", "map.avi", r"a film is written as \.gif, \.webp, \.mp4, not as \.avi"),
    ],
)
def test_what_cannot_be_is_a_sentence_for_a_person(
    what: str, target: str, said: str, run: aeviz.Run, tmp_path: Path
) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(RunError, match=said):
        write(str(run.path), what, str(tmp_path / target), 2, quiet)


def test_a_film_of_the_map_is_coloured_and_named_as_the_window_says(
    run: aeviz.Run, tmp_path: Path
) -> None:
    count, red, blue = len(run.index), (200, 0, 0), (0, 0, 200)
    look = {
        "codes": np.zeros(count, np.uint16),
        "colours": np.array([red, blue], np.uint8),
        "legend": [("only these", red)],
        "rows": np.arange(count // 2),
    }
    target = tmp_path / "map.gif"
    cut = {"size": 240, "seconds": 1.0, "has_title": False, "has_note": False}
    write(str(run.path), "film", str(target), 2, quiet, {"look": look, "cut": cut})
    with Image.open(target) as film:
        assert film.n_frames > 3
        assert film.height == 240
        picture = np.asarray(film.convert("RGB")).astype(int)
    is_red = (picture[..., 0] - picture[..., 2]) > 120
    is_blue = (picture[..., 2] - picture[..., 0]) > 120
    assert is_red[:, :240].any()
    assert is_red[:, 240:].any(), "the legend has the colour too"
    assert not is_blue.any()
    is_ink = picture.max(axis=2) < 120
    assert is_ink[:, 240:].any()
    assert not is_ink[:, :240].any(), "no title and no epoch"


def test_a_film_of_a_path_has_a_picture_for_every_latent_under_its_words(
    run: aeviz.Run, tmp_path: Path
) -> None:
    z, sizes = np.zeros((6, 2), np.float32), []
    z[:, 0] = np.arange(6)
    for has_words in (True, False):
        target = tmp_path / f"path-{has_words}.webp"
        cut = {"size": 240, "seconds": 3.0, "has_title": has_words, "has_note": has_words}
        write(str(run.path), "path", str(target), 2, quiet, {"z": z, "cut": cut})
        with Image.open(target) as film:
            film.load()
            assert (film.n_frames, film.info["duration"]) == (6, 500)
            sizes.append(film.size)
    assert max(sizes[1]) >= 240
    assert sizes[0][1] > sizes[1][1]


def test_a_traversal_goes_there_and_back(run: aeviz.Run, tmp_path: Path) -> None:
    target = tmp_path / "sweep.gif"
    write(str(run.path), "traversal", str(target), 2, quiet, {"cut": {"size": 240}})
    with Image.open(target) as film:
        frames = []
        for number in range(film.n_frames):
            film.seek(number)
            frames.append(np.asarray(film.convert("RGB")))
    assert len(frames) == 2 * 25 - 2
    np.testing.assert_array_equal(frames[1], frames[-1])


@pytest.mark.parametrize("cut", [{"size": 20}, {"size": 9000}, {"seconds": 0}, {"seconds": 1e6}])
def test_a_film_that_cannot_be_is_refused_before_the_work(
    cut: dict[str, float], run: aeviz.Run, tmp_path: Path
) -> None:
    target = tmp_path / "map.gif"
    with pytest.raises(RunError, match=r"film"):
        write(str(run.path), "film", str(target), 2, quiet, {"cut": cut})
    assert not target.exists()


def test_values_are_those_that_the_run_decodes(run: aeviz.Run, tmp_path: Path) -> None:
    z, target = np.float32([[0, 1], [1, -1]]), tmp_path / "values.npz"
    options = {"z": z, "how": "decoded over a grid", "columns": {"row": np.array([0, 1])}}
    write(str(run.path), "values", str(target), 1, quiet, options)
    with np.load(target) as arrays:
        np.testing.assert_array_equal(arrays["x"], run.decode(z, 1))
        assert (str(arrays["generated"]), int(arrays["epoch"])) == ("decoded over a grid", 1)
        assert arrays["row"].tolist() == [0, 1]
        assert str(arrays["model"]) == "Linear autoencoder"
