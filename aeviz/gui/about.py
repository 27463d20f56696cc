"""Versions, devices and licences, as text that can be copied into a report."""

import platform

import numpy as np
import pyqtgraph as pg
import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

import aeviz
from aeviz import paths
from aeviz.gui.details import DetailsDialog
from aeviz.gui.devices import device_name
from aeviz.messages import EngineReady

_SENTENCE = (
    "aeviz {version}, a microscope for latent spaces. Free software under the MIT licence; "
    "nothing is sent anywhere."
)


def versions(engine: EngineReady | None) -> dict[str, str]:
    """Package name → version, as far as they are loaded."""
    made = {
        "aeviz": aeviz.__version__,
        "Python": platform.python_version(),
        "Qt": qVersion(),
        "PySide6": PySide6.__version__,
        "pyqtgraph": pg.__version__,
        "numpy": np.__version__,
    }
    return made | (dict(engine.versions) if engine is not None else {})


def text(engine: EngineReady | None) -> str:
    """What the dialog shows."""
    lines = [f"{name:<18} {version}" for name, version in versions(engine).items()]
    lines += ["", f"{'System':<18} {platform.platform()}"]
    lines += [f"{'Qt platform':<18} {QGuiApplication.platformName()}"]
    if engine is None:
        lines.append(f"{'Device':<18} PyTorch is still being loaded")
    else:
        names = ", ".join(device_name(device) for device in engine.devices)
        lines.append(f"{'Device':<18} {device_name(engine.device)}: {engine.reason}")
        lines.append(f"{'Devices':<18} {names}")
    return "\n".join([*lines, "", *_licences()])


def _licences() -> list[str]:
    """The licences of what comes with the program, whole."""
    lines = []
    for path in sorted(paths.resources().glob("*/*LICENSE*")):
        lines += [f"── {path.parent.name}: {path.stem} ".ljust(72, "─"), ""]
        lines += [path.read_text(encoding="utf-8").strip(), ""]
    return lines


class AboutDialog(DetailsDialog):
    """What this is, in which versions, under which licences."""

    def __init__(self, engine: EngineReady | None, parent: QWidget | None) -> None:
        sentence = _SENTENCE.format(version=aeviz.__version__)
        super().__init__("About aeviz", sentence, text(engine), parent)
