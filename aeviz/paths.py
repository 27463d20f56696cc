"""Where resources, runs and caches are: in a checkout, in an installed wheel, in a frozen app."""

import os
import sys
from pathlib import Path

import platformdirs

LONGEST_SHOWN = 400
"""Characters of a path at most that are shown to a person."""


def resources() -> Path:
    """The folder of icons, fonts, demo run and help.

    A wheel carries it inside the package, a checkout beside it, PyInstaller under `_MEIPASS`.
    """
    package = Path(__file__).resolve().parent
    frozen = getattr(sys, "_MEIPASS", None)
    candidates = [package / "resources", package.parent / "resources"]
    if frozen is not None:
        candidates.insert(0, Path(frozen) / "resources")
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"aeviz is not installed whole: no folder {candidates[0]}")


def demo() -> Path:
    """The run folder that the first start shows."""
    return resources() / "demo"


def config() -> Path:
    """Where it is remembered which files the user trusts."""
    return Path(platformdirs.user_config_dir("aeviz", appauthor=False))


def cache() -> Path:
    """Where compiled kernels and other things that can be made again are kept."""
    return Path(platformdirs.user_cache_dir("aeviz", appauthor=False))


def logs() -> Path:
    """Where the log and the crash log are written."""
    return Path(platformdirs.user_log_dir("aeviz", appauthor=False))


def autosaves() -> Path:
    """Where windows keep what they show, in case they crash."""
    return Path(platformdirs.user_state_dir("aeviz", appauthor=False)) / "autosaves"


LAST_SESSION = "last.aeviz"
"""In that folder: what the last window showed when it was closed."""


def window_runs() -> Path:
    """Where the window puts its runs: Documents/aeviz/runs."""
    return Path(platformdirs.user_documents_dir()) / "aeviz" / "runs"


def data_dir(given: str | None = None) -> Path:
    """Where torchvision's files lie or go: what is given, AEVIZ_DATA, or the user's data folder."""
    chosen = given or os.environ.get("AEVIZ_DATA")
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_data_dir("aeviz", appauthor=False)) / "data"


def shown(path: str) -> str:
    r"""A path of a stranger on one line: signs that could deceive the eye become escapes.

    Example:
        >>> shown("a/b.py"), shown("x\n\u202eyp.exe")
        ('a/b.py', 'x\\n\\u202eyp.exe')
    """
    escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)
    text = "".join(escaped)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:150]} … {text[-200:]}"
