"""Maps that are fitted: to how many samples, how far off, and what cannot be fitted."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from aeviz.analysis.embedding import MOST, NO_UMAP, CannotFit, chosen_rows, fit
from aeviz.plane import PlaneKind
from tests.compute.run_setup import begin_run, images, write_run


def run_of(path: Path, latents: np.ndarray) -> Path:
    dataset = images(len(latents))
    with begin_run(path, dataset, epochs=0, latent_dim=latents.shape[1]) as writer:
        writer.write_epoch(
            0,
            latents=latents.astype(np.float32),
            weights={},
            metrics={"loss": 1.0},
            step=0,
            seconds=0.0,
            lr=1e-3,
        )
        writer.set_status("finished")
    return path


def clusters() -> np.ndarray:
    """Three groups of forty far apart in five dimensions."""
    generator = np.random.default_rng(0)
    centres = 20 * np.eye(5)[:3]
    return np.repeat(centres, 40, axis=0) + generator.normal(size=(120, 5))


def needs(kind: str) -> bool:
    return kind == "umap" and find_spec("umap") is None


@pytest.mark.filterwarnings("ignore")  # of what UMAP imports and of its one thread
@pytest.mark.parametrize("kind", ["tsne", "umap"])
def test_groups_stay_together_and_the_way_back_is_near(kind: PlaneKind, tmp_path: Path) -> None:
    if needs(kind):
        pytest.skip("umap-learn is not installed")
    latents = clusters()
    told: list[tuple[float | None, str]] = []
    found = fit(run_of(tmp_path / "run", latents), kind, 0, lambda *report: told.append(report))
    positions = found["positions"]
    assert positions.shape == (120, 2)
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (apart.argmin(axis=1) // 40 == np.arange(120) // 40).all()
    assert found["latents"] == pytest.approx(latents, abs=1e-5)
    assert found["total"] == 120
    assert 0 < found["error"] < 0.3
    if kind == "tsne":
        assert max(share or 0.0 for share, _ in told) == 1.0


def test_latents_that_do_not_differ_are_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", np.ones((20, 3)))
    with pytest.raises(CannotFit, match="epoch 0"):
        fit(run, "tsne", 0, print)


@pytest.mark.skipif(find_spec("umap") is not None, reason="umap-learn is installed")
def test_a_missing_extra_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(CannotFit, match="pip install") as caught:
        fit(write_run(tmp_path / "run", images(), epochs=0), "umap", 0, lambda *report: None)
    assert str(caught.value) == NO_UMAP


def test_of_many_a_random_part_is_fitted_the_same_each_time() -> None:
    assert chosen_rows(30).tolist() == list(range(30))
    rows = chosen_rows(MOST + 500)
    assert len(np.unique(rows)) == MOST
    assert np.array_equal(rows, chosen_rows(MOST + 500))
