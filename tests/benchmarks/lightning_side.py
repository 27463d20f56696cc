"""Lightning's Trainer with a DataLoader over torchvision's MNIST, as the lectures train."""

import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aeviz.data.dataset import Dataset
from tests.benchmarks.models import Side


def lightning_side(dataset: Dataset, folder: Path, net: nn.Module, lr: float, size: int) -> Side:
    """Trains so many batches in an epoch; the seconds are those inside it."""
    torchvision = import_torchvision()
    lightning = import_lightning()
    write_idx(dataset, folder)
    transform = torchvision.transforms.ToTensor()
    samples = torchvision.datasets.MNIST(str(folder), train=True, transform=transform)
    loader = torch.utils.data.DataLoader(samples, batch_size=size, shuffle=True)

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def training_step(self, batch: tuple[Tensor, Tensor], number: int) -> Tensor:
            return self.net(batch[0].flatten(1))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr)

    class Stopwatch(lightning.Callback):  # type: ignore[misc, name-defined]
        began = seconds = 0.0

        def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
            self.began = time.perf_counter()

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            self.seconds = time.perf_counter() - self.began

    module, stopwatch = Module(), Stopwatch()

    def advance(count: int) -> tuple[int, float]:
        trainer = lightning.Trainer(
            max_epochs=1,
            limit_train_batches=count,
            accelerator="cpu",
            devices=1,
            logger=False,
            callbacks=[stopwatch],
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.fit(module, loader)
        return count * size, stopwatch.seconds

    return advance


def import_lightning() -> Any:
    """Lightning without its advertisements."""
    import lightning.pytorch

    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return lightning.pytorch


def import_torchvision() -> Any:
    """torchvision, also beside a torch for the CPU, where its compiled operators are missing."""
    try:
        import torchvision
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision

        torchvision.declared_here = library  # kept alive as long as the module
    import torchvision.datasets
    import torchvision.transforms

    return torchvision


def write_idx(dataset: Dataset, folder: Path) -> None:
    """The data set as the files that torchvision looks for."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    labels = dataset.labels if dataset.labels is not None else np.zeros(len(dataset))
    for part in ("train", "t10k"):
        images = b"\x00\x00\x08\x03" + header(len(dataset), 28, 28) + dataset.samples.tobytes()
        numbers = b"\x00\x00\x08\x01" + header(len(dataset)) + labels.astype(np.uint8).tobytes()
        for name, content in (("images-idx3", images), ("labels-idx1", numbers)):
            (raw / f"{part}-{name}-ubyte").write_bytes(content)


def header(*lengths: int) -> bytes:
    """Lengths as an IDX file states them."""
    return np.array(lengths, ">u4").tobytes()
