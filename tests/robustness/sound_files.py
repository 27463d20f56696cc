"""One small sound file of every foreign kind, and what reads it: what gets damaged afterwards."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.data.idx_files import idx_bytes, images, labels

Maker = Callable[[Path], None]
"""Writes the sound files of a kind into a folder."""

GENERATOR = np.random.default_rng(0)
TABLE = GENERATOR.normal(size=(12, 3))
PIXELS = GENERATOR.integers(0, 256, (9, 10, 3)).astype(np.uint8)
CSV = "length,width,site,species\n" + "".join(
    f"{row[0]:.4f},{row[1]:.4f},{'AB'[number % 2]},{('oak', 'elm', 'ash')[number % 3]}\n"
    for number, row in enumerate(TABLE)
)


def same(content: bytes) -> bytes:
    """A damaged content as it is."""
    return content


@dataclass(frozen=True)
class Kind:
    """A kind of foreign file.

    Attributes:
        make: Writes its sound files into a folder.
        opened: The name that a person chooses; "" for the folder itself.
        damaged: Names, or patterns for one, of the files that are damaged, one at a time.
        reader: What reads it: "data" (any file of a person's own), "picture", "onnx", "records",
            "mat", "set" (a
            registered data set, `opened` is its name), "config" and
            "settings" (the program's own, which people may write), "own" (a run folder).
        dress: Puts a damaged content into what surrounds it: a packing, checksums that fit.
        bare: The content that is damaged, where that is not the file's own.
    """

    make: Maker
    opened: str
    damaged: tuple[str, ...]
    reader: str = "data"
    dress: Callable[[bytes], bytes] = same
    bare: Callable[[bytes], bytes] = same


# ── makers ────────────────────────────────────────────────────────────────────────────────────


def text(name: str, content: str) -> Maker:
    return lambda folder: (folder / name).write_text(content, encoding="utf-8") and None


def npy(folder: Path) -> None:
    np.save(folder / "own.npy", TABLE)


def npz(folder: Path) -> None:
    names = np.array(["a", "b", "c"])
    with (folder / "own.npz").open("wb") as file:
        np.savez(file, x=TABLE, y=np.arange(12) % 3, class_names=names, feature_names=names)


def npz_images(folder: Path) -> None:
    with (folder / "own.npz").open("wb") as file:
        np.savez_compressed(file, x=np.stack([PIXELS] * 4), y=np.array(["a", "b", "a", "b"]))


def idx(folder: Path) -> None:
    (folder / "own-images-idx3-ubyte").write_bytes(idx_bytes(images(4, 6)))
    (folder / "own-labels-idx1-ubyte").write_bytes(idx_bytes(labels(4)))


def packed_idx(folder: Path) -> None:
    (folder / "own-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images(4, 6))))


def packed_csv(folder: Path) -> None:
    (folder / "own.csv.gz").write_bytes(gzip.compress(CSV.encode(), mtime=0))


def columnar(name: str, compression: str) -> Maker:
    def make(folder: Path) -> None:
        import pyarrow as pa
        from pyarrow import feather, parquet

        table = pa.table(
            {
                "u": TABLE[:, 0],
                "v": np.arange(12),
                "site": pa.array(["A", "B"] * 6).dictionary_encode(),
                "kind": ["x", "y", "z"] * 4,
                "parts": [[1.0, 2.0]] * 12,
            }
        )
        if name.endswith(".parquet"):
            parquet.write_table(table, folder / name, compression=compression)
        else:
            feather.write_feather(table, folder / name, compression=compression)

    return make


def hdf5(folder: Path) -> None:
    import h5py

    with h5py.File(folder / "own.h5", "w") as file:
        file.create_dataset("x", data=TABLE, chunks=(4, 3), compression="gzip")
        file["y"] = np.array([b"elm", b"oak"] * 6)
        file["g/feature_names"] = np.array(["a", "b", "c"], h5py.string_dtype())
        file["link"] = h5py.SoftLink("/x")


def annotated(kind: str) -> Maker:
    def make(folder: Path) -> None:
        from tests.data.test_anndata import saved

        saved(folder, kind=kind)

    return make


def picture(name: str, mode: str = "RGB", **how: object) -> Maker:
    def make(folder: Path) -> None:
        image = Image.fromarray(PIXELS).convert(mode)
        image.save(folder / name, **how)  # type: ignore[arg-type]

    return make


def deep_png(folder: Path) -> None:
    Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257).save(folder / "own.png")


def turned_jpeg(folder: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(PIXELS).save(folder / "own.jpg", exif=exif)


def film(folder: Path) -> None:
    frames = [Image.fromarray(np.roll(PIXELS, step, 0)) for step in range(3)]
    frames[0].save(folder / "own.gif", save_all=True, append_images=frames[1:], transparency=0)


def projector(folder: Path) -> None:
    rows = ["\t".join(f"{value:.3f}" for value in row) for row in TABLE]
    (folder / "tensors.tsv").write_text("\n".join(rows) + "\n")
    words = [f"n{number}\t{'ab'[number % 2]}" for number in range(12)]
    (folder / "metadata.tsv").write_text("\n".join(["name\tlabel", *words]) + "\n")
    (folder / "projector_config.pbtxt").write_text(
        'embeddings {\n  tensor_path: "tensors.tsv"\n  metadata_path: "metadata.tsv"\n}\n'
    )


def table_folder(folder: Path) -> None:
    for name, shift in (("ill.csv", 0.0), ("well.csv", 1.0)):
        rows = [f"{a + shift:.3f},{b:.3f}" for a, b, _ in TABLE]
        (folder / name).write_text("\n".join(["u,v", *rows]) + "\n")


def onnx(folder: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    weight = numpy_helper.from_array(TABLE[:3, :2].astype(np.float32), "w")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Tanh", ["h"], ["z"]),
    ]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3])
    found = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["rows", 2])
    graph = helper.make_graph(nodes, "net", [given], [found], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "own.onnx").write_bytes(model.SerializeToString())


def state(folder: Path) -> None:
    import torch

    weights = {"down.weight": torch.ones(2, 3), "down.bias": torch.zeros(2, dtype=torch.float16)}
    content = {"state_dict": weights, "epoch": 3, "hyper_parameters": {"lr": 0.1, "name": "net"}}
    torch.save(content, folder / "own.ckpt")


def tensors(folder: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a": np.ones((2, 3), np.float32), "b": np.zeros(2)}, folder / "own.safetensors")


def records(folder: Path) -> None:
    from tests.data.vision_files import cifar_part, python2_pickle

    (folder / "batch.bin").write_bytes(python2_pickle(cifar_part(1, 1)))


def matrices(folder: Path) -> None:
    from scipy.io import savemat

    content = {"X": PIXELS, "y": np.arange(4, dtype=np.uint8)[:, np.newaxis]}
    savemat(folder / "own.mat", content, do_compression=False)


def vision(name: str) -> Maker:
    """The small files of a data set of pictures that `vision_files.write_NAME` writes."""

    def make(folder: Path) -> None:
        from tests.data import vision_files

        getattr(vision_files, f"write_{name}")(folder)

    return make


def anything(folder: Path) -> None:
    (folder / "own.bin").write_text(CSV)


def config(folder: Path) -> None:
    (folder / "own.toml").write_text(
        'seed = 3\n[data]\nname = "digits"\n[model]\nname = "vae"\nbeta = 2.5\n'
        "widths = [64, 32]\nlatent_dim = 2\n[train]\nepochs = 4\nlr = 1e-3\n"
    )


def window(folder: Path) -> None:
    from PySide6.QtCore import QByteArray

    from aeviz.catalogue import Entry
    from aeviz.gui.kept_settings import KeptSettings
    from aeviz.gui.opening import remembered
    from aeviz.gui.plan import OwnData

    own = OwnData(Entry(str(folder), "Own", "A table.", "", ("table",)), {"label": "y"}, 3)
    settings = KeptSettings(folder / "aeviz.ini")
    settings.setValue("recent/runs", [str(folder), "/runs/ü, other"])
    settings.setValue("recent/data", remembered([own]))
    settings.setValue("window/state", QByteArray(bytes(range(256))))
    settings.setValue("window/theme", "dark")
    settings.sync()


# ── dress ─────────────────────────────────────────────────────────────────────────────────────


def zipped(content: bytes) -> bytes:
    """An array in an archive whose checksum fits."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.npy", content)
    return buffer.getvalue()


def packed(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def mended_png(content: bytes) -> bytes:
    """A PNG whose chunks have checksums that fit, as an attacker would write it."""
    data, place = bytearray(content), 8
    while place + 12 <= len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        end = place + 8 + size
        if end + 4 > len(data):
            break
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[place + 4 : end]))
        place = end + 4
    return bytes(data)


