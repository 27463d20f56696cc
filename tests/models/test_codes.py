"""Codebooks, models of codes and their priors: formulas by hand, sums to one, exact resume."""

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
import safetensors.torch
import torch

from aeviz.models import MODELS
from aeviz.models.base import Codebook, Counting, DataSpec, LatentModel, Prior, Staged
from aeviz.models.code_prior import CodePrior, known_around
from aeviz.models.quantiser import Quantiser, perplexity, straight_through
from tests.models.tiny import batch_of, step

IMAGE = DataSpec((1, 8, 8), samples=64, bounded=True, classes=3)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made(name: str = "vq-vae", **options: Any) -> LatentModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        small = {"codes": 8, "code_dim": 3, "channels": (8,), "prior_width": 8}
        return MODELS[name].build(IMAGE, {**small, **options})


# ── the quantiser ─────────────────────────────────────────────────────────────────────────────


def test_every_vector_takes_its_nearest_code() -> None:
    quantiser = Quantiser(8, 3, decay=0.9, dead_after=0).eval()
    vectors = torch.randn(50, 3, generator=generator())
    wanted = torch.cdist(vectors, quantiser.codes).argmin(dim=1)
    assert torch.equal(quantiser.nearest(vectors), wanted)
    assert torch.equal(quantiser.found(vectors), wanted)
    assert torch.equal(quantiser.found(quantiser.codes), torch.arange(8))


def test_the_gradient_goes_straight_through() -> None:
    z = torch.randn(4, 3, generator=generator(), requires_grad=True)
    codes = torch.randn(4, 3, generator=generator(1))
    passed = straight_through(z, codes)
    assert torch.equal(passed, codes)
    (passed * torch.arange(12.0).view(4, 3)).sum().backward()
    assert torch.equal(z.grad, torch.arange(12.0).view(4, 3))


def test_the_commitment_moves_the_vectors_and_the_codebook_term_the_codes() -> None:
    quantiser = Quantiser(8, 3, decay=None, dead_after=0).eval()
    z = torch.randn(5, 3, generator=generator(), requires_grad=True)
    found = quantiser(z, None)
    chosen = quantiser.codes[found.codes].detach()
    found.commitment.backward()
    assert torch.allclose(z.grad, 2 * (z - chosen).detach())
    assert quantiser.codes.grad is None
    z.grad = None
    found.codebook.backward()
    assert z.grad is None
    assert quantiser.codes.grad is not None


def test_the_moving_average_is_that_of_the_paper() -> None:
    quantiser = Quantiser(3, 2, decay=0.75, dead_after=0)
    start = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    quantiser.codes.copy_(start)
    quantiser.total.copy_(start)
    quantiser.count.fill_(1.0)
    quantiser.idle.zero_()
    quantiser(torch.tensor([[1.0, 1.0], [2.0, 0.0], [9.0, 3.0]]), generator())
    # N ← γN + (1 − γ)n and m ← γm + (1 − γ)Σz, then e = m / N
    count = torch.tensor([0.75 + 0.25 * 2, 0.75 + 0.25, 0.75])
    total = 0.75 * start + 0.25 * torch.tensor([[3.0, 1.0], [9.0, 3.0], [0.0, 0.0]])
    assert torch.allclose(quantiser.count, count)
    assert torch.allclose(quantiser.total, total)
    assert torch.allclose(quantiser.codes, total / count[:, None])
    assert torch.allclose(quantiser.codes[2], start[2])  # unused: it stays


def test_codes_begin_where_the_first_batch_is() -> None:
    for decay in (0.99, None):
        quantiser = Quantiser(6, 2, decay=decay, dead_after=0)
        vectors = 100 + torch.randn(20, 2, generator=generator())
        quantised = quantiser(vectors, generator(1))
        assert (quantised.vectors > 90).all()
        assert quantised.commitment < 20 * 2 * 10


def test_a_code_unused_for_long_is_set_to_a_vector_of_the_batch() -> None:
    quantiser = Quantiser(2, 1, decay=0.5, dead_after=3)
    quantiser(torch.tensor([[0.0], [10.0]]), generator())
    near = torch.zeros(4, 1)
    lonely = int(quantiser.codes.argmax())
    for number in range(3):
        quantiser(near, generator(number))
        assert quantiser.codes[lonely] == 10.0
        assert quantiser.idle[lonely] == number + 1
    quantiser(near + 1, generator(9))
    assert quantiser.codes[lonely] == 1.0
    assert quantiser.idle[lonely] == 0


