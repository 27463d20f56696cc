"""How far a place can be trusted: known percentiles, distances and round trips."""

import math
import time

import numpy as np
import pytest
import torch

from aeviz.analysis.questions import Findings, Subject, ask
from aeviz.models import MODELS
from aeviz.models.base import Codebook, Conditional, ModelEntry
from tests.models.tiny import SPECS, cases, tiny

GRID = np.stack(np.meshgrid(np.arange(20.0), np.arange(20.0)), -1).reshape(-1, 2).astype(np.float32)


def subject(latents: np.ndarray, model: object = None, **fields: object) -> Subject:
    made = model or tiny(MODELS["linear"], SPECS["table"]).eval()
    return Subject(made, latents, **fields)  # type: ignore[arg-type]


def told(of: Subject, z: list[float]) -> Findings:
    *_, last = ask("trust", of, {"z": z})
    assert last is not None
    return last


def test_the_distance_to_the_fifth_nearest_latent_and_the_usual_one() -> None:
    found = told(subject(GRID), [9.5, 9.5])
    assert found.values["k"] == 5
    assert found.values["distance"] == pytest.approx(math.hypot(0.5, 1.5))
    assert found.values["usual_distance"] == pytest.approx(math.sqrt(2))


def test_the_nearest_samples_are_named_without_hidden_labels() -> None:
    labels = np.arange(400) % 20
    found = told(subject(GRID, labels=labels), [3.1, 2.0])
    assert found.arrays["nearest"][:2].tolist() == [43, 44]
    assert found.arrays["away"][:2] == pytest.approx([0.1, 0.9], abs=1e-5)
    *_, last = ask("trust", subject(GRID, labels=labels), {"z": [3.1, 2.0], "hidden": (3,)})
    assert last is not None
    assert last.arrays["nearest"][0] == 44


def test_the_percentile_is_that_of_the_datas_own_densities() -> None:
    latents = np.random.default_rng(0).normal(size=(4000, 2)).astype(np.float32)
    for radius in (1.0, 1.6, 2.4):
        found = told(subject(latents), [radius, 0.0])
        # the share of a plane's normal that lies further out
        assert found.values["percentile"] == pytest.approx(100 * math.exp(-(radius**2) / 2), abs=8)
    assert told(subject(latents), [9.0, 9.0]).values["percentile"] == 0


def test_a_round_trip_of_a_flow_is_exact_and_of_a_squeezing_decoder_known() -> None:
    flow = tiny(MODELS["realnvp"], SPECS["table"]).eval()
    z = np.random.default_rng(0).normal(size=(100, flow.latent_dim)).astype(np.float32)
    assert told(subject(z, flow), z[0].tolist()).values["error"] < 1e-4
    linear = tiny(MODELS["linear"], SPECS["table"]).eval()
    place = torch.tensor([[0.5, -1.0]])
    with torch.no_grad():
        known = float((linear.encode(linear.decode(place)) - place).norm())
    found = told(subject(GRID, linear), [0.5, -1.0])
    assert found.values["error"] == pytest.approx(known, rel=1e-5)
    assert math.isnan(found.values["usual_error"])


@pytest.mark.parametrize(("entry", "spec"), list(cases()))
def test_every_model_answers(entry: ModelEntry, spec: object) -> None:
    model = tiny(entry, spec).eval().requires_grad_(False)  # type: ignore[arg-type]
    latents = np.random.default_rng(0).normal(size=(40, model.latent_dim)).astype(np.float32)

    def condition(asked: object, count: int) -> torch.Tensor | None:
        return torch.zeros(count, dtype=torch.int64) if isinstance(model, Conditional) else None

    of = subject(
        latents, model, condition=condition, kept=30, told=lambda rows: condition(0, len(rows))
    )
    found = told(of, latents[0].tolist())
    assert math.isfinite(found.values["error"] + found.values["usual_error"])
    assert 0 <= found.values["percentile"] <= 100
    assert isinstance(model, Codebook) or found.values["distance"] > 0


def test_after_the_fit_it_is_cheap_and_the_fit_is_done_once() -> None:
    latents = np.random.default_rng(1).normal(size=(20_000, 16)).astype(np.float32)
    model = tiny(MODELS["linear"], SPECS["table"], latent_dim=7).eval()
    of = subject(latents[:, :7].copy(), model)
    told(of, [0.0] * 7)
    times = []
    for _ in range(9):
        began = time.perf_counter()
        slices = list(ask("trust", of, {"z": [0.1] * 7}))
        times.append(time.perf_counter() - began)
    assert len(slices) == 1
    assert min(times) < 0.008
