"""The stacked autoencoder: what each stage trains, and what pre-training is good for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import aeviz
from aeviz.models import MODELS
from aeviz.models.base import Batch, DataSpec, LatentModel
from aeviz.models.stacked import Stacked, blocks
from tests.models.tiny import IMAGE, TABLE, batch_of, step


def made(spec: DataSpec = IMAGE, **options: Any) -> Stacked:
    options = {"widths": (12, 7), "latent_dim": 3, **options}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = MODELS["stacked"].build(spec, options)
    assert isinstance(model, Stacked)
    return model


def numbers(model: LatentModel, stage: int) -> set[int]:
    assert isinstance(model, Stacked)
    return {id(parameter) for parameter in model.stage_parameters(stage)}


def test_stages_go_from_the_sample_inwards_and_then_train_everything() -> None:
    assert made().stages == ("layer 1", "layer 2", "layer 3", "fine-tuning")
    assert made(head="frozen").stages[-2:] == ("fine-tuning", "head")
    assert made(head="fine-tuned").stages[-1] == "head and encoder"
    assert made(head="scratch").stages == ("head and encoder from scratch",)


def test_a_stage_trains_one_layer_on_both_sides() -> None:
    model = made()
    ups, downs = blocks(model.encoder), blocks(model.decoder)
    for stage in range(3):
        wanted = [*ups[stage].parameters(), *downs[2 - stage].parameters()]
        assert numbers(model, stage) == {id(parameter) for parameter in wanted}
    everything = {id(parameter) for parameter in model.parameters()}
    assert numbers(model, 3) == everything


@pytest.mark.parametrize("stage", range(4))
def test_a_stage_moves_nothing_else(stage: int) -> None:
    model = made()
    model.loss(batch_of(IMAGE), replace(step(), stage=stage)).total.backward()
    with_gradient = {id(p) for p in model.parameters() if p.grad is not None}
    assert with_gradient == numbers(model, stage)


def test_a_layer_restores_what_the_layers_below_say() -> None:
    model, batch = made(), batch_of(IMAGE)
    hidden = blocks(model.encoder)[0](batch.x.flatten(1))
    restored = blocks(model.decoder)[1](blocks(model.encoder)[1](hidden))
    expected = (hidden - restored).square().sum(dim=1).mean()
    found = model.loss(batch, replace(step(), stage=1)).parts["layer"]
    assert torch.allclose(found, expected)


def test_a_frozen_head_leaves_the_encoder_alone_and_another_takes_it_along() -> None:
    frozen, tuned = made(head="frozen"), made(head="fine-tuned")
    assert frozen.head is not None
    assert numbers(frozen, 4) == {id(p) for p in frozen.head.parameters()}
    encoder = {id(p) for p in tuned.encoder.parameters()}
    assert encoder < numbers(tuned, 4)
    assert not {id(p) for p in tuned.decoder.parameters()} & numbers(tuned, 4)


@pytest.mark.parametrize("head", ["frozen", "fine-tuned", "scratch"])
def test_the_head_learns_from_labelled_samples_only(head: str) -> None:
    model, batch = made(head=head).eval(), batch_of(IMAGE)
    last = replace(step(), stage=len(model.stages) - 1)
    labels = batch.labels.clone()
    labels[3:] = -1
    some = model.loss(replace(batch, labels=labels), last).total
    three = Batch(batch.x[:3], batch.labels[:3], batch.index[:3])
    assert torch.allclose(some, model.loss(three, last).total)


def test_a_batch_without_labels_costs_nothing_and_can_be_differentiated() -> None:
    model, batch = made(head="fine-tuned"), batch_of(IMAGE)
    last = replace(step(), stage=4)
    for labels in (None, torch.full((8,), -1)):
        loss = model.loss(replace(batch, labels=labels), last).total
        loss.backward()
        assert loss.item() == 0


def test_few_labels_are_weighed_alike_in_every_batch() -> None:
    model, batch = made(head="scratch", labels=16), batch_of(IMAGE, 64)
    where = replace(step(), samples=64)
    hidden = torch.where(torch.arange(64) % 4 == 0, batch.labels, -1)
    rows = torch.randperm(64, generator=torch.Generator().manual_seed(0)).split(8)
    parts = [
        model.loss(Batch(batch.x[r], hidden[r], batch.index[r]), where).total.item() for r in rows
    ]
    whole = model.eval().loss(replace(batch, labels=hidden), where).total.item()
    assert np.mean(parts) == pytest.approx(whole, rel=1e-4)


def test_a_head_needs_labels() -> None:
    with pytest.raises(ValueError, match=r"model\.head needs data with labels"):
        made(replace(TABLE, classes=0), head="frozen")
    with pytest.raises(ValueError, match="has no head"):
        made().class_scores(torch.zeros(1, 3))


def test_every_stage_gives_finite_latents_and_decodes() -> None:
    model, batch = made(head="frozen").eval(), batch_of(IMAGE)
    x_hat = model.decode(model.encode(batch.x))
    assert torch.isfinite(x_hat).all()
    assert x_hat.shape == batch.x.shape


def accuracy_of(head: str, activation: str, seed: int, out: Path) -> float:
    options = {"model.head": head, "model.widths": (128, 64), "model.activation": activation}
    run = aeviz.train(
        "digits",
        "stacked",
        latent=16,
        epochs=30,
        seed=seed,
        options=options,
        out=out / f"{head}-{activation}-{seed}",
        progress=False,
    )
    # of all training samples, of which 100 showed their label: ten times as many as are held out
    return float(run.metrics["accuracy"][-1])


@pytest.mark.slow
@pytest.mark.parametrize(("activation", "gain"), [("tanh", 0.0), ("sigmoid", 0.1)])
def test_with_100_labels_pre_training_is_at_least_as_good_as_scratch(
    tmp_path: Path, activation: str, gain: float
) -> None:
    tuned, scratch = (
        np.mean([accuracy_of(head, activation, seed, tmp_path) for seed in range(2)])
        for head in ("fine-tuned", "scratch")
    )
    assert tuned >= scratch + gain


def test_accuracy_is_measured_in_the_stage_of_the_head(tmp_path: Path) -> None:
    run = aeviz.train(
        "digits",
        "stacked",
        epochs=1,
        options={"model.head": "frozen", "model.widths": (16,), "train.batch_size": 512},
        out=tmp_path / "run",
        progress=False,
    )
    for name in ("accuracy", "validation_accuracy"):
        values = run.metrics[name]
        assert len(values) == 5  # before training, two layers, fine-tuning, head
        assert np.isnan(values[:-1]).all()
        assert 0 <= values[-1] <= 1
    assert np.isfinite(run.metrics["classification"][-1])
    assert np.isfinite(run.metrics["layer"][1:3]).all()