def test_dead_codes_are_reset_by_the_seed_alone() -> None:
    def run(seed: int) -> torch.Tensor:
        quantiser = Quantiser(4, 2, decay=0.9, dead_after=1)
        for number in range(5):
            quantiser(torch.randn(9, 2, generator=generator(number)), generator(seed + number))
        return quantiser.codes

    with torch.random.fork_rng(devices=[]):
        assert torch.equal(run(0), run(0))
        assert not torch.equal(run(0), run(50))


def test_nothing_is_learned_in_eval_mode() -> None:
    quantiser = Quantiser(4, 2, decay=0.9, dead_after=1)
    quantiser(torch.randn(9, 2, generator=generator()), generator())
    before = {name: value.clone() for name, value in quantiser.state_dict().items()}
    quantiser.eval()
    for _ in range(3):
        quantiser(5 + torch.randn(9, 2, generator=generator(1)), generator())
    assert all(torch.equal(value, before[name]) for name, value in quantiser.state_dict().items())


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [([5, 5, 5, 5], 4.0), ([7, 0, 0, 0], 1.0), ([1, 1, 0, 0], 2.0), ([2, 1, 1, 0], 2**1.5)],
)
def test_the_perplexity_is_the_exponential_of_the_entropy(counts: list[int], wanted: float) -> None:
    assert perplexity(torch.tensor(counts)) == pytest.approx(wanted)


# ── the prior ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sizes", [((2, 2),), ((1, 2), (1, 3))])
def test_the_priors_probabilities_sum_to_one(sizes: tuple[tuple[int, int], ...]) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        prior = CodePrior(sizes, codes=3, width=8).double()
    for parameter in prior.parameters():
        parameter.data.mul_(3)  # far from uniform
    places = sum(height * width for height, width in sizes)
    rows = torch.tensor(list(itertools.product(range(3), repeat=places)))
    lengths = [height * width for height, width in sizes]
    maps = [part.view(-1, *size) for part, size in zip(rows.split(lengths, 1), sizes, strict=True)]
    log_p = prior.log_prob(maps)
    assert log_p.std() > 0.5
    assert log_p.exp().sum().item() == pytest.approx(1.0, abs=1e-6)


def test_draws_come_from_the_distribution_that_is_stated() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        prior = CodePrior(((1, 2),), codes=2, width=4)
    for parameter in prior.parameters():
        parameter.data.mul_(3)
    (drawn,) = prior.draw(20_000, generator())
    share = torch.bincount(2 * drawn[:, 0, 0] + drawn[:, 0, 1], minlength=4) / 20_000
    every = torch.tensor([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]])
    assert torch.allclose(share, prior.log_prob((every,)).exp(), atol=0.02)


def test_no_place_is_told_what_comes_after_it() -> None:
    sizes = ((2, 3), (4, 6))
    for place, around in enumerate(known_around(sizes)):
        assert all(other < place or other == 30 for other in around)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        prior = CodePrior(((2, 3),), codes=4, width=8)
    codes = torch.randint(4, (1, 2, 3), generator=generator())
    changed = codes.clone()
    changed[0, 1, 2] = (codes[0, 1, 2] + 1) % 4
    embedding = prior._told(prior._tokens(codes.flatten(1)))
    other = prior._told(prior._tokens(changed.flatten(1)))
    assert torch.equal(embedding, other)  # the last place is read by nobody


def test_draws_are_seeded() -> None:
    for options in ({}, {"prior": "uniform"}):
        for name in ("vq-vae", "vq-vae-2"):
            model = made(name, **options).eval()
            assert isinstance(model, Prior)
            first, same, other = (model.draw_prior(6, generator(seed)) for seed in (0, 0, 1))
            assert torch.equal(first, same)
            assert not torch.equal(first, other)


def test_the_uniform_prior_gives_every_code_the_same_probability() -> None:
    model = made(prior="uniform").eval()
    assert isinstance(model, Prior)
    assert isinstance(model, Staged)
    assert model.stages == ("autoencoder",)
    log_p = model.log_prior(model.encode(batch_of(IMAGE).x))
    assert torch.allclose(log_p, torch.full((8,), -16 * math.log(8)))


