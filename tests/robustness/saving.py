"""Every kind of file the program writes: how a number gets into one, and how it is read back.

`tests.robustness.killing` saves them in a loop and kills the process that does.
"""

import io
import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.runs.atomic import write_bytes
from aeviz.runs.schema import CONTROL, MANIFEST

Save = Callable[[int], None]
RUN = "run"
BULK = 2**15
"""Elements of an array that makes writing take long enough to be hit."""

CONTENT = b"x" * 200_000


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        begin: Saves number 0 into a new folder.
        open: In the process that will be killed: what saves a number there.
        read: The number that is there; raises, or gives what was never saved, where it is neither
            the old nor the new one.
    """

    begin: Callable[[Path], None]
    open: Callable[[Path], Save]
    read: Callable[[Path], int]


# ── a run folder ──────────────────────────────────────────────────────────────────────────────


def begin_run(folder: Path) -> None:
    from tests.runs.making import make_writer, write_epoch

    with make_writer(folder / RUN) as writer:
        write_epoch(writer, 0, weights=large_weights(0))
        writer.write_checkpoint(state_of(0))
        writer.set_status("stopped", "0")
    asker(folder)(0)
    noter(folder)(0)


def large_weights(number: int) -> dict[str, Any]:
    return {"a": np.full(BULK, number, np.float32), "b": np.array(number, np.int64)}


def state_of(number: int) -> dict[str, bytes]:
    return {"number.bin": str(number).encode(), "bulk.bin": bytes([number % 256]) * BULK}


def epochs(folder: Path) -> Save:
    from aeviz.runs.writer import RunWriter
    from tests.runs.making import write_epoch

    writer = RunWriter.reopen(folder / RUN)
    return lambda number: write_epoch(writer, number, weights=large_weights(number))


def read_epochs(folder: Path) -> int:
    from aeviz.runs.run import RunFolder
    from tests.runs.making import latents_of

    run = RunFolder.open(folder / RUN)
    assert not run.notices, run.notices
    found = [line.epoch for line in run.epochs]
    assert found == list(range(len(found)))
    for epoch in found[-2:]:
        np.testing.assert_array_equal(run.latents(epoch), latents_of(epoch))
        assert (run.weights(epoch)["a"] == epoch).all()
        assert run.weights(epoch)["b"] == epoch
    assert run.samples is not None
    return found[-1]


def states(folder: Path) -> Save:
    from aeviz.runs.writer import RunWriter

    writer = RunWriter.reopen(folder / RUN)
    return lambda number: writer.write_checkpoint(state_of(number))


def read_state(folder: Path) -> int:
    from aeviz.runs.checkpoint import read_checkpoint

    state = read_checkpoint(folder / RUN)
    assert state is not None
    number = int(state["number.bin"])
    assert state == state_of(number)
    return number


def infos(folder: Path) -> Save:
    from aeviz.runs.writer import RunWriter

    writer = RunWriter.reopen(folder / RUN)
    return lambda number: writer.set_status("stopped", str(number))


def read_info(folder: Path) -> int:
    from aeviz.runs.run import RunFolder

    return int(RunFolder.open(folder / RUN).info.reason)


def manifests(folder: Path) -> Save:
    from aeviz.runs.writer import RunWriter

    def save(number: int) -> None:
        with RunWriter.reopen(folder / RUN) as writer:
            writer.set_status("stopped", str(number))

    return save


def read_manifest(folder: Path) -> int:
    """The number, where the manifest is gone or every hash in it is right."""
    from aeviz.runs.reading import read_json

    root = folder / RUN
    if (root / MANIFEST).exists():
        for name, digest in read_json(root, MANIFEST)["files"].items():
            assert sha256((root / name).read_bytes()).hexdigest() == digest, name
    return read_info(folder)


def runs(folder: Path) -> Save:
    """Makes new runs: samples, index, labels and parts are written once, at the beginning."""
    from tests.runs.making import make_writer

    def save(number: int) -> None:
        with make_writer(folder / f"run-{number}"):
            pass

    return save


def begin_runs(folder: Path) -> None:
    runs(folder)(0)


def read_runs(folder: Path) -> int:
    """The newest run; a folder that is none yet says so, and may be begun again."""
    from aeviz.runs.run import RunFolder
    from tests.runs.making import check_epochs

    whole = [path for path in folder.glob("run-*") if (path / "run.json").exists()]
    newest = max(whole, key=lambda path: int(path.name[4:]))
    assert check_epochs(newest) == []
    assert RunFolder.open(newest).samples is not None
    for path in folder.glob("run-*"):
        if path != newest:
            import shutil

            shutil.rmtree(path)
    return int(newest.name[4:])


def noter(folder: Path) -> Save:
    from aeviz.runs.notes import write_notes

    groups = [{"name": "g", "samples": list(range(2000))}]

    def save(number: int) -> None:
        named = [{"name": str(number), "from": "a", "to": "b"}]
        write_notes(folder / RUN, {"groups": groups, "attributes": named})

    return save


def read_noted(folder: Path) -> int:
    from aeviz.runs.notes import read_notes

    notes = read_notes(folder / RUN)
    assert notes["groups"][0]["samples"] == list(range(2000))
    return int(notes["attributes"][0]["name"])


def asker(folder: Path) -> Save:
    from aeviz.runs.control import ask

    return lambda number: ask(folder / RUN, turn={"beta": number})


def read_asked(folder: Path) -> int:
    from aeviz.runs.control import ControlReader

    assert (folder / RUN / CONTROL).exists()
    asked = ControlReader(folder / RUN).read()
    assert asked is not None
    return int(asked["turn"]["beta"])


# ── sessions ─────────────────────────────────────────────────────────────────────────────────


def begin_session(folder: Path) -> None:
    begin_run(folder)
    sessions(folder)(0)


def sessions(folder: Path) -> Save:
    from aeviz.sessions.file import save
    from tests.sessions.making import numbered

    return lambda number: save(folder / "a.aeviz", folder / RUN, numbered(number))


def read_session(folder: Path) -> int:
    from tests.sessions.making import number_of

    return number_of(folder / "a.aeviz")


def begin_kept(folder: Path) -> None:
    begin_run(folder)
    keeper(folder)(0)


def keeper(folder: Path) -> Save:
    """What a window keeps in case of a crash; every process is a window."""
    from aeviz.sessions.autosaves import Autosaves
    from tests.sessions.making import numbered

    kept = Autosaves(folder / "kept")
    return lambda number: kept.keep(folder / RUN, numbered(number), str(number % 3))


def read_kept(folder: Path) -> int:
    """The newest state of all windows."""
    from tests.sessions.making import number_of

    return max(map(number_of, (folder / "kept").glob("*/*.aeviz")))


# ── results ───────────────────────────────────────────────────────────────────────────────────


def latents(ending: str) -> Kind:
    def save_into(folder: Path) -> Save:
        from aeviz.export.latents import Encoded

        return lambda number: Encoded(
            np.full((200, 2), number, np.float32), np.arange(200), epoch=number
        ).save(folder / f"z.{ending}")

    def begin(folder: Path) -> None:
        save_into(folder)(0)

    return Kind(begin, save_into, lambda folder: read_latents(folder / f"z.{ending}"))


def read_latents(path: Path) -> int:
    values = LATENTS[path.suffix](path)
    number = int(values.flat[0])
    assert values.shape == (200, 2)
    assert (values == number).all()
    return number


def of_csv(path: Path) -> Any:
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=(2, 3))


def of_npz(path: Path) -> Any:
    with np.load(path) as arrays:
        return arrays["z"]


def of_parquet(path: Path) -> Any:
    from pyarrow import parquet

    table = parquet.ParquetFile(io.BytesIO(path.read_bytes())).read(use_threads=False)
    return np.column_stack([table["z1"].to_numpy(), table["z2"].to_numpy()])


def of_h5ad(path: Path) -> Any:
    import h5py

    with h5py.File(path) as file:
        return file["obsm/X_aeviz"][...]


LATENTS = {".csv": of_csv, ".npz": of_npz, ".parquet": of_parquet, ".h5ad": of_h5ad}


def picture(ending: str) -> Kind:
    """A picture of one grey level, written as the commands write it."""

    def save_into(folder: Path) -> Save:
        from aeviz.export import films, sheets

        def save(number: int) -> None:
            pixels = np.full((40, 40, 3), number % 256, np.uint8)
            frames = np.stack([pixels, 255 - pixels])
            content = sheets.png(pixels) if ending == "png" else films.film("gif", frames)
            write_bytes(folder / f"p.{ending}", content)

        return save

    def begin(folder: Path) -> None:
        save_into(folder)(0)

    return Kind(begin, save_into, lambda folder: grey_of(folder / f"p.{ending}"))


def grey_of(path: Path) -> int:
    """The grey level, which is the number's rest after division by 256."""
    from PIL import Image

    with Image.open(path) as image:
        values = np.asarray(image.convert("RGB"))
        assert getattr(image, "n_frames", 1) == (2 if path.suffix == ".gif" else 1)
    assert (values == values.flat[0]).all()
    return int(values.flat[0])


