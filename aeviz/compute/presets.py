"""Settings under a name: `--preset NAME` and the window's list."""

from aeviz.catalogue import Entry

PRESETS: tuple[Entry, ...] = (
    Entry(
        name="linear-784-2",
        title="Linear autoencoder, 784–2",
        summary="The lectures' first model: MNIST through two numbers, no better than PCA.",
        source="Lecture: linear autoencoder, Adam with learning rate 0.01",
        settings={
            "data": {"name": "mnist"},
            "model": {"name": "linear", "latent_dim": 2},
            "train": {"lr": 0.01, "batch_size": 64},
        },
    ),
    Entry(
        name="beta-vae-32",
        title="β-VAE, 32 latents",
        summary="The lectures' β-VAE: 32 latent dimensions on MNIST, β = 4.",
        source="Lecture: β-VAE, Adam with learning rate 0.001; Higgins et al., 2017",
        settings={
            "data": {"name": "mnist"},
            "model": {"name": "vae", "latent_dim": 32, "beta": 4.0, "widths": [512, 256]},
            "train": {"lr": 0.001},
        },
    ),
    Entry(
        name="vae-400-2",
        title="VAE without biases, 400–2",
        summary="The lectures' VAE for expression data: 400 genes through 200-100-40-20-4 to two "
        "numbers, without biases.",
        source="Lecture: variational autoencoder of expression data",
        settings={
            "data": {"name": "cells"},
            "model": {
                "name": "vae",
                "latent_dim": 2,
                "widths": [200, 100, 40, 20, 4],
                "bias": False,
            },
            "train": {"lr": 0.001},
        },
    ),
)
"""Flags given beside `--preset` win over it."""
