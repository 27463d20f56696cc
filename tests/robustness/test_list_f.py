"""List F, bad files: what `lists.ITEMS` does not find among the other tests. See RELIABILITY.md."""

import io
import json
import os
import pickle
import shutil
import socket
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aeviz import data
from aeviz.compute.onnx_model import load_onnx
from aeviz.compute.own_model import OwnModelError
from aeviz.data.dataset import DataError
from aeviz.data.own import own_entry
from aeviz.runs.reading import RunError
from tests.robustness.fuzzing import fuzz
from tests.robustness.sound_files import KINDS, OWN, zipped
from tests.robustness.test_own_formats import FILES, outcome, sound_run

ROOT = Path(__file__).parents[2]
ENDINGS = (
    "npy", "npz", "csv", "tsv", "txt", "csv.gz", "parquet", "feather", "h5", "h5ad", "hdf5", "pt",
    "pth", "ckpt", "pkl", "joblib", "safetensors", "onnx", "png", "json", "mat", "idx3-ubyte",
)  # fmt: skip
MARKER = "PWNED"


def refusal(path: Path, **options: Any) -> str:
    """What is said of a file that is refused."""
    with pytest.raises(DataError) as caught:
        data.load(str(path), path.parent, options)
    assert str(path) in str(caught.value)
    return str(caught.value)


# ── F01, F02: nothing, or too little ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", ENDINGS)
def test_f01_an_empty_file_is_said_to_be_empty(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"own.{ending}"
    path.touch()
    assert "is an empty file" in refusal(path)


@pytest.mark.parametrize("name", FILES)
def test_f01_an_empty_file_of_a_run_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: list[str]
) -> None:
    monkeypatch.setattr("aeviz.runs.info.PATIENCE", 0.0)
    expect_log += [name] if name in ("notes.json", "control.json") else []
    root = sound_run(tmp_path / "run")
    sound = FILES[name](root)
    next(root.glob(name)).write_bytes(b"")
    assert outcome(FILES[name], root, name, sound) in ("refused", "left out")


WITHOUT_LENGTH = {
    "csv", "tsv", "folder of tables", "projector", "CelebA",  # a text ends where it ends
    "png", "png, palette, checksums fit", "png, 16 bits, checksums fit", "gif", "bmp",  # all pixels
}  # fmt: skip
"""Kinds of which a part can be whole."""


@pytest.mark.parametrize(
    "name", sorted(each for each in KINDS | OWN if " in " not in each and "settings" not in each)
)
def test_f02_a_file_that_is_cut_anywhere_is_refused(name: str, tmp_path: Path) -> None:
    result = fuzz(name, 0, 0, tmp_path, "cut")
    assert not result.defects
    assert not result.executed
    assert result.tried > 1
    assert not result.accepted or name in WITHOUT_LENGTH
    assert not result.ended


# ── F05 to F09, F12: code, and what needs code to be read ─────────────────────────────────────


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self._marker = folder / MARKER

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._marker,))


def trap_in_npy(folder: Path) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([[Trap(folder)]], object), allow_pickle=True)
    return buffer.getvalue()


def trap_in_torch(folder: Path) -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": Trap(folder)}, buffer)
    return buffer.getvalue()


def trap_in_old_torch(folder: Path) -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": Trap(folder)}, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


TRAPS: dict[str, Callable[[Path], bytes]] = {
    "own.pkl": lambda folder: pickle.dumps(Trap(folder)),
    "own.joblib": lambda folder: pickle.dumps({"x": Trap(folder)}, protocol=2),
    "packed.joblib": lambda folder: zlib.compress(pickle.dumps(Trap(folder))),
    "letters.pkl": lambda folder: pickle.dumps(Trap(folder), protocol=0),
    "own.npy": trap_in_npy,
    "own.npz": lambda folder: zipped(trap_in_npy(folder)),
    "own.pt": trap_in_torch,
    "old.pt": trap_in_old_torch,
}