def whole(name: str, *, by_window: bool = False) -> Kind:
    """A file whose content is made first: page, network, weights, drawing."""

    def save_into(folder: Path) -> Save:
        if by_window:
            from aeviz.gui.exporting import write_whole

            return lambda number: write_whole(folder / name, tagged(number))
        return lambda number: write_bytes(folder / name, tagged(number)) and None

    def begin(folder: Path) -> None:
        save_into(folder)(0)

    def read(folder: Path) -> int:
        content = (folder / name).read_bytes()
        number = int(content[:20])
        assert content == tagged(number)
        return number

    return Kind(begin, save_into, read)


def tagged(number: int) -> bytes:
    return f"{number:20}".encode() + CONTENT


# ── settings ──────────────────────────────────────────────────────────────────────────────────


class Listing(logging.Handler):
    """Puts what is logged into a list."""

    def __init__(self, told: list[str]) -> None:
        super().__init__()
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self._told.append(record.getMessage())


def setter(folder: Path) -> Save:
    from PySide6.QtCore import QByteArray

    from aeviz.gui.kept_settings import KeptSettings

    tempfile.tempdir = str(folder)  # what a killed process leaves there goes with it
    told: list[str] = []
    logging.getLogger("aeviz.gui.kept_settings").addHandler(Listing(told))
    kept = KeptSettings(folder / "aeviz.ini")

    def save(number: int) -> None:
        kept.setValue("window/number", number)
        kept.setValue("window/state", QByteArray(bytes([number % 256]) * 20_000))
        told.clear()
        kept.sync()
        if told:
            raise OSError(told[0])  # what the window shows in its log

    return save


