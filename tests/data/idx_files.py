"""Makes IDX files for tests."""

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array: NDArray[np.generic]) -> bytes:
    """An array as the bytes of an IDX file."""
    code = CODES[array.dtype.str[1:]]
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def images(samples: int, side: int = 28) -> NDArray[np.uint8]:
    """Images that hold every grey level, the same ones every time."""
    generator = np.random.default_rng(0)
    made = generator.integers(0, 256, (samples, side, side), dtype=np.uint8)
    made[0, 0, :2] = (0, 255)
    return made


def labels(samples: int) -> NDArray[np.uint8]:
    return (np.arange(samples) % 10).astype(np.uint8)


def write_collection(folder: Path, samples: int = 20, packed: bool = True) -> None:
    """The two training files of MNIST's layout in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "train-images-idx3-ubyte": idx_bytes(images(samples)),
        "train-labels-idx1-ubyte": idx_bytes(labels(samples)),
    }
    for name, content in contents.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
