"""Vector-quantised autoencoder on MNIST: how many of its 64 codes are in use."""

import math
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from aeviz.compute.runner import train
from aeviz.messages import Failed
from aeviz.runs.run import RunFolder
from tests.numbers.frame import Figure, figures

CODES, PLACES = 64, 49
SOURCE = "van den Oord et al., 2017, whose codebook collapses without dead-code reset"


@figures("vq-vae", title="Vector-quantised autoencoder, MNIST, 64 codes")
def measure(quick: bool) -> Iterator[Figure]:
    """Perplexity, usage and error on held-out images after a few epochs; the prior's nats."""
    for learning in ("ema", "gradient"):
        with tempfile.TemporaryDirectory() as folder:
            run = trained(Path(folder) / "run", learning, 1 if quick else 5)
            metrics = run.epochs[-1].metrics
        yield from described(learning, metrics)


def described(learning: str, metrics: dict[str, float]) -> Iterator[Figure]:
    """The figures of one training."""
    found = metrics["validation_perplexity"]
    yield Figure(
        f"{learning}: perplexity",
        found,
        "> 32",
        holds=found > 32,
        unit=f"codes of {CODES}",
        source=SOURCE,
        note="Exponential of the entropy of the codes of held-out images.",
    )
    yield Figure(f"{learning}: codes in use", metrics["validation_codes_used"], unit="share")
    yield Figure(
        f"{learning}: reconstruction",
        metrics["validation_reconstruction_mse"],
        unit="mse per pixel",
        note=f"{PLACES} codes of {math.log2(CODES):.0f} bits each per image.",
    )
    if "validation_prior" in metrics:
        nats, uniform = metrics["validation_prior"], PLACES * math.log(CODES)
        yield Figure(
            f"{learning}: code map under the learned prior",
            nats,
            f"< {uniform:.1f} (all codes equally likely)",
            holds=nats < uniform,
            unit="nats per image",
        )


def trained(path: Path, learning: str, epochs: int) -> RunFolder:
    """A model on MNIST, a tenth of it held out; so many epochs for each stage."""
    settings: dict[str, Any] = {
        "data": {"name": "mnist"},
        "model": {"name": "vq-vae", "codes": CODES, "codebook": learning},
        "train": {"epochs": epochs, "lr": 2e-3, "shown": 10_000},
    }
    with closing(train(settings, out=path, runs_dir=path.parent)) as messages:
        for message in messages:
            if isinstance(message, Failed):
                raise RuntimeError(message.summary)
    return RunFolder.open(path)
