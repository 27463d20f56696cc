"""`aeviz animate` writes a film of the map with a picture for every epoch and between."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeviz.api import load
from aeviz.export.animation import by_label, map_frames
from aeviz.export.lettering import Lettering
from aeviz.plane import Plane, two_dimensions
from tests.cli.conftest import Command


def test_the_film_of_a_run_goes_from_its_first_epoch_to_its_last(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "map.gif"
    outcome = command("animate", digits_run, "-o", out)
    assert (outcome.code, outcome.out) == (0, f"{out}\n")
    with Image.open(out) as film:
        assert film.n_frames == 2 * 6 + 1
        assert film.size == (640 + 170, 640)


@pytest.mark.parametrize("labels", [None, np.array([0, 1, -1])])
def test_points_are_drawn_where_they_are(labels: np.ndarray | None) -> None:
    places = np.float32([[0, 0], [1, 0], [0, 1]])
    look = by_label(labels, 3)
    first, *_, last = map_frames([places, places + 1], [0, 1], look, Lettering(640, "A run"))
    assert first.shape == (640, 640, 3)
    lowest = [
        int(np.nonzero((f < 250).any(axis=2)[60:].any(axis=1))[0].max()) for f in (first, last)
    ]
    assert lowest[0] > lowest[1]


def test_planes_of_several_epochs_are_those_of_each(wine_run: Path) -> None:
    run = load(wine_run)
    for epoch, plane in enumerate(run.planes([0, 1])):
        np.testing.assert_allclose(plane.positions, run.plane(epoch).positions, atol=1e-6)


def test_another_plane_of_a_run_is_asked_for_in_python(wine_run: Path) -> None:
    run = load(wine_run)
    plane = run.plane("last", two_dimensions(0, 2))
    np.testing.assert_allclose(plane.positions, run.latents()[:, [0, 2]], atol=1e-5)
    fitted = run.plane("last", Plane("tsne"))
    assert fitted.positions.shape == (178, 2)
    assert fitted.inverse is not None
    assert fitted.inverse.error > 0


def test_the_length_of_a_film_can_be_told(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "map.webp"
    assert command("animate", digits_run, "--seconds", "2.6", "-o", out).code == 0
    with Image.open(out) as film:
        film.seek(1)
        film.load()
        assert film.info["duration"] == 200
    outcome = command("animate", digits_run, "--seconds", "0", "-o", out)
    assert outcome.code == 2
    assert "seconds" in outcome.err
