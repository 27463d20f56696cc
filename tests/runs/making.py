"""Small runs for tests: what an epoch holds follows from its number, so it can be recognised."""

from pathlib import Path
from typing import Any

import numpy as np

from aeviz.messages import FloatArray
from aeviz.runs.run import RunFolder
from aeviz.runs.schema import RunInfo
from aeviz.runs.writer import RunWriter

SHOWN = 12


def make_info(**train: Any) -> RunInfo:
    return RunInfo(
        settings={"data": {"name": "digits"}, "train": {"epochs": 3, **train}, "seed": 0},
        data={"name": "digits", "kind": "image", "sample_shape": [2, 3, 1]},
        model={"name": "linear", "latent_dim": 2},
    )


def make_writer(path: Path, **train: Any) -> RunWriter:
    samples = np.arange(SHOWN * 6, dtype=np.uint8).reshape(SHOWN, 2, 3, 1)
    return RunWriter.create(
        path,
        make_info(**train),
        index=np.arange(SHOWN)[::-1].copy(),
        labels=np.arange(SHOWN) % 3 - 1,
        parts=(np.arange(SHOWN) % 2).astype(np.uint8),
        samples=samples,
    )


def latents_of(epoch: int) -> FloatArray:
    return np.arange(SHOWN * 2, dtype=np.float32).reshape(SHOWN, 2) + epoch


def weights_of(epoch: int) -> dict[str, Any]:
    return {
        "encoder.weight": np.full((3, 4), epoch, np.float32),
        "norm.count": np.array(epoch, np.int64),
    }


def write_epoch(writer: RunWriter, epoch: int, **changed: Any) -> None:
    given: dict[str, Any] = {
        "latents": latents_of(epoch),
        "weights": weights_of(epoch),
        "metrics": {"loss": 1 / (epoch + 1), "validation_loss": 2 / (epoch + 1)},
        "step": 10 * epoch,
        "seconds": 0.5,
        "lr": 1e-3,
    }
    writer.write_epoch(epoch, **{**given, **changed})


def make_run(path: Path, epochs: int, status: Any = "finished", **train: Any) -> Path:
    """A run that has ended, with epochs 0 to `epochs` - 1 and a checkpoint."""
    with make_writer(path, **train) as writer:
        for epoch in range(epochs):
            write_epoch(writer, epoch)
        writer.write_checkpoint({"state.bin": b"state", "index.txt": b""})
        writer.set_status(status)
    return path


def check_epochs(path: Path) -> list[int]:
    """Open a run, compare everything it holds with what was written; returns its epochs."""
    run = RunFolder.open(path)
    assert not run.notices
    assert run.index.tolist() == list(range(SHOWN))[::-1]
    assert run.samples is not None
    assert run.samples.ravel().tolist() == list(range(SHOWN * 6))
    for line in run.epochs:
        np.testing.assert_array_equal(run.latents(line.epoch), latents_of(line.epoch))
        assert run.weights(line.epoch)["norm.count"] == line.epoch
    return [line.epoch for line in run.epochs]


def temporary_files(path: Path) -> list[str]:
    return [file.name for file in path.rglob(".tmp-*")]
