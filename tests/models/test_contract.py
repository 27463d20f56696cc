"""What every registered model promises."""

import inspect
from dataclasses import replace

import pytest
import safetensors.torch
import torch

from aeviz.models import MODELS
from aeviz.models.base import (
    Batch,
    Codebook,
    Conditional,
    DataSpec,
    Described,
    Invertible,
    KnownTruth,
    LatentModel,
    Likelihood,
    ModelEntry,
    Posterior,
    Prior,
    Staged,
)
from tests.models.tiny import batch_of, cases, step, tiny

each_model = pytest.mark.parametrize(("entry", "spec"), list(cases()))


@each_model
def test_encode_and_decode_have_the_promised_shapes(entry: ModelEntry, spec: DataSpec) -> None:
    model, batch = tiny(entry, spec).eval(), batch_of(spec)
    z = model.encode(batch.x)
    assert z.shape == (8, model.latent_dim)
    assert z.dtype == torch.float32
    x_hat = model.decode(z)
    assert x_hat.shape == batch.x.shape
    assert x_hat.dtype == torch.float32


@each_model
def test_bounded_decodes_lie_in_the_unit_interval(entry: ModelEntry, spec: DataSpec) -> None:
    model = tiny(entry, spec).eval()
    far = torch.randn(64, model.latent_dim, generator=torch.Generator().manual_seed(1)) * 20
    x_hat = model.decode(far)
    assert torch.isfinite(x_hat).all()
    if model.bounded:
        assert x_hat.min() >= 0
        assert x_hat.max() <= 1


@each_model
def test_decodes_are_never_clipped(entry: ModelEntry, spec: DataSpec) -> None:
    model = tiny(entry, spec).eval()
    if model.bounded or isinstance(model, Codebook):
        pytest.skip("bounded by its output layer, or by its codes")
    far = torch.randn(64, model.latent_dim, generator=torch.Generator().manual_seed(1)) * 20
    x_hat = model.decode(far)
    assert x_hat.min() < 0
    assert x_hat.max() > 1


@each_model
def test_the_loss_is_finite_and_reaches_every_parameter(entry: ModelEntry, spec: DataSpec) -> None:
    model = tiny(entry, spec)
    for stage in range(stages_of(model)):
        losses = model.loss(batch_of(spec), replace(step(), stage=stage))
        assert losses.total.shape == ()
        assert torch.isfinite(losses.total)
        losses.total.backward()
        is_staged = isinstance(model, Staged)
        for parameter in model.stage_parameters(stage) if is_staged else model.parameters():
            assert parameter.grad is not None
            assert parameter.grad.abs().sum() > 0


def stages_of(model: LatentModel) -> int:
    return len(model.stages) if isinstance(model, Staged) else 1


@each_model
def test_the_terms_are_the_parts_of_the_loss(entry: ModelEntry, spec: DataSpec) -> None:
    model = tiny(entry, spec)
    found: dict[str, torch.Tensor] = {}
    for stage in range(stages_of(model)):
        found |= model.loss(batch_of(spec), replace(step(), stage=stage)).parts
    assert list(found) == [term.name for term in model.terms]
    assert all(part.shape == () for part in found.values())
    for term in model.terms:
        assert term.title
        assert term.formula
        assert term.unit
        assert term.definition.endswith(".")


@each_model
def test_the_loss_is_the_weighted_sum_of_its_terms(entry: ModelEntry, spec: DataSpec) -> None:
    model = tiny(entry, spec)
    weights = {term.weight: 3.0 for term in model.terms if term.weight}
    for stage in range(stages_of(model)):
        losses = model.loss(batch_of(spec), replace(step(**weights), stage=stage))
        total = sum(
            losses.parts[term.name] * (weights[term.weight] if term.weight else 1.0)
            for term in model.terms
            if term.name in losses.parts
        )
        assert torch.allclose(losses.total, total)


@each_model
def test_the_loss_is_a_mean_over_the_batch(entry: ModelEntry, spec: DataSpec) -> None:
    if entry.model.is_pairwise:
        pytest.skip("compares the samples of a batch")
    model, batch = tiny(entry, spec).eval(), batch_of(spec)
    names = ("x", "labels", "index", "condition")
    twice = type(batch)(*(torch.cat([getattr(batch, name)] * 2) for name in names))
    once_loss = torch.stack([model.loss(batch, step(seed)).total for seed in range(200)]).mean()
    twice_loss = torch.stack([model.loss(twice, step(seed)).total for seed in range(200)]).mean()
    assert twice_loss.item() == pytest.approx(once_loss.item(), rel=0.02)


@each_model
def test_eval_mode_is_deterministic(entry: ModelEntry, spec: DataSpec) -> None:
    model, batch = tiny(entry, spec).eval(), batch_of(spec)
    z = model.encode(batch.x)
    assert torch.equal(z, model.encode(batch.x))
    assert torch.equal(model.decode(z), model.decode(z))


@each_model
def test_eval_mode_does_not_depend_on_the_batch(entry: ModelEntry, spec: DataSpec) -> None:
    model, batch = tiny(entry, spec).eval(), batch_of(spec)
    alone = model.encode(batch.x[2:3])
    assert torch.allclose(alone, model.encode(batch.x)[2:3], atol=1e-5)


