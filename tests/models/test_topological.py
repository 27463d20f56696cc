"""Topological autoencoder: the spanning tree, the error, the published weights."""

import numpy as np
import pytest
import torch
from scipy.sparse.csgraph import minimum_spanning_tree
from torch import Tensor

from aeviz.models import MODELS
from aeviz.models.base import DataSpec
from aeviz.models.topological import converted, spanning_tree, topological_error
from tests.models.tiny import IMAGE, TABLE, batch_of, step, tiny

ONE = torch.ones(1, dtype=torch.float64)


def points(count: int, dimensions: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dimensions, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("count", [2, 3, 28, 128])
def test_the_tree_is_scipys(count: int) -> None:
    distances = torch.cdist(points(count, 5), points(count, 5)).numpy()
    starts, ends = spanning_tree(distances)
    expected = minimum_spanning_tree(distances).tocoo()
    ours = {(min(pair), max(pair)) for pair in zip(starts.tolist(), ends.tolist(), strict=True)}
    theirs = zip(expected.row.tolist(), expected.col.tolist(), strict=True)
    assert ours == {(min(pair), max(pair)) for pair in theirs}


def test_points_at_the_same_place_are_connected() -> None:
    assert spanning_tree(np.zeros((4, 4))).shape == (2, 3)
    assert sorted({0, *spanning_tree(np.zeros((4, 4)))[1].tolist()}) == [0, 1, 2, 3]
    assert spanning_tree(np.zeros((1, 1))).shape == (2, 0)


def test_the_error_is_the_papers() -> None:
    """Σ over the edges of both trees of squared differences, over the batch size."""
    x, z, scale = points(20, 6), points(20, 2, seed=1), 1.7
    of_x = torch.cdist(x, x).numpy() / torch.cdist(x, x).max().item()
    of_z = torch.cdist(z, z).numpy() / scale
    total = 0.0
    for matrix in (of_x, of_z):
        tree = minimum_spanning_tree(matrix).tocoo()
        total += np.square(of_x[tree.row, tree.col] - of_z[tree.row, tree.col]).sum()
    error = topological_error(x, z, scale * ONE, None)
    assert error.item() == pytest.approx(total / 20)


def test_images_are_divided_by_the_largest_distance_there_can_be() -> None:
    """√(4 · C · H · W) in [-1, 1] is √(C · H · W) in [0, 1]."""
    x, z = torch.rand(20, 784, dtype=torch.float64), points(20, 2)
    in_paper, largest = 2 * x - 1, (4 * 784) ** 0.5
    assert topological_error(x, z, ONE, 28.0).item() == pytest.approx(
        topological_error(in_paper, z, ONE, largest).item()
    )


def test_a_latent_with_the_distances_of_the_data_has_no_error() -> None:
    x = points(30, 3)
    turned = x @ torch.linalg.qr(points(3, 3, seed=2))[0] + 5
    assert topological_error(x, turned, torch.cdist(x, x).max(), None).item() < 1e-20


def test_its_gradient_is_right() -> None:
    x, z = points(9, 4), points(9, 2, seed=1).requires_grad_()
    scale = (1.3 * ONE).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: topological_error(x, a, b, None), (z, scale))


@pytest.mark.parametrize("z", [torch.zeros(6, 2), torch.full((6, 2), torch.nan)])
def test_latents_that_fell_together_or_diverged_do_not_stop_it(z: Tensor) -> None:
    z.requires_grad_()
    error = topological_error(torch.rand(6, 4), z, torch.ones(1), None)
    error.backward()
    assert z.grad is not None
    assert z.isnan().any() or z.grad.isfinite().all()


@pytest.mark.parametrize(
    ("published", "data", "here"),
    [
        (0.5003, DataSpec((1, 28, 28)), 98.06),
        (0.4336, DataSpec((101,), bounded=False), 43.8),
        (1.0, DataSpec((400,), bounded=True), 400.0),
    ],
)
def test_a_published_weight_is_converted(published: float, data: DataSpec, here: float) -> None:
    assert converted(published, data) == pytest.approx(here, abs=0.01)


@pytest.mark.parametrize("data", [IMAGE, TABLE])
def test_the_loss_is_a_multiple_of_the_papers(data: DataSpec) -> None:
    """Mean reconstruction in [-1, 1] plus λ times the error, with the same gradient direction."""
    model, batch = tiny(MODELS["topological"], data, lam=0.4).eval(), batch_of(data)
    z = model.encode(batch.x)
    span = 2 if data.is_image else 1
    mean = (span * (model.decode(z) - batch.x)).square().mean()
    largest = data.features**0.5 if data.is_image else None
    error = topological_error(batch.x.flatten(1), z, torch.ones(1), largest)
    factor = data.features / span**2
    ours = model.loss(batch, step()).total.item()
    assert ours == pytest.approx(factor * (mean + 0.4 * error).item(), rel=1e-5)


def test_both_weights_are_shown() -> None:
    model = MODELS["topological"].build(DataSpec((1, 28, 28)), {"lam": 0.5003})
    definition = model.terms[1].definition
    assert "published λ = 0.5003 is 98.06 here" in definition
    option = MODELS["topological"].config.__pydantic_fields__["lam"]
    assert "43.8" in option.description
