"""Whether Qt can start here, found out before it could abort this process. Only stdlib.

Qt ends a process that has no display (`qFatal`), before any Python code could answer. So a child
process tries first, while this one imports what it needs anyway.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

PROBE_WORD = "--probe-display"
"""A frozen app is started again with this word to try Qt."""

SECONDS = 20.0
"""A child that takes longer counts as one that hangs."""

INSTEAD = (
    "use `aeviz shot -o window.png` for a picture, a virtual screen (`xvfb-run -a aeviz`),"
    " or Qt's own VNC server (`QT_QPA_PLATFORM=vnc aeviz`)"
)
PACKAGES = (
    "libegl1 libgl1 libdbus-1-3 libfontconfig1 libglib2.0-0 libxkbcommon-x11-0 libxcb-cursor0"
    " libxcb-icccm4 libxcb-keysyms1"
)
"""Debian and Ubuntu packages of the system libraries that Qt needs and a bare system lacks."""


@dataclass(frozen=True)
class QtTrial:
    """What came of trying Qt.

    Attributes:
        platform: Name of the platform plugin that worked, or "".
        sentence: What is wrong and what to do, "" where Qt works.
    """

    platform: str
    sentence: str


def bad_pair() -> str:
    """A sentence where this PySide6 aborts on this Python, else "".

    PySide6 6.12.0 loses references to None; below Python 3.12 that ends the process after some
    thousand calls (PYSIDE-3474).
    """
    try:
        version = importlib.metadata.version("PySide6-Essentials")
    except importlib.metadata.PackageNotFoundError:
        return ""
    return judge_pair(version, sys.version_info[:2])


def judge_pair(pyside: str, python: tuple[int, int]) -> str:
    """As `bad_pair`, for given versions."""
    if pyside.partition("+")[0] != "6.12.0" or python >= (3, 12):
        return ""
    return (
        f"PySide6 {pyside} crashes on Python {python[0]}.{python[1]}: run"
        ' `pip install "PySide6-Essentials<6.12"`, or use Python 3.12 or newer'
    )


def missing_screen(environment: Mapping[str, str], platform: str = sys.platform) -> str:
    """A sentence where there is certainly no screen, without trying; else ""."""
    if platform in ("win32", "darwin") or environment.get("QT_QPA_PLATFORM"):
        return ""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return ""
    return f"there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set): {INSTEAD}"


class Probe:
    """Tries Qt in a child process that starts now; `trial` waits for it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._early = missing_screen(os.environ)
        if not self._early:
            self._child = subprocess.Popen(
                _command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )

    def trial(self) -> QtTrial:
        """What came of it."""
        if self._child is None:
            return QtTrial("", self._early)
        try:
            answer, complaint = self._child.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()
            return QtTrial("", f"Qt does not answer within {SECONDS:.0f} s: {INSTEAD}")
        if self._child.returncode == 0:
            return QtTrial(answer.strip(), "")
        return QtTrial("", explain(answer + complaint))


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, PROBE_WORD]
    # -P: a file named like a module in this folder is not imported instead of it.
    return [sys.executable, "-P", __file__]


def explain(complaint: str) -> str:
    """One sentence for what Qt said when it could not start."""
    library = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object", complaint)
    if library is not None:
        return (
            f"Qt lacks the system library {library[1]}: on Debian or Ubuntu apt install {PACKAGES}"
        )
    # Qt recommends xcb-cursor also where only the screen does not answer.
    if "could not connect to display" in complaint or "Failed to create wl_display" in complaint:
        shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY", "")
        return f"the screen {shown!r} does not answer: {INSTEAD}"
    if "xcb-cursor" in complaint:
        return f"Qt lacks system libraries: apt install {PACKAGES}, or {INSTEAD}"
    plugin = os.environ.get("QT_QPA_PLATFORM", "")
    if plugin and "Could not find the Qt platform plugin" in complaint:
        return f"QT_QPA_PLATFORM={plugin}: Qt has no such platform; unset it, or {INSTEAD}"
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    said = lines[0][:200] if lines else "it gave no reason"
    return f"Qt cannot start ({said}): {INSTEAD}"


def try_qt() -> int:
    """Start Qt in this process and say its platform on stdout. Runs in the child."""
    _leave_no_core_dump()
    try:
        from PySide6.QtWidgets import QApplication
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    application = QApplication([])
    sys.stdout.write(application.platformName() + "\n")
    return 0


def _leave_no_core_dump() -> None:
    """An abort is an expected answer here."""
    try:
        import resource
    except ImportError:
        return  # Windows
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    raise SystemExit(try_qt())