@each_model
def test_the_same_seed_gives_the_same_loss(entry: ModelEntry, spec: DataSpec) -> None:
    losses = [tiny(entry, spec).loss(batch_of(spec), step(7)).total for _ in range(2)]
    assert torch.equal(*losses)


@each_model
def test_the_loss_leaves_the_global_generator_alone(entry: ModelEntry, spec: DataSpec) -> None:
    model = tiny(entry, spec)
    before = torch.get_rng_state()
    model.loss(batch_of(spec), step())
    assert torch.equal(before, torch.get_rng_state())


@each_model
def test_weights_survive_safetensors(entry: ModelEntry, spec: DataSpec) -> None:
    model, other = tiny(entry, spec, seed=0).eval(), tiny(entry, spec, seed=1).eval()
    data = safetensors.torch.save(model.state_dict())
    other.load_state_dict(safetensors.torch.load(data))
    x = batch_of(spec).x
    assert torch.equal(model.encode(x), other.encode(x))
    z = model.encode(x)
    assert torch.equal(model.decode(z), other.decode(z))


@each_model
def test_the_loss_stays_on_the_meta_device(entry: ModelEntry, spec: DataSpec) -> None:
    if entry.model.host_step:
        pytest.skip("its loss needs the host")
    with torch.device("meta"):
        model = tiny(entry, spec)
    losses = model.loss(batch_of(spec, device="meta"), step(device="meta"))
    assert losses.total.device.type == "meta"
    assert all(part.device.type == "meta" for part in losses.parts.values())


@each_model
def test_eight_samples_are_learned_by_heart(entry: ModelEntry, spec: DataSpec) -> None:
    has_width = "latent_dim" in entry.config.__pydantic_fields__
    model = tiny(entry, spec, **({"latent_dim": 6} if has_width else {}))
    batch = batch_of(spec)
    before = lack(model, batch)
    optimiser = torch.optim.Adam(model.parameters(), 0.02)
    for number in range(200 * stages_of(model)):
        losses = model.loss(batch, replace(step(number, number=number), stage=number // 200))
        optimiser.zero_grad()
        losses.total.backward()
        optimiser.step()
    assert lack(model, batch) < before / 2


def lack(model: LatentModel, batch: Batch) -> float:
    """How far samples are from learned; a flow reconstructs all, but finds them unlikely."""
    if isinstance(model, Invertible):
        with torch.no_grad():
            return -float(sum(model.log_density(batch.x)).mean())
    return reconstruction_error(model, batch)


def reconstruction_error(model: LatentModel, batch: Batch) -> float:
    model.eval()
    with torch.no_grad():
        z = model.encode(batch.x, batch.condition)
        error = (model.decode(z, batch.condition) - batch.x).square().mean()
    model.train()
    return float(error)


@each_model
def test_the_layout_goes_from_the_features_over_the_latent_back(
    entry: ModelEntry, spec: DataSpec
) -> None:
    model = tiny(entry, spec)
    if not isinstance(model, Described):
        pytest.skip("has no layers to draw")
    layout = model.layout()
    assert layout[0] == layout[-1] == spec.features
    assert model.latent_dim in layout


@each_model
def test_abilities_give_values_of_the_promised_shape(entry: ModelEntry, spec: DataSpec) -> None:
    model, batch = tiny(entry, spec).eval(), batch_of(spec)
    z = model.encode(batch.x)
    if isinstance(model, Posterior):
        mu, log_var = model.posterior(batch.x)
        assert mu.shape == log_var.shape == z.shape
        assert torch.equal(mu, z)
    if isinstance(model, Prior):
        assert model.log_prior(z).shape == (8,)
        drawn = model.draw_prior(5, torch.Generator().manual_seed(0))
        assert drawn.shape == (5, model.latent_dim)
    if isinstance(model, Likelihood):
        assert model.log_likelihood(batch.x, z).shape == (8,)
    if isinstance(model, Conditional):
        assert model.condition_kind == spec.condition_kind
        assert model.condition_names == spec.conditions
        unknown, own = model.decode(z), model.decode(z, batch.condition)
        assert unknown.shape == own.shape
        assert not torch.equal(unknown, own)
    if isinstance(model, KnownTruth):
        assert all(truth.value >= 0 for truth in model.truths(batch.x))


@pytest.mark.parametrize("entry", list(MODELS.values()), ids=list(MODELS))
def test_models_are_final_and_say_what_they_are(entry: ModelEntry) -> None:
    assert entry.model.__base__ is LatentModel
    assert getattr(entry.model, "__final__", False)
    assert inspect.getdoc(entry.model)
    for text in (entry.title, entry.source):
        assert text
    assert entry.summary.endswith(".")


@pytest.mark.parametrize("entry", list(MODELS.values()), ids=list(MODELS))
def test_a_misspelt_option_is_refused_by_name(entry: ModelEntry) -> None:
    known = next(iter(entry.config.__pydantic_fields__))
    with pytest.raises(
        ValueError, match=rf"no option 'model\.{known}x'; did you mean model\.{known}"
    ):
        entry.build(DataSpec((4,)), {f"{known}x": 3})
