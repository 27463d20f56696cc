"""`aeviz doctor`: versions, devices, whether Qt starts, and how to mend what does not work."""

import importlib.metadata
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from cyclopts import Parameter

from aeviz.cli.console import Console
from aeviz.process.display import Probe, bad_pair

PACKAGES = (
    "aeviz",
    "torch",
    "torchvision",
    "numpy",
    "PySide6-Essentials",
    "pyqtgraph",
    "numba",
    "safetensors",
    "lightning-fabric",
    "pillow",
    "h5py",
)


@dataclass
class Report:
    """What `aeviz doctor` found.

    Attributes:
        python: Version of Python and of the system.
        versions: Package → version, None where it is not installed.
        device: What "auto" resolves to, with the reason.
        devices: Every device that can be chosen.
        ranks: Whether a launcher has started several processes, and how many devices could train.
        qt: The platform that Qt starts on here, or "".
        folders: Where things are kept.
        plugins: Installed plug-in → what it brings.
        problems: Sentences that say what is wrong and how to mend it.
    """

    python: str
    versions: dict[str, str | None]
    device: str = ""
    devices: list[str] = field(default_factory=list)
    ranks: str = ""
    qt: str = ""
    folders: dict[str, str] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def doctor(*, json_: Annotated[bool, Parameter(name="--json", negative=())] = False) -> int:
    """Say versions, devices and whether Qt starts, and how to mend what does not work.

    Args:
        json_: Print one JSON object.
    """
    probe = Probe()
    report = Report(f"{platform.python_version()}, {platform.platform()}", _versions())
    _look_at_devices(report)
    _look_at_launcher(report)
    _look_at_torchvision(report)
    _look_at_qt(report, probe)
    _look_at_folders(report)
    look_at_plugins(report)
    console = Console()
    if json_:
        console.result(json.dumps(asdict(report), indent=1, ensure_ascii=False))
    else:
        console.result("\n".join(_lines(report)))
    return 0


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def _look_at_devices(report: Report) -> None:
    try:
        from aeviz.compute.device import available, choose

        chosen = choose()
        report.devices = list(available())
        report.device = f"{chosen.name}: {chosen.reason}"
    except (ImportError, OSError, RuntimeError) as error:
        report.problems.append(
            f"torch cannot be used ({_short(error)}): install it again with `pip install"
            " --force-reinstall torch`"
        )


def _look_at_launcher(report: Report) -> None:
    """Several devices train together only where a launcher starts a process for each."""
    try:
        from aeviz.compute.device import count
        from aeviz.compute.launcher import launched

        launch, devices = launched(), count()
    except ValueError as error:
        report.problems.append(str(error))
    except (ImportError, OSError, RuntimeError):
        return  # said already
    else:
        several = f"; {devices} devices can train together (torchrun)" if devices > 1 else ""
        who = "one" if launch is None else f"rank {launch.rank} of {launch.size}"
        report.ranks = who + several


def _look_at_torchvision(report: Report) -> None:
    """Torchvision is needed for downloads only, and breaks when it does not fit torch."""
    try:
        import torchvision.datasets  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        report.problems.append(
            f"torchvision cannot be used ({_short(error)}), so data sets cannot be downloaded:"
            " install the version that fits torch, or put the files into --data-dir yourself"
        )


def _look_at_qt(report: Report, probe: Probe) -> None:
    pair = bad_pair()
    if pair:
        report.problems.append(pair)
    trial = probe.trial()
    report.qt = trial.platform
    if trial.sentence:
        report.problems.append(trial.sentence)


def _look_at_folders(report: Report) -> None:
    from aeviz import paths

    folders = {
        "resources": paths.resources(),
        "data": paths.data_dir(),
        "cache": paths.cache(),
        "log": paths.logs(),
        "runs of the window": paths.window_runs(),
    }
    report.folders = {name: str(folder) for name, folder in folders.items()}
    for name in ("cache", "log"):
        folder = folders[name]
        while not folder.exists():
            folder = folder.parent
        if not os.access(folder, os.W_OK):
            report.problems.append(f"{folder} cannot be written, so no {name} is kept")


def look_at_plugins(report: Report) -> None:
    """Load what is installed for aeviz, panels only where Qt starts."""
    try:
        from aeviz.compute import plugins

        if plugins.entry_points():
            plugins.join(inspectors=bool(report.qt))
    except (ImportError, OSError, RuntimeError):
        return  # torch cannot be used, which is said already
    report.plugins = {plugin.name: plugin.says for plugin in plugins.loaded()}
    report.problems += plugins.faults().values()


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]


def _lines(report: Report) -> list[str]:
    rows: list[tuple[str, Any]] = [("Python", report.python), ("program", sys.executable)]
    rows += [(name, version or "not installed") for name, version in report.versions.items()]
    rows += [("device", report.device or "none"), ("devices", ", ".join(report.devices))]
    rows += [("processes", report.ranks or "unknown")]
    rows += [("Qt starts on", report.qt or "nothing here"), *report.folders.items()]
    rows += [("plug-in", f"{name}: {says}") for name, says in report.plugins.items()]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    if not report.problems:
        return [*lines, "", "Nothing is wrong."]
    return [*lines, "", *(f"{n}. {text}" for n, text in enumerate(report.problems, 1))]