CIFAR = "cifar-10-batches"
IDX = "own-images-idx3-ubyte"
KINDS: dict[str, Kind] = {
    "npy": Kind(npy, "own.npy", ("own.npy",)),
    "npz": Kind(npz, "own.npz", ("own.npz",)),
    "npz of images": Kind(npz_images, "own.npz", ("own.npz",)),
    "npy in npz": Kind(npy, "own.npy", ("own.npy",), dress=zipped),
    "idx": Kind(idx, IDX, (IDX, "own-labels-idx1-ubyte")),
    "idx.gz": Kind(packed_idx, f"{IDX}.gz", (f"{IDX}.gz",)),
    "idx in gz": Kind(packed_idx, f"{IDX}.gz", (f"{IDX}.gz",), dress=packed, bare=gzip.decompress),
    "csv": Kind(text("own.csv", CSV), "own.csv", ("own.csv",)),
    "tsv": Kind(text("own.tsv", CSV.replace(",", "\t")), "own.tsv", ("own.tsv",)),
    "csv.gz": Kind(packed_csv, "own.csv.gz", ("own.csv.gz",)),
    "csv in gz": Kind(
        packed_csv, "own.csv.gz", ("own.csv.gz",), dress=packed, bare=gzip.decompress
    ),
    "folder of tables": Kind(table_folder, "", ("ill.csv", "well.csv")),
    "projector": Kind(projector, "", ("tensors.tsv", "metadata.tsv", "projector_config.pbtxt")),
    "parquet": Kind(columnar("own.parquet", "none"), "own.parquet", ("own.parquet",)),
    "parquet, packed": Kind(columnar("own.parquet", "snappy"), "own.parquet", ("own.parquet",)),
    "feather": Kind(columnar("own.feather", "uncompressed"), "own.feather", ("own.feather",)),
    "feather, packed": Kind(columnar("own.feather", "lz4"), "own.feather", ("own.feather",)),
    "hdf5": Kind(hdf5, "own.h5", ("own.h5",)),
    "h5ad": Kind(annotated("dense"), "cells.h5ad", ("cells.h5ad",)),
    "h5ad, sparse": Kind(annotated("csr"), "cells.h5ad", ("cells.h5ad",)),
    "png": Kind(picture("own.png"), "own.png", ("own.png",), "picture"),
    "png, palette, checksums fit": Kind(
        picture("own.png", "P"), "own.png", ("own.png",), "picture", mended_png
    ),
    "png, 16 bits, checksums fit": Kind(deep_png, "own.png", ("own.png",), "picture", mended_png),
    "jpeg": Kind(turned_jpeg, "own.jpg", ("own.jpg",), "picture"),
    "jpeg, progressive": Kind(
        picture("own.jpg", "CMYK", progressive=True), "own.jpg", ("own.jpg",), "picture"
    ),
    "gif": Kind(film, "own.gif", ("own.gif",), "picture"),
    "bmp": Kind(picture("own.bmp"), "own.bmp", ("own.bmp",), "picture"),
    "tiff": Kind(picture("own.tif"), "own.tif", ("own.tif",), "picture"),
    "tiff, packed": Kind(
        picture("own.tif", compression="tiff_lzw"), "own.tif", ("own.tif",), "picture"
    ),
    "webp": Kind(picture("own.webp"), "own.webp", ("own.webp",), "picture"),
    "onnx": Kind(onnx, "own.onnx", ("own.onnx",), "onnx"),
    "checkpoint of torch": Kind(state, "own.ckpt", ("own.ckpt",), "weights"),
    "safetensors": Kind(tensors, "own.safetensors", ("own.safetensors",), "weights"),
    "records of CIFAR": Kind(records, "batch.bin", ("batch.bin",), "records"),
    "mat": Kind(matrices, "own.mat", ("own.mat",), "mat"),
    "USPS": Kind(vision("usps"), "usps", ("usps.bz2",), "set"),
    "CIFAR-10": Kind(vision("cifar"), "cifar10", (f"{CIFAR}-py/data_batch_2",), "set"),
    "CIFAR-10, plain": Kind(
        vision("plain_cifar"), "cifar10", (f"{CIFAR}-bin/data_batch_2.bin",), "set"
    ),
    "SVHN": Kind(vision("svhn"), "svhn", ("train_32x32.mat",), "set"),
    "CelebA": Kind(
        vision("celeba"),
        "celeba",
        tuple(f"celeba/{name}" for name in ("list_attr_celeba.txt", "list_eval_partition.txt")),
        "set",
    ),
    "QMNIST": Kind(vision("qmnist"), "qmnist", ("QMNIST/raw/qmnist-train-labels-idx2-int",), "set"),
    "settings of a training": Kind(config, "own.toml", ("own.toml",), "config"),
    "settings of the window": Kind(window, "aeviz.ini", ("aeviz.ini",), "settings"),
}
"""Every foreign kind by the name that the table has."""


def own_run(folder: Path) -> None:
    from aeviz.runs import info
    from tests.robustness.test_own_formats import sound_run

    info.PATIENCE = 0.0  # nobody is writing here
    folder.rmdir()
    sound_run(folder)


OWN: dict[str, Kind] = {
    name: Kind(own_run, "", (name,), "own")
    for name in (
        "run.json",
        "metrics.jsonl",
        "manifest.json",
        "samples.npy",
        "latents/index.npy",
        "latents/epoch-00001.npy",
        "weights/epoch-00001.safetensors",
        "checkpoint/index.json",
        "checkpoint/*-state.bin",
        "notes.json",
        "control.json",
        "session.aeviz",
    )
}
"""Every kind of file of a run folder, and a session file."""


GIVEN = {"anything": Kind(anything, "own.bin", ("own.bin",))}
"""For files that are given as they are."""
