"""Training a codebook: moving averages, dead codes and both stages go on to the bit."""

import pytest

from aeviz.compute.checkpoint import capture, restore
from aeviz.compute.training import EpochResult, Training, fit
from tests.compute.test_training import same
from tests.compute.training_setup import make_training, results

SMALL = {"codes": 6, "code_dim": 2, "channels": [4], "prior_width": 6, "dead_after": 2}


def make(name: str = "vq-vae", **options: object) -> Training:
    model = {"name": name, "batch_norm": True, "dropout": 0.2, **SMALL, **options}
    return make_training(model, {"epochs": 2, "batch_size": 20}, dynamic=True)


@pytest.mark.parametrize(
    ("name", "options"),
    [("vq-vae", {}), ("vq-vae", {"codebook": "gradient"}), ("vq-vae-2", {})],
)
def test_stopping_anywhere_and_going_on_gives_the_same_bits(
    name: str, options: dict[str, object]
) -> None:
    whole = results(make(name, **options))
    yields = sum(1 for _ in fit(make(name, **options)))
    for moment in range(1, yields, 5):
        training = make(name, **options)
        job, done = fit(training), []
        for _ in range(moment):
            item = next(job)
            if isinstance(item, EpochResult):
                done.append(item)
        files = capture(training)
        job.close()
        again = make(name, **options)
        restore(again, files)
        again.reported = done[-1].epoch if done else -1
        assert same(whole, done + results(again)), f"stopped after {moment} yields"


def test_each_stage_tells_its_own_terms_and_every_epoch_the_perplexity() -> None:
    found = results(make())
    assert len(found) == 5
    for result in found[1:3]:
        assert {"reconstruction", "commitment", "validation_commitment"} <= set(result.metrics)
        assert "prior" not in result.metrics
    for result in found[3:]:
        assert {"prior", "validation_prior"} <= set(result.metrics)
        assert "commitment" not in result.metrics
    for result in found:
        assert 1 <= result.metrics["perplexity"] <= 6
        assert 0 < result.metrics["validation_codes_used"] <= 1


def test_the_codes_stand_still_while_the_prior_is_trained() -> None:
    *_, before, first, last = results(make())
    for result in (first, last):
        for name, value in before.weights.items():
            if not name.startswith("prior."):
                assert (value == result.weights[name]).all(), name
        assert (before.latents == result.latents).all()
        assert result.metrics["perplexity"] == before.metrics["perplexity"]
