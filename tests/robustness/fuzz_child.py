"""The process that reads damaged files, one after the other, behind the program's own fence.

Run as `python -m tests.robustness.fuzz_child FOLDER`. A line of its standard input is its task:
{"kind", "how", "count", "seed", "skip"}; its answer is a line of JSON. Before every input it
writes how far it is into FOLDER/place, so that who started it knows which one it died of.
"""

import importlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aeviz import data
from aeviz.data import apart, reader
from aeviz.data.dataset import DataError, Dataset
from aeviz.data.own import own_entry
from tests.robustness.mutations import mutations
from tests.robustness.sound_files import GIVEN, KINDS, OWN, Kind

LIMITS = apart.Limits(memory=2**30, cpu_seconds=3600, output=2**28)
PATIENCE = 1.0
"""Seconds of processor time that one input may take; a sound one takes some thousandths."""

NAMED = 20
"""Defects that are told in words."""

PACKAGES = {*sys.stdlib_module_names, "aeviz", "tests", "numpy", "pyarrow", "h5py", "PIL"}
"""What a reader may import while it reads."""

OUT_OF_LINE = (*reader.FORBIDDEN, "ctypes.", "code.__new__", "os.putenv", "webbrowser.")


@dataclass
class Tally:
    """What became of the inputs of a task.

    Attributes:
        tried: How many were read.
        refused: With one sentence that names the file.
        accepted: As a data set that keeps every promise.
        defects: Neither of the two: what was wrong, with the number of the input.
        executed: What an input made the reader do that no data needs.
        peak: Bytes of memory at most, beside what there was before.
    """

    tried: int = 0
    refused: int = 0
    accepted: int = 0
    defects: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    peak: int = 0


# ── what is watched ───────────────────────────────────────────────────────────────────────────


class Watch:
    """Notes what is done that no data needs, whether or not the fence stops it."""

    def __init__(self, folder: Path) -> None:
        self._own, self.noted = str(folder), list[str]()
        self._roots = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]), "<frozen")
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if (
            event.startswith(OUT_OF_LINE)
            or (event == "open" and self._is_outside(arguments))
            or (event == "import" and str(arguments[0]).partition(".")[0] not in PACKAGES)
            or (event == "exec" and not self._is_installed(arguments[0]))
        ):
            self.noted.append(f"{event} {str(arguments)[:200]}")

    def _is_outside(self, arguments: tuple[Any, ...]) -> bool:
        return reader._writes(arguments) and not str(arguments[0]).startswith(self._own)

    def _is_installed(self, code: Any) -> bool:
        return str(getattr(code, "co_filename", "")).startswith(self._roots)


def memory() -> int:
    """Bytes of memory this process has taken at most."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# ── readers ───────────────────────────────────────────────────────────────────────────────────


class Sink(reader.Sink):
    """Tells nobody how far it is."""

    def report(self, share: float, phrase: str) -> None:
        """Say nothing."""


def read_here(
    name: str, path: Path, options: Mapping[str, Any], report: Any, limits: Any = LIMITS
) -> apart.Found:
    """As `read_apart`, in this process, which is fenced as that one would be."""
    module, _, function = name.partition(":")
    place = Path(os.environ["FUZZ_ARRAYS"])
    for left in place.iterdir():
        left.unlink()
    try:
        facts = getattr(importlib.import_module(module), function)(
            path, options, Sink(place, LIMITS.output)
        )
    except Exception as error:
        raise DataError(reader.refusal(error, path, asdict(LIMITS))) from error
    facts = json.loads(json.dumps(facts))
    arrays = {
        file.stem: np.load(file, mmap_mode="r", allow_pickle=False)
        for file in sorted(place.glob("*.npy"))
    }
    return apart.Found(arrays, facts)


def read_data(path: Path) -> None:
    """Any own file, as a person opens it."""
    check(own_entry(str(path)).load(path.parent, lambda *_: None, {}))


def read_set(path: Path) -> None:
    """A registered data set, whose files lie in the folder above its name."""
    check(data.load(path.name, path.parent))


def check(found: Dataset) -> None:
    """What a data set promises beyond what its constructor looks at."""
    count = len(found)
    assert found.is_image or np.isfinite(found.samples).all(), "samples are not finite"
    assert found.is_image or len(found.feature_names) == found.samples.shape[1], "feature names"
    assert np.isfinite(found.scaling.shift).all(), "the scaling is not finite"
    assert np.isfinite(found.scaling.scale).all(), "the scaling is not finite"
    assert (found.scaling.scale != 0).all(), "the scaling divides by zero"
    assert np.isfinite(found.scaling.apply(found.samples)).all(), "scaled samples are not finite"
    if found.labels is not None:
        assert found.labels.dtype == np.int64, "labels of another type"
        assert found.labels.min() >= -1, "labels below -1"
        assert found.labels.max() < len(found.class_names), "labels without a name"
    for column in found.columns:
        assert len(column.values) == count, "a column of another length"
        assert not column.names or column.values.max() < len(column.names), "a choice without name"
    json.dumps([found.class_names, found.feature_names, found.sample_names, found.remarks])


def read_picture(path: Path) -> None:
    """A picture, as the worker decodes it; whatever is raised becomes the end of a sentence."""
    from aeviz.data.pictures.decoding import Plan, decode, look, reason

    try:
        look(path, deep=True)
        pixels, _ = decode(path, Plan(8, 7, 3))
    except Exception as error:
        words = reason(error)
        raise DataError(f"{path} {words}" if words.strip() else "without a reason") from error
    assert pixels.shape == (7, 8, 3)
    assert pixels.dtype == np.uint8


def read_network(path: Path) -> None:
    """An ONNX file as an encoder that is tried on samples of three features."""
    import torch

    from aeviz.compute.onnx_model import load_onnx
    from aeviz.compute.own_model import OwnModelError, own_model

    try:
        encoder = load_onnx(path)
    except OwnModelError as error:
        raise DataError(str(error)) from error
    try:
        made = own_model(encoder, lambda z: torch.zeros(len(z), 3), (3,), torch.ones(2, 3))
    except OwnModelError as error:
        raise DataError(f"{path} {error}") from error
    assert made.latent_dim >= 0


def read_state(path: Path) -> None:
    """Weights of somebody's model."""
    import torch

    from aeviz.compute import foreign_weights

    foreign_weights.read_apart = read_here
    weights, hyper = foreign_weights.read_weights(path)
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in hyper.items())
    for name, value in weights.items():
        assert isinstance(name, str)
        assert value.layout == torch.strided
        assert value.numel() < 1000, "more values than the file can hold"
        float(value.double().sum())


