"""Plug-ins of the tests: each test begins and ends without any, and with a list of its own."""

import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aeviz import paths, trust_store
from aeviz.compute import plugins

EXAMPLE = paths.resources() / "examples" / "aeviz-example"
MODEL = EXAMPLE / "aeviz_example" / "model.py"
OWN = ("aeviz_example", "broken_plugin")
DATA = EXAMPLE / "aeviz_example" / "data.py"


def forget() -> None:
    """Take every plug-in out again, as the end of the process would."""
    for plugin in plugins.loaded():
        plugins._take_out(plugin)
    for store in (plugins._loaded, plugins._named, plugins._faults):
        store.clear()
    plugins._load_entry.cache_clear()
    plugins._join_installed.cache_clear()


@pytest.fixture(autouse=True)
def _no_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(paths, "config", lambda: tmp_path / "settings")
    monkeypatch.setattr(trust_store, "_complained", set())
    forget()
    yield
    forget()
    for name in [name for name in sys.modules if name.startswith(OWN)]:
        del sys.modules[name]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a plug-in; returns its path."""

    def make(text: str, name: str = "mine.py") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def own_model(write: Callable[..., Path]) -> Path:
    """The example's model as a file of its own."""
    return write(MODEL.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the example package."""
    folder = tmp_path_factory.mktemp("installed")
    source = tmp_path_factory.mktemp("source") / "aeviz-example"
    shutil.copytree(EXAMPLE, source)  # building writes beside the source
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words, "--target", str(folder), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def installed(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example package can be imported."""
    monkeypatch.syspath_prepend(str(built))
    importlib.invalidate_caches()
    return built
