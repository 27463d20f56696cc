"""List X, security: what `lists.ITEMS` does not find among the other tests. See RELIABILITY.md."""

import os
import platform
import re
import socket
import tomllib
from pathlib import Path

import pytest

import aeviz

ROOT = Path(__file__).parents[2]
FLOORS = {
    "torch": (2, 10),  # CVE-2026-24747
    "numpy": (1, 24),
    "pillow": (12, 2),  # CVE-2026-40192
    "h5py": (3, 16),  # the first whose packages have HDF5 2.0
    "pyarrow": (14, 0, 1),  # CVE-2023-47248
    "safetensors": (0, 3),
}


def requirements() -> dict[str, str]:
    """Every requirement by the name of its package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        lines += extra
    return {re.split(r"[<>=!; \[]", line)[0].lower(): line for line in lines}


@pytest.mark.parametrize("name", FLOORS)
def test_x06_what_has_known_holes_is_not_asked_for(name: str) -> None:
    found = re.search(r">=([\d.]+)", requirements()[name])
    assert found is not None
    assert tuple(map(int, found[1].split("."))) >= FLOORS[name]


def test_x05_a_run_says_nothing_of_who_made_it_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home-of-somebody"
    home.mkdir()
    for name, value in (("HOME", str(home)), ("USER", "somebody-else"), ("LOGNAME", "nobody-here")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "gethostname", lambda: "secret-host")
    monkeypatch.setattr(platform, "node", lambda: "secret-host")
    run = aeviz.train("digits", "vae", epochs=1, out=home / "run", progress=False)
    run.encode_data().save(home / "z.csv")
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for word in ("home-of-somebody", "somebody-else", "nobody-here", "secret-host"):
                assert word.encode() not in content, path


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_x05_files_have_the_rights_that_the_person_has_set(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        run = aeviz.train("digits", "linear", epochs=1, out=tmp_path / "run", progress=False)
        run.encode_data().save(tmp_path / "z.npz")
    finally:
        os.umask(before)
    for path in (tmp_path / "z.npz", *run.path.rglob("*")):
        wanted = 0o777 if path.is_dir() else 0o666
        assert path.stat().st_mode & 0o777 == wanted & ~mask, path


def corpus(folder: Path, secret: Path) -> int:
    """Every hostile file that the other lists know, with a pipe nobody writes into to lead to."""
    import h5py

    from tests.data import test_hdf5
    from tests.robustness import test_list_f

    folder.mkdir()
    hdf5 = ("external_link", "link_through_an_external_one", "external_storage", "virtual",
            "soft_loop", "cycle", "deep", "huge", "huge_chunk", "unknown_filter")  # fmt: skip
    for name in hdf5:
        with h5py.File(folder / f"{name}.h5", "w") as file:
            getattr(test_hdf5, name)(file, secret)
    for name, make in test_list_f.TRAPS.items():
        (folder / name).write_bytes(make(folder.parent))
    for name in ("scripted", "exported", "old_tar", "forged_sparse", "expanded", "laughs"):
        getattr(test_list_f, name)(folder / f"{name}.pt")
    for name, content in test_list_f.HOSTILE_WEIGHTS.items():
        (folder / f"{name}.safetensors").write_bytes(content)
    test_list_f.bomb(folder / "bomb.npz", "y.npy", 2**26)
    return len(list(folder.iterdir()))


@pytest.mark.filterwarnings("ignore")
def test_x01_no_hostile_file_makes_anything_run(tmp_path: Path) -> None:
    from tests.robustness.fuzzing import fuzz
    from tests.robustness.test_list_f import MARKER

    os.mkfifo(tmp_path / "secret")  # who opened it would wait until the test is given up
    count = corpus(tmp_path / "corpus", tmp_path / "secret")
    folder = str(tmp_path / "corpus")
    result = fuzz("anything", 0, 0, tmp_path / "tried", "given", folder)
    assert not result.defects
    assert not result.executed
    assert not result.ended
    assert result.refused == result.tried == count
    assert result.peak < 50 * 2**20
    assert not (tmp_path / MARKER).exists()
