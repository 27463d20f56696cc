"""Installed plug-ins: the example package, really built, and packages that are broken."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aeviz.cli.doctor import Report, look_at_plugins
from aeviz.compute import plugins
from aeviz.compute.process import ChildProcess
from tests.cli.conftest import Command, command
from tests.plugins.conftest import EXAMPLE, forget

__all__ = ["command"]


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with a model that cannot be imported and one that has nothing."""
    folder = tmp_path / "site"
    info = folder / "broken_plugin-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugin\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(
        "[aeviz.models]\na = broken_plugin_a\nb = broken_plugin_b\nc = broken_plugin_c\n"
    )
    (folder / "broken_plugin_a.py").write_text("\nraise RuntimeError('out of order')\n")
    (folder / "broken_plugin_b.py").write_text("")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    return folder


def test_the_example_installs_and_brings_one_of_each(installed: Path) -> None:
    assert plugins.join(inspectors=True) == []
    (found,) = plugins.loaded()
    assert (found.package, found.version) == ("aeviz-example", "0.1")
    assert found.brings == {
        "models": ("tied-linear",),
        "data": ("spiral",),
        "inspectors": ("example-spread",),
        "questions": ("example.spread",),
    }
    assert not plugins.faults()


def test_without_a_window_no_panel_is_imported(installed: Path) -> None:
    plugins.join()
    (found,) = plugins.loaded()
    assert "inspectors" not in found.brings


def test_an_installed_model_trains_without_being_named_and_its_run_says_so(
    command: Command, installed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    words = ("--data", "spiral", "--model", "tied-linear", "--epochs", "1", "--out", out)
    outcome = command("train", *words)
    assert outcome.code == 0, outcome.err
    (row,) = json.loads((out / "run.json").read_text())["plugins"]
    assert row == {
        "package": "aeviz-example",
        "version": "0.1",
        "models": ["tied-linear"],
        "data": ["spiral"],
    }
    assert command("decode", out, "--at", "0,0", "-o", tmp_path / "x.npy").code == 0


def test_list_names_the_package(command: Command, installed: Path) -> None:
    assert "(from aeviz-example 0.1)" in command("list", "models").out
    assert "Spiral. Points along a spiral in space (from aeviz-example 0.1)" in (
        command("list", "data").out
    )


def test_a_run_of_a_package_that_is_gone_says_what_to_install(
    command: Command, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.syspath_prepend(str(built))
        importlib.invalidate_caches()
        assert command("train", "--model", "tied-linear", "--epochs", "0", "--out", out).code == 0
    forget()
    outcome = command("decode", out, "--at", "0,0", "-o", tmp_path / "x.npy")
    assert outcome.code == 2
    assert "from the package aeviz-example 0.1, which is not installed" in outcome.err


def test_a_child_process_knows_what_is_installed(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = {"name": "spiral", "data_dir": tmp_path, "options": {}}
    child = ChildProcess("aeviz.data.describing:describe", arguments, [("", "")])
    child.start()
    try:
        reports = list(_until_done(child))
    finally:
        child.finish()
    assert reports[-1]["kind"] == "done"
    assert reports[-1]["samples"] == 600


def test_a_child_process_knows_the_files_that_its_parent_has_loaded(tmp_path: Path) -> None:
    loaded = plugins.load_file(EXAMPLE / "aeviz_example" / "data.py")
    arguments = {"name": "spiral", "data_dir": tmp_path, "options": {}}
    for sha256, kind in ((loaded.sha256, "done"), ("0" * 64, "failed")):
        child = ChildProcess("aeviz.data.describing:describe", arguments, [(loaded.path, sha256)])
        child.start()
        try:
            last = list(_until_done(child))[-1]
        finally:
            child.finish()
        assert last["kind"] == kind, last
    assert "has changed since it was allowed" in last["sentence"]


def _until_done(child: ChildProcess) -> Iterator[dict[str, Any]]:
    for report in child.reports(30.0):
        yield report
        if report["kind"] in ("done", "failed"):
            return


def test_a_broken_package_stops_nothing_and_is_said_once_a_fault(
    command: Command, broken: Path, expect_log: list[str], tmp_path: Path
) -> None:
    expect_log += ["out of order", "registers nothing", "broken_plugin_c"]
    outcome = command("list", "models")
    assert outcome.code == 0
    assert "vae" in outcome.out
    assert not plugins.join()  # not said again
    assert sorted(key.rpartition(" ")[2] for key in plugins.faults()) == [
        "broken_plugin_a",
        "broken_plugin_b",
        "broken_plugin_c",
    ]
    words = ("train", "--model", "linear", "--epochs", "0", "--out", tmp_path / "run")
    assert command(*words).code == 0


def test_doctor_names_what_is_installed_and_what_is_broken(
    broken: Path, installed: Path, expect_log: list[str]
) -> None:
    expect_log += ["out of order", "registers nothing", "broken_plugin_c"]
    report = Report("3.11", {})
    look_at_plugins(report)
    assert report.plugins["aeviz-example 0.1"].startswith("model tied-linear, data set spiral")
    assert len(report.problems) == 3
    assert any(
        "broken_plugin_a.py, line 2: RuntimeError: out of order" in p for p in report.problems
    )