def read_dictionary(path: Path) -> None:
    from aeviz.data.records import read_records

    for value in read_records(path).values():
        assert not isinstance(value, np.ndarray) or value.dtype == np.uint8


def read_matrices(path: Path) -> None:
    from aeviz.data.mat import read_mat

    found = read_mat(path, {"X": (None, None, 3), "y": (None, 1)})
    assert found["X"].ndim == 3
    assert found["y"].ndim == 2


def read_config(path: Path) -> None:
    """Settings of a training, as the command line takes them."""
    from aeviz.cli import settings
    from aeviz.cli.console import CommandError
    from aeviz.compute.settings import SettingsError, complete

    try:
        read = settings.read_config(path)
    except CommandError as error:
        raise DataError(str(error)) from error
    try:
        complete(read)
    except SettingsError as error:  # it names the field, which the file is asked for
        raise DataError(f"{path}: {error}" if str(error) else "without a reason") from error


def read_settings(path: Path) -> None:
    """Settings of the window: whatever stands in them, it begins."""
    from PySide6.QtCore import QSettings

    from aeviz.gui import opening, recent

    copy = path.with_name("copy.ini")  # Qt remembers what it has read under a name
    copy.unlink(missing_ok=True)
    QSettings(str(copy), QSettings.Format.IniFormat).sync()
    copy.write_bytes(path.read_bytes())
    settings = QSettings(str(copy), QSettings.Format.IniFormat)
    settings.sync()
    runs = recent.RecentRuns(settings)
    assert all(isinstance(each, str) for each in runs.paths)
    runs.newest()
    opening.stored(settings)


READERS: dict[str, Callable[[Path], None]] = {
    "data": read_data,
    "picture": read_picture,
    "onnx": read_network,
    "weights": read_state,
    "records": read_dictionary,
    "mat": read_matrices,
    "set": read_set,
    "config": read_config,
    "settings": read_settings,
}


# ── damage ────────────────────────────────────────────────────────────────────────────────────

Damaged = Iterator[tuple[str, bytes]]
"""The name of a file and what it holds now; the others are sound."""


def mutated(sound: Mapping[str, bytes], task: Mapping[str, Any]) -> Damaged:
    """`count` contents by `seed`, of one file after the other."""
    makers = [(name, mutations(sound[name], 2**62, task["seed"])) for name in sound]
    for number in range(task["count"]):
        name, maker = makers[number % len(makers)]
        yield name, next(maker)


def cut(sound: Mapping[str, bytes], task: Mapping[str, Any]) -> Damaged:
    """Every file cut after every 64th byte, and without its last one."""
    for name, content in sound.items():
        for size in (*range(0, len(content), 64), len(content) - 1):
            yield name, content[:size]


def given(sound: Mapping[str, bytes], task: Mapping[str, Any]) -> Damaged:
    """Every file of a folder in the place of the one that is sound."""
    contents = [path.read_bytes() for path in sorted(Path(task["source"]).iterdir())]
    for content in contents:
        yield next(iter(sound)), content


DAMAGES: dict[str, Callable[[Mapping[str, bytes], Mapping[str, Any]], Damaged]] = {
    "mutated": mutated,
    "cut": cut,
    "given": given,
}


