"""A small catalogue and a run for the tests of the window's shell."""

from typing import Any

import numpy as np

from aeviz import messages as m
from aeviz.catalogue import Catalogue, Entry, Option

BETA = Option(
    "beta", "β", "Weight of the KL term", "float", 1.0, 0, 1000, live=True, logarithmic=True
)
LATENT = Option("latent_dim", "Latent dimensions", "D", "int", 2, 1, 512)
WIDTHS = Option("widths", "Layer widths", "From data to latent", "ints", (256,), 1, 65536)
EPOCHS = Option("epochs", "Epochs", "Passes", "int", 30, 0, 1_000_000)
LR = Option("lr", "Learning rate", "Step size", "float", 1e-3, 0, 100, live=True, logarithmic=True)
SHARE = Option("validation", "Validation share", "Held out", "float", 0.1, 0, 1)
SCHEDULE = Option(
    "schedule", "Schedule", "Of the rate", "choice", "constant", None, None, ("constant", "cosine")
)
DECAY = Option("weight_decay", "Weight decay", "Pull to zero", "float", 0.0, 0, 10, advanced=True)
NOISE = Option("noise", "Noise", "Standard deviation", "float", 0.1, 0, 1)

BOTH = ("image", "table")
ROWS = Catalogue(
    models=(
        Entry("flow", "Flow", "A flow.", "A paper", ("table",)),
        Entry("linear", "Linear", "Lines.", "PCA", BOTH, (LATENT,), {"train": {"lr": 0.01}}),
        Entry("vae", "VAE", "Clouds.", "Kingma", BOTH, (LATENT, BETA, WIDTHS)),
    ),
    data=(
        Entry("digits", "Handwritten digits", "Small digits.", "scikit-learn", ("image",)),
        Entry("mnist", "MNIST", "Digits.", "LeCun", ("image",), download=True),
        Entry("moons", "Two moons", "Two arcs.", "Made", ("table",), (NOISE,)),
    ),
    presets=(
        Entry(
            "lecture",
            "Lecture",
            "The lecture's model.",
            "A lecture",
            settings={
                "data": {"name": "mnist"},
                "model": {"name": "vae", "beta": 4.0, "widths": [512, 256]},
                "train": {"lr": 0.01},
            },
        ),
    ),
    train=(EPOCHS, LR, SHARE, SCHEDULE, DECAY),
)  # fmt: skip

TERMS = (
    m.Term("reconstruction", "Reconstruction", "‖x − x̂‖²", "nats per sample", "How far."),
    m.Term("kl", "KL divergence", "KL(q ‖ p)", "nats per sample", "How spread.", "beta"),
)
TRUTH = m.TruthLine("reconstruction_mse", 0.04, "PCA {optimum}", "Of the very samples.")
READY = m.EngineReady(
    device="cpu", reason="There is no GPU.", devices=("cpu",), versions={"torch": "2"}
)


def run(**changes: Any) -> m.RunOpened:
    fields: dict[str, Any] = {
        "run": "r",
        "path": "/runs/r",
        "title": "VAE on digits",
        "settings": {"data": {"name": "digits"}, "model": {"name": "vae", "beta": 2.0}, "seed": 7},
        "sample_shape": (2, 2, 1),
        "white": 255.0,
        "latent_dim": 2,
        "index": np.arange(5),
        "labels": np.arange(5) % 2,
        "parts": np.zeros(5, np.uint8),
        "class_names": ("a", "b"),
        "feature_names": (),
        "samples": np.zeros((5, 2, 2, 1), np.uint8),
        "total": 5,
        "epochs": 3,
        "terms": TERMS,
        "truths": (TRUTH,),
    }
    return m.RunOpened(**{**fields, **changes})


def epoch(number: int, **metrics: float) -> m.EpochDone:
    made = {"validation_loss": 12.0 - number, "validation_reconstruction": 11.0 - number}
    made["reconstruction_mse"] = 0.09 / (number + 1)
    if number:
        made |= {"loss": 10.0 - number, "reconstruction": 9.0 - number, "kl": 1.0}
    return m.EpochDone(
        run="r",
        epoch=number,
        positions=np.full((5, 2), number, np.float32),
        mean=np.zeros(2, np.float32),
        axes=np.eye(2, dtype=np.float32),
        metrics=made | metrics,
    )


def progress(**changes: Any) -> m.Progress:
    fields: dict[str, Any] = {
        "run": "r",
        "phase": "training",
        "epoch": 2,
        "epochs": 4,
        "step": 5,
        "steps": 10,
        "losses": {"loss": 8.5, "kl": 0.25},
        "samples_per_second": 52310.0,
        "seconds_left": 200.0,
    }
    return m.Progress(**{**fields, **changes})