def begin_settings(folder: Path) -> None:
    setter(folder)(0)


def read_settings(folder: Path) -> int:
    from PySide6.QtCore import QSettings

    copy = folder / f"{time.monotonic_ns()}.ini"  # Qt remembers what it has read under a name
    copy.write_bytes((folder / "aeviz.ini").read_bytes())
    kept = QSettings(str(copy), QSettings.Format.IniFormat)
    number = int(kept.value("window/number"))
    assert bytes(kept.value("window/state").data()) == bytes([number % 256]) * 20_000
    copy.unlink()
    return number


KINDS: dict[str, Kind] = {
    "weights, latents, metrics.jsonl": Kind(begin_run, epochs, read_epochs),
    "checkpoint": Kind(begin_run, states, read_state),
    "run.json": Kind(begin_run, infos, read_info),
    "manifest.json": Kind(begin_run, manifests, read_manifest),
    "samples, index, labels, parts": Kind(begin_runs, runs, read_runs),
    "notes.json": Kind(begin_run, noter, read_noted),
    "control.json": Kind(begin_run, asker, read_asked),
    "session .aeviz": Kind(begin_session, sessions, read_session),
    "sessions kept for a crash": Kind(begin_kept, keeper, read_kept),
    "settings": Kind(begin_settings, setter, read_settings),
    "latents .npz": latents("npz"),
    "latents .csv": latents("csv"),
    "latents .parquet": latents("parquet"),
    "latents .h5ad": latents("h5ad"),
    "picture .png": picture("png"),
    "film .gif": picture("gif"),
    "drawing .svg of the window": whole("map.svg", by_window=True),
    "page .html": whole("report.html"),
    "network .onnx": whole("encoder.onnx"),
    "weights .safetensors": whole("encoder.safetensors"),
}
"""Every kind by the name that the table has."""

MODULO = {"picture .png", "film .gif"}
"""Kinds from which only the rest after division by 256 can be read."""


def in_place(folder: Path) -> Save:
    """As no file of the program is written."""

    def save(number: int) -> None:
        with (folder / "spoilt").open("wb") as file:
            for part in (tagged(number)[:100], tagged(number)[100:]):
                file.write(part)
                file.flush()

    return save


SPOILT = {"in place": Kind(lambda folder: in_place(folder)(0), in_place, whole("spoilt").read)}
"""What has to be noticed, or nothing is tested."""