# ── the models ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["vq-vae", "vq-vae-2"])
def test_a_latent_is_the_codes_and_a_decode_quantises_first(name: str) -> None:
    model, x = made(name).eval(), batch_of(IMAGE).x
    assert isinstance(model, Codebook)
    codes = model.codes(x)
    assert [each.shape[1:] for each in codes] == list(model.map_sizes)
    z = model.encode(x)
    assert torch.equal(z, model.look_up(codes))
    assert torch.equal(model.look_up(model.quantise(z)), z)
    nudged = z + 1e-4 * torch.randn(z.shape, generator=generator())
    assert torch.equal(model.decode(nudged), model.decode(model.look_up(model.quantise(nudged))))


def test_a_place_of_the_latent_is_its_code() -> None:
    model = made().eval()
    assert isinstance(model, Codebook)
    codes = torch.randint(8, (2, 4, 4), generator=generator())
    z = model.look_up((codes,)).view(2, 4, 4, 3)
    assert torch.equal(z[1, 2, 3], model.codebook()[codes[1, 2, 3]])


@pytest.mark.parametrize("name", ["vq-vae", "vq-vae-2"])
def test_in_the_second_stage_only_the_prior_moves(name: str) -> None:
    model, batch = made(name, dropout=0.3, batch_norm=True), batch_of(IMAGE)
    assert isinstance(model, Staged)
    model.loss(batch, step())
    before = {key: value.clone() for key, value in model.state_dict().items()}
    losses = model.loss(batch, replace(step(), stage=1))
    losses.total.backward()
    changed = {name for name, value in model.named_parameters() if value.grad is not None}
    assert changed
    assert all(name.startswith("prior.") for name in changed)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert model.training
    again = model.loss(batch, replace(step(5), stage=1))
    assert torch.equal(losses.total, again.total)
    ours = {id(each) for stage in range(2) for each in model.stage_parameters(stage)}
    assert ours == {id(each) for each in model.parameters()}


@pytest.mark.parametrize("name", ["vq-vae", "vq-vae-2"])
def test_going_on_with_saved_weights_is_exact(name: str) -> None:
    def go(model: LatentModel, first: int, last: int) -> None:
        for number in range(first, last):
            optimiser = torch.optim.SGD(model.parameters(), 0.01)
            losses = model.loss(batch_of(IMAGE, seed=number), step(number, number=number))
            losses.total.backward()
            optimiser.step()
            optimiser.zero_grad()

    whole, part = made(name, dead_after=2), made(name, dead_after=2)
    go(whole, 0, 8)
    go(part, 0, 5)
    other = made(name, dead_after=2)
    other.load_state_dict(safetensors.torch.load(safetensors.torch.save(part.state_dict())))
    go(other, 5, 8)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, other.state_dict()[key]), key


def test_figures_are_of_every_level() -> None:
    model = made("vq-vae-2").eval()
    assert isinstance(model, Counting)
    z = model.encode(batch_of(IMAGE).x)
    counts = model.counts(z[:3]) + model.counts(z[3:])
    assert torch.equal(counts, model.counts(z))
    assert counts.sum(dim=1).tolist() == [8 * 4, 8 * 16]
    figures = model.figures(counts)
    assert list(figures) == [
        *("perplexity_top", "codes_used_top", "perplexity_bottom", "codes_used_bottom")
    ]
    assert 1 <= figures["perplexity_bottom"] <= 8
    assert 0 < figures["codes_used_bottom"] <= 1


def test_a_table_gets_a_row_of_codes() -> None:
    model = MODELS["vq-vae"].build(DataSpec((5,), bounded=False), {"places": 4, "code_dim": 2})
    assert isinstance(model, Codebook)
    assert model.map_sizes == ((1, 4),)
    assert model.latent_dim == 8
    with pytest.raises(ValueError, match=r"body=conv needs images"):
        MODELS["vq-vae"].build(DataSpec((5,), bounded=False), {"body": "conv"})
    with pytest.raises(ValueError, match=r"likelihood=bernoulli needs values in \[0, 1\]"):
        MODELS["vq-vae"].build(DataSpec((5,), bounded=False), {"likelihood": "bernoulli"})


@pytest.mark.parametrize("name", ["vq-vae", "vq-vae-2"])
def test_a_linear_output_is_no_probability(name: str) -> None:
    with pytest.raises(ValueError, match=r"model\.output=linear"):
        MODELS[name].build(IMAGE, {"likelihood": "bernoulli", "output": "linear"})
