"""Two gigabytes of samples, fifty thousand pictures and a sparse file, in under a gigabyte."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

PROGRAM = """
import re, sys
import torch
import aeviz.cli.train, aeviz.cli.shot, aeviz.compute.runner, aeviz.models, aeviz.data
from pathlib import Path

def taken(word):
    status = Path("/proc/self/status").read_text()
    return int(re.search(word + r":\\s+(\\d+)", status)[1]) * 1024

torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))])  # it brings half of torch
before = taken("VmRSS")
from aeviz.cli import main
code = main(sys.argv[1:])
print("peak", taken("VmHWM") - before, file=sys.stderr)
sys.exit(code)
"""

LIMIT = 2**30
"""Bytes above what the libraries take."""


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def peak(*words: object) -> int:
    """Run a command; bytes at its peak above those of the libraries."""
    command = [sys.executable, "-c", PROGRAM, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = re.search(r"^peak (\d+)$", done.stderr, re.MULTILINE)
    assert found is not None
    return int(found[1])


def train_and_draw(data: Path, folder: Path, model: str, *options: str) -> tuple[int, int]:
    """Train an epoch, draw the window: the peaks of both."""
    run, picture = folder / "run", folder / "window.png"
    words = ["train", "--data", data, "--model", model, "--epochs", "1", "--batch-size", "512"]
    training = peak(*words, "--out", run, *options)
    drawing = peak("shot", run, "-o", picture)
    assert picture.stat().st_size > 10_000
    assert json.loads((run / "run.json").read_text())["status"] == "finished"
    return training, drawing


@pytest.mark.parametrize("kind", ["table", "images"])
def test_two_gigabytes_train_and_are_drawn(kind: str, scratch: Path) -> None:
    shape = (2**21, 256) if kind == "table" else (700_000, 56, 56, 1)
    dtype = np.float32 if kind == "table" else np.uint8
    path = scratch / f"{kind}.npy"
    whole = np.lib.format.open_memmap(path, "w+", dtype, shape)
    generator = np.random.default_rng(0)
    for first in range(0, len(whole), 50_000):
        part = whole[first : first + 50_000]
        if kind == "table":
            part[...] = generator.standard_normal(part.shape, np.float32)
        else:
            part[...] = generator.integers(0, 255, part.shape, np.uint8)
    whole.flush()
    del whole
    assert path.stat().st_size >= 2 * 10**9
    model = ("deep", "--set", "model.widths=32") if kind == "table" else ("linear",)
    peaks = train_and_draw(path, scratch, *model)
    print(kind, [f"{each / 2**20:.0f} MB" for each in peaks])
    assert max(peaks) < LIMIT
    path.unlink()


def test_fifty_thousand_pictures_train_and_are_drawn(scratch: Path) -> None:
    folder = scratch / "pictures"
    generator = np.random.default_rng(0)
    for label in range(10):
        (folder / str(label)).mkdir(parents=True)
        for number in range(5000):
            pixels = generator.integers(0, 255, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(folder / str(label) / f"{number}.png", compress_level=1)
    peaks = train_and_draw(folder, scratch, "linear")
    print("pictures", [f"{each / 2**20:.0f} MB" for each in peaks])
    assert max(peaks) < LIMIT


def test_a_sparse_file_of_twenty_gigabytes_is_mapped_within_a_second(scratch: Path) -> None:
    from aeviz import data

    path = scratch / "sparse.npy"
    header = {"descr": "|u1", "fortran_order": False, "shape": (20 * 2**20, 32, 32, 1)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 20 * 2**30)
    began = time.perf_counter()
    found = data.load(str(path), scratch)
    seconds = time.perf_counter() - began
    print(f"{seconds:.3f} s")
    assert found.samples.nbytes == 20 * 2**30
    assert seconds < 1.0
