"""Hidden units of any model: layers, filters, exciting samples, selectivity, gradient ascent."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from aeviz.analysis.questions import Findings, Subject, ask
from aeviz.analysis.unit_activity import Tally, selectivity
from aeviz.analysis.units import layers_of
from aeviz.models import MODELS
from aeviz.models.base import DataSpec, LatentModel, ModelEntry
from tests.models.tiny import IMAGE, TABLE, batch_of, cases, tiny

SAMPLES = batch_of(IMAGE, 40).x


def subject_of(model: LatentModel, x: torch.Tensor = SAMPLES, **changes: Any) -> Subject:
    fields = {
        "model": model.eval().requires_grad_(False),
        "samples": lambda rows: x[torch.as_tensor(rows)].numpy(),
        "labels": np.arange(len(x)) % 4,
        "kept": len(x),
    }
    return Subject(**{**fields, **changes})


def answers(name: str, subject: Subject, **arguments: Any) -> Iterator[Findings]:
    return (found for found in ask(name, subject, arguments) if found is not None)


def last(name: str, subject: Subject, **arguments: Any) -> tuple[Mapping[str, Any], Any]:
    return list(answers(name, subject, **arguments))[-1]


def deep(spec: DataSpec = IMAGE, **options: Any) -> LatentModel:
    return tiny(MODELS["deep"], spec, **options)


@pytest.mark.parametrize(("entry", "spec"), list(cases()))
def test_every_model_has_units_that_can_be_asked(entry: ModelEntry, spec: DataSpec) -> None:
    x = batch_of(spec, 6).x
    subject = subject_of(tiny(entry, spec), x)
    arrays, values = last("unit-layers", subject)
    assert values["titles"][-1] == "Latents"
    assert len(values["titles"]) == len(values["units"])
    assert len(arrays["filters"]) in (0, values["units"][0])
    for layer in range(len(values["units"])):
        found, _ = last("unit-activity", subject, layer=layer, count=3)
        assert found["rows"].shape == (values["units"][layer], 3)
    arrays, values = last("unit-ascent", subject, layer=0, unit=0)
    shape = (*x.shape[2:], x.shape[1]) if x.ndim == 4 else x.shape[1:]
    assert arrays["x"].shape == shape
    assert np.isfinite(arrays["x"]).all()


def test_layers_end_with_the_latents() -> None:
    model = deep(widths=(9, 5), batch_norm=True, latent_dim=3)
    layers = layers_of(model.eval(), SAMPLES)
    assert [(layer.title, layer.units) for layer in layers] == [
        ("Layer 1", 9),
        ("Layer 2", 5),
        ("Latents", 3),
    ]
    assert (layers[0].output >= 0).all()  # after the ReLU
    assert (layers[0].before < 0).any()
    assert torch.equal(layers[-1].output, model.encode(SAMPLES))


def test_no_hook_is_left_behind() -> None:
    model = deep()
    layers_of(model, SAMPLES)
    assert not any(module._forward_hooks for module in model.modules())


def test_filters_of_a_dense_layer_have_the_shape_of_a_sample() -> None:
    model = deep(widths=(16,))
    arrays, values = last("unit-layers", subject_of(model))
    weight = next(iter(model.parameters())).detach()
    assert arrays["filters"].shape == (16, 6, 6, 1)
    assert np.array_equal(arrays["filters"].reshape(16, 36), weight.numpy())
    assert values["is_dense"]


def test_filters_of_a_table_are_rows_and_those_of_a_convolution_small_squares() -> None:
    arrays, _ = last("unit-layers", subject_of(deep(TABLE), batch_of(TABLE, 5).x))
    assert arrays["filters"].shape == (16, 7)
    arrays, values = last("unit-layers", subject_of(deep(body="conv", channels=(8,))))
    assert arrays["filters"].shape == (8, 4, 4, 1)
    assert not values["is_dense"]


def test_a_posterior_shows_the_filters_of_its_means_only() -> None:
    arrays, values = last("unit-layers", subject_of(tiny(MODELS["vae"], IMAGE, widths=())))
    assert values["units"] == [2]
    assert len(arrays["filters"]) == 2


def test_the_most_exciting_samples_are_those_with_the_largest_activations() -> None:
    model = deep()
    found, values = last("unit-activity", subject_of(model), layer=0, count=5)
    true = layers_of(model, SAMPLES)[0].output
    top = true.topk(5, dim=0)
    assert np.allclose(found["activations"], top.values.T)
    for unit in range(16):
        ours = true[torch.as_tensor(found["rows"][unit]), unit]
        assert torch.allclose(ours, top.values[:, unit])
    assert np.allclose(found["active"], (true > 0).float().mean(dim=0))
    assert values["seen"] == values["total"] == 40


def test_selectivity_is_one_for_one_class_and_zero_for_all_alike() -> None:
    members = np.array([10.0, 20.0, 5.0])
    means = np.array([[3.0, 2.0, 1.0], [0.0, 2.0, 3.0], [0.0, 2.0, 0.0]])
    shares, label = selectivity(means * members[:, None], members, np.zeros(3))
    assert shares[:2].tolist() == [1.0, 0.0]
    rest = (1.0 * 10 + 0.0 * 5) / 15
    assert shares[2] == pytest.approx((3 - rest) / (3 + rest))
    assert label[0] == 0
    assert label[2] == 1


def test_selectivity_of_signed_units_counts_from_their_smallest_activation() -> None:
    tally = Tally(1, np.array([0, 0, 1, 1]), 2)
    tally.add(np.array([[-2.0], [-2.0], [5.0], [5.0]], np.float32))
    found = tally.findings(4)
    assert found.arrays["selectivity"].tolist() == [1.0]
    assert found.arrays["label"].tolist() == [1]


def test_dead_units_and_single_classes_have_no_favourite() -> None:
    tally = Tally(1, np.array([0, 1, -1]), 2)
    tally.add(np.zeros((3, 1), np.float32))
    assert tally.findings(3).arrays["label"].tolist() == [-1]
    one = Tally(1, np.array([0, 0]), 2)
    one.add(np.ones((2, 1), np.float32))
    assert np.isnan(one.findings(2).arrays["selectivity"]).all()


def test_the_ascent_of_a_linear_unit_finds_its_filter() -> None:
    model = tiny(MODELS["linear"], TABLE)
    arrays, values = last("unit-ascent", subject_of(model, batch_of(TABLE, 40).x), unit=1)
    centre = batch_of(TABLE, 40).x.mean(dim=0).numpy()
    direction = arrays["x"] - centre
    weight = model.encoder.weight[1].detach().numpy()
    cosine = direction @ weight / np.linalg.norm(direction) / np.linalg.norm(weight)
    assert cosine > 0.95  # the range of the data cuts off a corner
    assert values["activation"] > float(model.encode(batch_of(TABLE, 40).x)[:, 1].mean())


def test_the_ascent_excites_a_hidden_unit_more_than_any_sample() -> None:
    model = deep()
    subject = subject_of(model)
    excited = layers_of(model, SAMPLES)[0].output.mean(dim=0)
    for unit in (0, 5):
        _, values = last("unit-ascent", subject, layer=0, unit=unit)
        assert values["activation"] > excited[unit]
        assert not values["is_flat"]


def test_the_ascent_leaves_the_model_as_it_was() -> None:
    model = deep(dropout=0.5, batch_norm=True).eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.get_rng_state()
    last("unit-ascent", subject_of(model), layer=0, unit=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert not model.training
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())


def test_the_same_seed_climbs_to_the_same_input() -> None:
    subject = subject_of(deep())
    first, second, other = (
        last("unit-ascent", subject, layer=0, unit=2, seed=seed)[0]["x"] for seed in (4, 4, 5)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_what_was_found_is_shown_as_a_person_reads_it() -> None:
    subject = subject_of(deep(), own_units=lambda x: x + 100)
    arrays, _ = last("unit-ascent", subject)
    assert arrays["x"].min() >= 100


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [({"unit": 99}, "there is no 99"), ({"layer": 7}, "no layer 7")],
)
def test_what_is_not_there_is_named(arguments: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        last("unit-ascent", subject_of(deep()), **arguments)


def test_a_run_without_samples_says_so() -> None:
    with pytest.raises(ValueError, match="keeps no samples"):
        last("unit-layers", subject_of(deep(), kept=0))