# ── the loop ──────────────────────────────────────────────────────────────────────────────────


def judge(read: Callable[[Path], None], path: Path) -> str:
    """What became of a file: "refused", "accepted", or what is wrong."""
    try:
        read(path)
    except DataError as error:
        # Of several files that belong together the one is named that is damaged.
        if str(path if path.is_dir() else path.parent) in str(error):
            return "refused"
        return f"does not name the file: {error}"
    except BaseException as error:  # noqa: BLE001 - any other is a defect, and says which
        return f"{type(error).__name__}: {str(error)[:200]}"
    return "accepted"


Judge = Callable[[Path], str]


def judge_of(kind: Kind, folder: Path) -> Judge:
    """What says what became of the files in a folder, which are sound now."""
    if kind.reader == "own":
        return own_judge(folder, kind.damaged[0])
    READERS[kind.reader](folder / kind.opened)
    return partial(judge, READERS[kind.reader])


def own_judge(root: Path, name: str) -> Judge:
    """As `judge`, for a run folder: nothing else than what was written may be read from it."""
    from tests.robustness import test_own_formats

    read = next(read for each, read in test_own_formats.FILES.items() if Path(name).match(each))
    sound = read(root)
    same = {"left out": "refused", "harmless": "accepted"}

    def outcome(opened: Path) -> str:
        found = test_own_formats.outcome(read, opened, name, sound)
        return same.get(found, found)

    return outcome


def prepare(kind: Kind, folder: Path) -> Judge:
    """Read the sound files once: what is imported for it is imported now."""
    judge_it = judge_of(kind, folder)
    for name in kind.damaged:  # what is imported to refuse something only
        sound = (folder / name).read_bytes()
        for broken in (sound[: len(sound) // 2], b"\0" * 100):
            (folder / name).write_bytes(broken)
            judge_it(folder / kind.opened)
        (folder / name).write_bytes(sound)
    return judge_it


def run(
    kind: Kind,
    folder: Path,
    judge_it: Judge,
    task: Mapping[str, Any],
    watch: Watch,
    place: int,
) -> Tally:
    """Read damaged files of a kind until there are `count`."""
    tally, opened = Tally(), folder / kind.opened
    sound = {name: (folder / name).read_bytes() for name in kind.damaged}
    before, noted = memory(), len(watch.noted)
    bare = {name: kind.bare(content) for name, content in sound.items()}
    for number, (name, content) in enumerate(DAMAGES[task["how"]](bare, task)):
        if number < task["skip"]:
            continue
        tally.peak = memory() - before
        os.pwrite(place, json.dumps({**asdict(tally), "at": number}).encode().ljust(8192), 0)
        (folder / name).write_bytes(kind.dress(content))
        # Unhandled, the signal at its end kills: also a loop within a library.
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        note(tally, judge_it(opened), number)
        signal.setitimer(signal.ITIMER_PROF, 0)
        tally.executed += [f"input {number}: {each}" for each in watch.noted[noted:]][:NAMED]
        noted = len(watch.noted)
        if len(sound) > 1:
            (folder / name).write_bytes(sound[name])
    tally.peak = memory() - before  # and after the last
    return tally


def note(tally: Tally, outcome: str, number: int) -> None:
    tally.tried += 1
    if outcome == "refused":
        tally.refused += 1
    elif outcome == "accepted":
        tally.accepted += 1
    elif len(tally.defects) < NAMED:
        tally.defects.append(f"input {number}: {outcome}"[:300])


def main(folder: Path) -> None:
    """Do the task of the first line."""
    task = json.loads(sys.stdin.readline())
    kind = (KINDS | OWN | GIVEN)[task["kind"]]
    real = apart.read_apart
    for module in list(sys.modules.values()):
        if getattr(module, "read_apart", None) is real:
            module.read_apart = read_here  # type: ignore[attr-defined]
    files, arrays = folder / "files", folder / "arrays"
    for made in (files, arrays):
        made.mkdir(exist_ok=True)
    os.environ["FUZZ_ARRAYS"] = str(arrays)
    tempfile.tempdir = str(folder)
    kind.make(files)
    damaged = (next(files.glob(name)).relative_to(files) for name in kind.damaged)
    kind = replace(kind, damaged=tuple(map(str, damaged)))
    if task["how"] == "given":  # of any kind: each reader is imported before it is fenced
        for module in ("hdf.reading", "tables.columnar"):
            importlib.import_module(f"aeviz.data.{module}")
    judge_it = prepare(kind, files)
    place = os.open(folder / "place", os.O_RDWR | os.O_CREAT)
    reader.limit(asdict(LIMITS))
    watch = Watch(folder)
    reader.fence(folder)
    tally = run(kind, files, judge_it, task, watch, place)
    print(json.dumps(asdict(tally)), flush=True)
    os._exit(0)


if __name__ == "__main__":
    assert data.DATASETS
    main(Path(sys.argv[1]))