@pytest.mark.parametrize("name", TRAPS)
def test_f06_code_in_a_file_is_not_run(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(TRAPS[name](tmp_path))
    said = refusal(path)
    assert not (tmp_path / MARKER).exists()
    if name in ("own.pkl", "own.joblib", "own.pt", "old.pt"):
        assert "pickle" in said
        assert "numpy.savez" in said, "says how to convert it"


class Net(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


def scripted(path: Path) -> None:
    torch.jit.save(torch.jit.trace(Net(), torch.ones(2)), path)  # type: ignore[no-untyped-call]


def exported(path: Path) -> None:
    torch.export.save(torch.export.export(Net(), (torch.ones(2),)), path)


def old_tar(path: Path) -> None:
    import tarfile

    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("sys_info"), io.BytesIO(b""))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(scripted, marks=pytest.mark.filterwarnings("ignore")),
        exported,
        old_tar,
        lambda path: torch.save(Net(), path),
        lambda path: torch.save(Net(), path, _use_new_zipfile_serialization=False),
    ],
    ids=["TorchScript", "torch.export", "tar", "module", "old module"],
)
def test_f07_programs_of_torch_are_refused_by_their_kind(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "net.pt"
    make(path)
    said = refusal(path)
    assert any(word in said for word in ("torch.save", "is a pickle", "tar archive")), said


def test_f07_nothing_is_loaded_to_refuse_it(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.save(Net(), path)
    code = (
        "import sys\nfrom aeviz.data.own import own_entry\n"
        "try: own_entry(sys.argv[1])\nexcept ValueError: pass\n"
        "sys.exit('torch' in sys.modules or 'pickle' in sys.modules and hasattr(sys, 'x'))\n"
    )
    assert run(code, str(path)).returncode == 0


def forged_sparse(path: Path) -> None:
    torch.save(torch.sparse_csr_tensor([0, 1], [0], [1.0], (1, 1), check_invariants=False), path)


def expanded(path: Path) -> None:
    torch.save(torch.zeros(1).expand(2**40), path)


def laughs(path: Path) -> None:
    nested: list[Any] = ["ha"]
    for _ in range(40):
        nested = [nested] * 10
    torch.save(nested, path)


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(forged_sparse, id="f08"),
        pytest.param(expanded, id="f09"),
        pytest.param(laughs, id="f12"),
    ],
)
def test_f08_f09_f12_what_only_torch_could_read_is_refused_unread(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "weights.pt"
    make(path)
    began = time.monotonic()
    assert "is a file of torch.save" in refusal(path)
    assert time.monotonic() - began < 1


# ── F10, F11, F23: sizes ──────────────────────────────────────────────────────────────────────

RISE = """
import resource, sys
from pathlib import Path
from aeviz import data
def taken(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = taken()
try:
    data.load(sys.argv[1], Path('.'))
except ValueError as error:
    print(taken() - before, error)
"""


def run(code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def header_of(shape: tuple[int, ...], descr: Any = "<f8", fortran: bool = False) -> bytes:
    buffer = io.BytesIO()
    header = {"descr": descr, "fortran_order": fortran, "shape": shape}
    np.lib.format.write_array_header_2_0(buffer, header)
    return buffer.getvalue()


def bomb(path: Path, name: str, size: int) -> None:
    """An archive of an array of zeros, packed a thousandfold."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        member.write(header_of((size // 8, 1)))
        block = bytes(2**24)
        for _ in range(size // len(block)):
            member.write(block)


@pytest.mark.skipif(os.name == "nt", reason="asks for the memory of a process")
@pytest.mark.parametrize("name", [pytest.param("x.npy", marks=pytest.mark.slow), "y.npy"])
def test_f10_an_archive_that_swells_is_refused_before_it_does(name: str, tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    bomb(path, name, 2**28 if name == "y.npy" else 2**31 + 2**24)
    if name == "y.npy":  # beside honest samples
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("x.npy", header_of((3, 2)) + bytes(48))
    assert path.stat().st_size < 2**22
    said = run(RISE, str(path))
    rise, _, sentence = said.stdout.partition(" ")
    assert f"{path}: " in sentence, said
    assert int(rise) < 50 * 2**20


@pytest.mark.parametrize(
    "content",
    [
        header_of((2**36, 1)),
        header_of((2**62, 8)),
        header_of((0, 2**60)),
        header_of((2**60, 0)),
        header_of((-3, 2)) + bytes(48),
        header_of((1,) * 64) + bytes(8),
        header_of((3, 2), "<c16") + bytes(96),
        header_of((3, 2), [("a", "<f4"), ("b", "<f4")]) + bytes(48),
        header_of((3, 2), "<M8[s]") + bytes(48),
        header_of((3, 2), "|O"),
        header_of((3, 2), "|V8") + bytes(48),
    ],
    ids=lambda content: content[12:90].decode("latin-1").strip(),
)
@pytest.mark.parametrize("dress", [bytes, zipped], ids=["npy", "npz"])
def test_f11_an_impossible_shape_or_type_is_refused(
    content: bytes, dress: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "own.npy"
    path.write_bytes(dress(content))
    refusal(path)


@pytest.mark.parametrize("dtype", ["?", "<i8", ">i4", ">f8", "<f2", "<u8", ">u2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_f11_every_order_of_bytes_and_axes_is_read(dtype: str, order: Any, tmp_path: Path) -> None:
    values = np.arange(12).reshape(4, 3).astype(dtype)
    np.save(tmp_path / "own.npy", np.asarray(values, order=order))
    found = data.load(str(tmp_path / "own.npy"), tmp_path).samples
    np.testing.assert_array_equal(found, values.astype(np.float32))


@pytest.mark.parametrize("name", ["npy", "npz", "csv", "parquet", "feather", "hdf5", "idx", "onnx"])
def test_f23_a_file_with_a_hole_of_twenty_gigabytes_takes_no_time(
    name: str, tmp_path: Path
) -> None:
    kind = KINDS[name]
    kind.make(tmp_path)
    path = tmp_path / kind.opened
    try:
        os.truncate(path, 20 * 2**30)
    except OSError:
        pytest.skip("no sparse files here")
    began = time.monotonic()
    if name == "onnx":
        with pytest.raises(OwnModelError, match="larger than an ONNX file can be"):
            load_onnx(path)
    elif name in ("npy", "hdf5", "idx"):  # what follows the last value is nobody's
        with_or_without(path)
    else:
        refusal(path)
    assert time.monotonic() - began < 8  # most of it is the start of a process


def with_or_without(path: Path) -> None:
    """Read what stands before the hole, or refuse it by name."""
    try:
        count = len(data.load(str(path), path.parent))
    except DataError as error:
        count, said = 12, str(error)
    else:
        said = str(path)
    assert count in (4, 12)
    assert str(path) in said


# ── F13: safetensors ──────────────────────────────────────────────────────────────────────────


def tensors(header: bytes, body: bytes = bytes(16), size: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if size is None else size) + header + body


def entry(name: str, offsets: str, dtype: str = "F32", shape: str = "[2]") -> str:
    return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}'


A, B = entry("a", "[0,8]"), entry("b", "[8,16]")
HOSTILE_WEIGHTS = {
    "a header beyond the file": tensors(f"{{{A},{B}}}".encode(), size=2**62),
    "a header beyond all": tensors(b"{}", b"", size=100_000_001),
    "an overlap": tensors(f"{{{A},{entry('b', '[4,12]')}}}".encode(), bytes(12)),
    "a hole": tensors(f"{{{A},{entry('b', '[12,20]')}}}".encode(), bytes(20)),
    "more than it says": tensors(f"{{{A},{B}}}".encode(), bytes(400)),
    "less than it says": tensors(f"{{{A},{B}}}".encode(), bytes(8)),
    "a name twice": tensors(f"{{{A},{entry('a', '[8,16]')}}}".encode()),
    "an unknown type": tensors(f"{{{entry('a', '[0,8]', 'F7')}}}".encode(), bytes(8)),
    "a shape that overflows": tensors(
        f"{{{entry('a', '[0,8]', shape='[4611686018427387904,8]')}}}".encode(), bytes(8)
    ),
    "a negative shape": tensors(f"{{{entry('a', '[0,8]', shape='[-2]')}}}".encode(), bytes(8)),
    "no JSON": tensors(b"{" * 100_000, b""),
    "another kind": b"<!doctype html><p>Not found",
}


@pytest.mark.parametrize("name", HOSTILE_WEIGHTS)
def test_f13_hostile_weights_are_refused_even_without_their_hash(name: str) -> None:
    from aeviz.runs.arrays import parse_weights

    with pytest.raises(RunError, match=r"weights/epoch-00003\.safetensors"):
        parse_weights(HOSTILE_WEIGHTS[name], "weights/epoch-00003.safetensors")


def test_f13_an_empty_tensor_and_long_words_beside_it_are_read() -> None:
    from aeviz.runs.arrays import parse_weights

    words = f'"__metadata__":{{"a":"{"b" * 10_000_000}"}}'
    header = f"{{{words},{entry('a', '[0,0]', shape='[0,3]')}}}".encode()
    assert parse_weights(tensors(header, b""), "file")["a"].shape == (0, 3)


# ── F17: settings ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/" + "x" * 5000, "/a\0b", "/" + "y/" * 4000, "\udcff", ""])
def test_f17_settings_with_paths_that_cannot_be_are_passed_over(
    path: str, tmp_path: Path, qapp: Any
) -> None:
    from PySide6.QtCore import QSettings

    from aeviz.gui.opening import stored
    from aeviz.gui.recent import RecentRuns

    settings = QSettings(str(tmp_path / "aeviz.ini"), QSettings.Format.IniFormat)
    settings.setValue("recent/runs", [path, str(tmp_path)])
    row = {"entry": {"name": path, "title": "", "summary": "", "source": "", "data": []}}
    settings.setValue("recent/data", json.dumps([{**row, "options": {}, "features": 0}]))
    assert RecentRuns(settings).newest() == str(tmp_path)
    assert stored(settings) == []
    for spoilt in ("1e999", "[]", '{"a": 1}', "[" * 100_000, '[{"entry": {}, "features": 1e999}]'):
        settings.setValue("recent/data", spoilt)
        assert stored(settings) == []
    known = json.dumps([{**row, "options": {}, "features": "F"}]).replace('"F"', "1e999")
    settings.setValue("recent/data", known)
    assert stored(settings) == []


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = 1\na = 2", "\0", "seed = nan"])
def test_f17_settings_of_a_training_are_refused_with_the_file(text: str, tmp_path: Path) -> None:
    from aeviz.cli.console import CommandError
    from aeviz.cli.settings import read_config

    (tmp_path / "own.toml").write_text(text)
    if text == "seed = nan":
        from aeviz.compute.settings import SettingsError, complete

        with pytest.raises(SettingsError, match="seed"):
            complete(read_config(tmp_path / "own.toml"))
        return
    with pytest.raises(CommandError, match=r"own\.toml"):
        read_config(tmp_path / "own.toml")


# ── F15, F18, F20 to F22 ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("content", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg xmlns:x='y'></svg>"])
def test_f15_pictures_that_are_programs_are_none(content: bytes, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(content)
    assert "is no picture of a known kind" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["../x.npy", "/tmp/x.npy", "..\\x.npy", "a/../../x.npy"])
def test_f18_names_in_an_archive_lead_nowhere(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    with zipfile.ZipFile(folder / "own.npz", "w") as archive:
        archive.writestr(name, header_of((3, 2)) + bytes(48))
    refusal(folder / "own.npz")
    assert [each.name for each in tmp_path.rglob("*")] == ["inner", "own.npz"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_f18_an_array_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "own.npz", "w") as archive:
        for value in (0, 1):
            archive.writestr("x.npy", header_of((3, 2)) + bytes([value] * 48))
    assert "stands twice" in refusal(tmp_path / "own.npz")


@pytest.mark.parametrize("packed", ["tar", "zip"])
def test_f18_other_archives_are_refused_and_not_unpacked(packed: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("a,b\n1,2\n")
    path = Path(shutil.make_archive(str(tmp_path / "own"), packed, tmp_path / "in"))
    assert "unpack it" in refusal(path)


def test_f20_a_file_that_shrinks_while_it_is_open_harms_nothing(tmp_path: Path) -> None:
    root = sound_run(tmp_path / "run")
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "import numpy as np\nfrom aeviz.runs.run import RunFolder\nfrom aeviz import data\n"
        "run = RunFolder.open(Path(sys.argv[1]))\n"
        "held = [run.samples, run.index, run.latents(0), *run.weights(0).values()]\n"
        "np.save('own.npy', np.arange(3e6).reshape(-1, 3))\n"
        "held.append(data.load('own.npy', Path('.')).samples)\n"
        "for file in [*Path(sys.argv[1]).rglob('*.*'), Path('own.npy')]:\n"
        "    os.truncate(file, 1)\n"
        "print(sum(float(np.sum(each)) for each in held))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done
    assert float(done.stdout) > 0


def test_f21_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    made = tmp_path / "socket.npy"
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind(str(made))
        (tmp_path / "gone.npy").symlink_to(tmp_path / "nothing")
        (tmp_path / "round.npy").symlink_to(tmp_path / "round.npy")
        os.mkfifo(tmp_path / "pipe.npy")
        for name in ("socket.npy", "gone.npy", "round.npy", "pipe.npy"):
            refusal(tmp_path / name)
        for device in ("/dev/zero", "/dev/full", "/dev/tty"):
            with pytest.raises(DataError, match=device):
                own_entry(device)
    finally:
        server.close()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights of POSIX")
def test_f22_a_file_that_may_not_be_read_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.npy"
    np.save(path, np.zeros((3, 2)))
    path.chmod(0)
    if os.geteuid() == 0:  # root may read everything: let the system say what it would say others
        monkeypatch.setattr(Path, "open", refused)
    assert "Permission denied" in refusal(path)


def refused(path: Path, *_: Any) -> None:
    raise PermissionError(13, "Permission denied", str(path))
