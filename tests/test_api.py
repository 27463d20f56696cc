"""The Python interface: numpy in, numpy out, wrong shapes named."""

from pathlib import Path

import numpy as np
import pytest

import aeviz
from aeviz.api import Run
from aeviz.errors import EpochError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("api") / "run"
    options = {"model.widths": [16]}
    return aeviz.train(
        "digits", "deep", epochs=2, batch_size=256, options=options, out=out, progress=False
    )


def test_a_run_knows_itself(run: Run) -> None:
    assert (run.epochs, run.latent_dim, run.sample_shape) == (2, 2, (8, 8, 1))
    assert run.status == "finished"
    assert run.metrics["reconstruction_mse"].shape == (3,)
    assert run.metrics["reconstruction_mse"].dtype == np.float64
    assert run.latents(epoch=1).shape == (len(run.index), 2)
    assert aeviz.load(run.path).epochs == 2


def test_bytes_and_floats_encode_alike(run: Run) -> None:
    own = np.asarray(run.folder.samples[:5])
    latents = run.encode(own)
    assert latents.dtype == np.float32
    np.testing.assert_array_equal(latents, run.encode(own[..., 0] / np.float32(16)))
    np.testing.assert_allclose(latents, run.latents()[:5], rtol=1e-5, atol=1e-6)


def test_latents_of_many_dimensions_are_close_to_the_encoded_ones_which_are_exact(
    tmp_path: Path,
) -> None:
    options = {"model.latent_dim": 40, "train.shown": 60}
    wide = aeviz.train(
        "digits", "linear", epochs=1, options=options, out=tmp_path / "run", progress=False
    )
    kept, exact = wide.latents(), wide.encode(np.asarray(wide.folder.samples))
    assert kept.shape == exact.shape == (60, 40)
    assert np.linalg.matrix_rank(kept - kept.mean(axis=0), tol=1e-3) == 32
    assert 0 < np.linalg.norm(kept - exact) < 0.2 * np.linalg.norm(exact - exact.mean(axis=0))
    assert "first 32 principal axes" in str(aeviz.Run.latents.__doc__)


def test_another_epoch_decodes_with_its_own_weights(run: Run) -> None:
    z = np.zeros((3, 2))
    assert run.decode(z).shape == (3, 8, 8, 1)
    assert not np.array_equal(run.decode(z, epoch=0), run.decode(z, epoch=2))
    np.testing.assert_array_equal(run.decode(z, epoch="last"), run.decode(z, epoch=2))


@pytest.mark.parametrize("z", [[0.0, 0.0], [[0.0]], [[np.nan, 0.0]]])
def test_a_wrong_latent_is_refused(run: Run, z: list[float]) -> None:
    with pytest.raises(ValueError, match="z must be"):
        run.decode(z)


def test_a_wrong_sample_names_the_expected_shape(run: Run) -> None:
    with pytest.raises(ValueError, match=r"\(N, 8, 8, 1\)"):
        run.encode(np.zeros((2, 28, 28)))


def test_an_epoch_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(EpochError, match="0 to 2"):
        run.latents(epoch=9)


def test_a_wrong_option_is_a_value_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"model\.gamma"):
        aeviz.train(options={"model.gamma": 3}, out=tmp_path / "x", progress=False)
    assert not (tmp_path / "x").exists()


def test_data_that_are_no_name_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="data is a registered name"):
        aeviz.train(np.zeros((4, 8, 8)), out=tmp_path / "run")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="model=3: it should be a group of options"):
        aeviz.train("wine", options={"model": 3}, out=tmp_path / "run")


def test_one_measure_may_be_named_alone(run: Run) -> None:
    (row,) = run.measure("reconstruction_mse")
    assert row["name"] == "reconstruction_mse"
