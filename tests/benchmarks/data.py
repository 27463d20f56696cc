"""Data: a folder of pictures beside Pillow on as many cores, an array on the disk beside memory."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from aeviz import data, paths
from aeviz.compute.device import choose
from aeviz.compute.preparing import prepare
from aeviz.compute.settings import complete
from aeviz.compute.training import EpochResult, fit
from aeviz.data import mapped
from aeviz.data.formats.numpy_arrays import load_arrays
from aeviz.data.pictures import pool
from tests.benchmarks.frame import Row, benchmark, row
from tests.benchmarks.windows.pillow import decode_all

FEW, ALL = 7_000, 70_000
PICTURES = "a folder of {count:,} PNG of 28 × 28"
MAPPED = "training on an array on the disk, after the first epoch"
ROWS, FEATURES = 30_000, 784
ROWS_FULL = 1_280_000


@benchmark(
    "data",
    goals={PICTURES.format(count=FEW): "ratio <= 1.3", MAPPED: "ratio >= 0.8"},
)
def measure_data(full: bool) -> Iterator[Row]:
    """Pictures read for the first time, with progress; then samples per second of a training."""
    with tempfile.TemporaryDirectory() as folder:
        yield from pictures(Path(folder), FEW)
        if full:
            yield from pictures(Path(folder) / "all", ALL)
    with tempfile.TemporaryDirectory() as folder:
        yield from on_disk(Path(folder), ROWS_FULL if full else ROWS)


def pictures(root: Path, count: int) -> Iterator[Row]:
    """Seconds until the folder is a data set; Pillow's for opening and decoding every file."""
    files = draw(root / "pictures", count)
    cores = pool.processes()
    pillow, ours, told = [], [], 0

    def report(share: float | None, phrase: str) -> None:
        nonlocal told
        told += 1

    for turn in range(3):
        began = time.perf_counter()
        with ProcessPoolExecutor(cores, get_context("spawn")) as executor:
            decoded = sum(executor.map(decode_all, [files[at::cores] for at in range(cores)]))
        assert decoded == count
        pillow.append(time.perf_counter() - began)
        paths.cache = lambda turn=turn: root / f"cache-{turn}"  # type: ignore[misc,assignment]
        began = time.perf_counter()
        assert len(data.load(str(root / "pictures"), root, {}, report)) == count
        ours.append(time.perf_counter() - began)
    name = PICTURES.format(count=count)
    floor = statistics.median(reading(files) for _ in range(3))
    yield row(name, statistics.median(ours), "s", reference=statistics.median(pillow), floor=floor)
    yield row(f"{name}: progress told", told / 3, "times")


def draw(folder: Path, count: int) -> list[str]:
    """Pictures of noisy blobs in ten classes; returns their names."""
    generator = np.random.default_rng(0)
    kinds = generator.integers(0, 255, (10, 28, 28), np.uint8)
    files = []
    for label in range(10):
        (folder / str(label)).mkdir(parents=True)
    for number in range(count):
        pixels = kinds[number % 10] // 2 + generator.integers(0, 99, (28, 28), np.uint8)
        file = folder / str(number % 10) / f"{number:06d}.png"
        Image.fromarray(pixels).save(file, compress_level=1)
        files.append(str(file))
    return files


def reading(files: list[str]) -> float:
    """Seconds of reading the bytes of all files."""
    began = time.perf_counter()
    for file in files:
        with open(file, "rb") as stream:
            stream.read()
    return time.perf_counter() - began


def on_disk(folder: Path, rows: int) -> Iterator[Row]:
    """Samples per second of a linear autoencoder on a mapped array, and on the same in memory."""
    file = folder / "own.npy"
    array = np.lib.format.open_memmap(file, "w+", np.float32, (rows, FEATURES))
    generator = np.random.default_rng(0)
    for first in range(0, rows, 16_000):
        size = min(16_000, rows - first)
        array[first : first + size] = generator.normal(size=(size, FEATURES))
    array.flush()
    del array
    torch.set_num_threads(1)
    kept, rates = mapped.IN_MEMORY, []
    paths.cache = lambda: folder / "cache"  # type: ignore[assignment]
    for limit in (10**12, 10**6):
        mapped.IN_MEMORY = limit
        rates.append(rate(file))
    mapped.IN_MEMORY = kept
    megabytes = os.path.getsize(file) / 2**20
    yield row(MAPPED, rates[1], "samples/s", reference=rates[0])
    yield row(f"{MAPPED}: its file", megabytes, "MB")


def rate(file: Path) -> float:
    """Samples per second inside the second and third epoch."""
    chosen = {
        "data": {"name": str(file)},
        "model": {"name": "vae", "latent_dim": 2, "widths": [256]},
        "train": {"epochs": 3, "shown": 1, "validation": 0.0, "batch_size": 128},
        "device": "cpu",
    }
    dataset = load_arrays(file, {})
    training = prepare(complete(chosen), dataset, choose("cpu")).training
    spent = [
        item.seconds - sum(item.measuring.values())
        for item in fit(training)
        if isinstance(item, EpochResult) and item.epoch >= 2
    ]
    return len(dataset) / statistics.median(spent)
