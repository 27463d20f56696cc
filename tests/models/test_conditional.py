"""Models that are told something: how it is told, and what they do with it."""

import math
from dataclasses import replace

import pytest
import torch

from aeviz.models import MODELS
from aeviz.models.base import DataSpec
from aeviz.models.body import BodyConfig
from aeviz.models.told import Embedded, one_hot, part_of
from aeviz.models.two_decoder import domain_distance, warped
from tests.models.tiny import IMAGE, ODD, TABLE, batch_of, step, tiny

NUMBERS = replace(
    TABLE,
    condition_kind="numbers",
    conditions=("age", "dose"),
    condition_mean=(40.0, 1.0),
    condition_scale=(10.0, 0.5),
)
UPPER_HALF = replace(IMAGE, condition_kind="sample", conditions=("upper-half",))
SILHOUETTE = replace(ODD, condition_kind="sample", conditions=("silhouette",))
CONDITIONAL, TWO = MODELS["conditional-vae"], MODELS["two-decoder"]


def test_a_choice_is_one_hot_and_an_unknown_one_is_all_zeros() -> None:
    found = one_hot(torch.tensor([2, -1, 0]), 3).int().tolist()
    assert found == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    embedded = Embedded(IMAGE, BodyConfig(), 4)
    assert embedded(None, torch.ones(2, 5)).tolist() == [[0, 0, 0]] * 2


def test_numbers_are_standardised_and_a_missing_one_is_the_mean() -> None:
    embedded = Embedded(NUMBERS, BodyConfig(), 4)
    told = torch.tensor([[60.0, 0.0], [math.nan, 1.0]])
    assert embedded(told, told).tolist() == [[2, -2], [0, 0]]


def test_the_parts_of_an_image() -> None:
    x = torch.arange(12.0).view(1, 1, 4, 3)
    assert torch.equal(part_of(x, "upper-half"), x[:, :, :2])
    silhouette = part_of(x, "silhouette")
    assert torch.equal(silhouette, (x > 5.5).float())
    assert part_of(torch.zeros(1, 3, 2, 2), "silhouette").shape == (1, 1, 2, 2)


@pytest.mark.parametrize("spec", [NUMBERS, UPPER_HALF, SILHOUETTE])
def test_every_kind_of_condition_trains_every_parameter(spec: DataSpec) -> None:
    model = tiny(CONDITIONAL, spec)
    if spec is SILHOUETTE:
        model = tiny(CONDITIONAL, spec, body="conv")
    losses = model.loss(batch_of(spec), step())
    losses.total.backward()
    assert torch.isfinite(losses.total)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_a_sample_that_is_not_told_tells_its_part_itself() -> None:
    model, x = tiny(CONDITIONAL, UPPER_HALF).eval(), batch_of(UPPER_HALF).x
    assert torch.equal(model.encode(x), model.encode(x, x))
    z = model.encode(x)
    assert not torch.equal(model.decode(z, x), model.decode(z, x.flip(0)))


def test_data_that_nothing_is_known_of_are_refused() -> None:
    for entry in (CONDITIONAL, TWO):
        with pytest.raises(ValueError, match=r"model\.condition"):
            tiny(entry, DataSpec((7,)))


def test_a_part_of_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="needs images"):
        tiny(CONDITIONAL, replace(TABLE, condition_kind="sample", conditions=("upper-half",)))


def test_every_sample_has_the_decoder_of_its_domain() -> None:
    model = tiny(TWO, TABLE).eval()
    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    each = [model.decode(z, torch.full((4,), domain)) for domain in range(3)]
    mixed = model.decode(z, torch.tensor([2, 0, 1, -1]))
    for row, domain in enumerate((2, 0, 1)):
        assert torch.allclose(mixed[row], each[domain][row])
    mean = torch.stack(each).mean(dim=0)
    assert torch.allclose(mixed[3], mean[3])
    assert torch.allclose(model.decode(z), mean)


def test_a_number_that_is_no_domain_is_one_that_is_not_known() -> None:
    model, batch = tiny(TWO, TABLE).eval(), batch_of(TABLE, 4)
    unknown, beyond = (torch.tensor([0, 1, 1, number]) for number in (-1, 7))
    z = model.encode(batch.x)
    assert torch.equal(model.decode(z, beyond), model.decode(z, unknown))
    losses = [model.loss(replace(batch, condition=told), step()) for told in (unknown, beyond)]
    assert torch.equal(losses[0].total, losses[1].total)


def test_a_domain_without_a_sample_leaves_its_decoder_alone() -> None:
    model, batch = tiny(TWO, TABLE), batch_of(TABLE)
    batch = replace(batch, condition=torch.tensor([0, 1] * 4))
    model.loss(batch, step()).total.backward()
    assert all(p.grad is not None for p in model.decoders[0].parameters())
    assert all(p.grad is None for p in model.decoders[2].parameters())


def test_domains_must_be_two_to_sixty_four_choices() -> None:
    alone = replace(TABLE, conditions=("a",))
    many = replace(TABLE, conditions=tuple(map(str, range(65))))
    with pytest.raises(ValueError, match=r"has 1 choice in .*: let data\.only keep more labels"):
        tiny(TWO, alone)
    with pytest.raises(ValueError, match=r"has 65 choices, .*: keep fewer labels with data\.only"):
        tiny(TWO, many)
    with pytest.raises(ValueError, match="a column of choices"):
        tiny(TWO, NUMBERS)


def test_the_distance_of_domains_is_zero_for_one_cloud_whatever_its_size() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(400, 2, generator=generator) for _ in range(2))
    apart = domain_distance(a, b + 2.0)
    assert abs(domain_distance(a, b)) < 0.01 < 0.1 < apart
    assert torch.allclose(domain_distance(100 * a, 100 * (b + 2.0)), apart, atol=1e-4)


def test_a_warp_of_nothing_changes_nothing() -> None:
    x = batch_of(ODD).x
    generator = torch.Generator().manual_seed(0)
    assert torch.allclose(warped(x, 0.0, generator), x, atol=1e-5)
    bent = warped(x, 0.2, generator)
    assert bent.shape == x.shape
    assert not torch.allclose(bent, x, atol=0.1)
