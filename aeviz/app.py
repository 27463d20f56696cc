"""Starts the program: finds out whether Qt can start, then joins gui and compute.

Importing this module imports no Qt: a missing system library is a sentence, not a traceback.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

from aeviz import paths
from aeviz.process.display import Probe, bad_pair, explain
from aeviz.process.start import CannotStart, Shot

if TYPE_CHECKING:
    from aeviz.program import Program


def run_window(run_paths: list[str]) -> int:
    """Open the window and stay until it is closed.

    Args:
        run_paths: Run folders to show; without any the last session, at first the demo.

    Returns:
        The exit code: 0, or 128 + the number of the signal that ended it.

    Raises:
        CannotStart: If Qt cannot start here.
    """
    program = _program_class().make(own_process=True)
    program.open(run_paths[0] if run_paths else None)
    return program.run()


def shot(wanted: Shot) -> bytes:
    """A picture of the window as the content of a PNG file. Reads and writes no settings.

    Raises:
        CannotStart: If Qt cannot start here, or the run cannot be shown.
    """
    _refuse_bad_pair()
    if sys.platform not in ("win32", "darwin"):
        # Without a screen, and on one the window would only flash.
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QT_SCALE_FACTOR"] = str(wanted.scale)
    _import_program()
    from aeviz.picture import take
    from aeviz.process.qt_messages import log_qt_messages

    log_qt_messages()
    return take(wanted, str(paths.demo()))


def explore(path: str) -> None:
    """Open the window from a script, where it blocks, or from a notebook, where it returns."""
    program_class = _program_class()
    shell = _notebook()
    program = program_class.make(own_process=shell is None)
    program.open(path)
    if shell is None:
        program.run()
    else:
        shell.enable_gui("qt6")
        program.show()


def _notebook() -> Any:
    """The running IPython, or None in a script."""
    module = sys.modules.get("IPython")
    return None if module is None else module.get_ipython()


def _program_class() -> "type[Program]":
    """The program, once a child process has shown that Qt starts here."""
    _refuse_bad_pair()
    probe = Probe()
    program = _import_program()
    trial = probe.trial()
    if trial.sentence:
        raise CannotStart(trial.sentence)
    return program


def _refuse_bad_pair() -> None:
    sentence = bad_pair()
    if sentence:
        raise CannotStart(sentence)


def _import_program() -> "type[Program]":
    """Import everything of Qt, in the order that each system needs."""
    if sys.platform == "win32":
        # WORKAROUND https://github.com/pytorch/pytorch/issues/166628: after Qt, torch's
        # libraries do not initialise on Windows.
        import torch  # noqa: F401
    # WORKAROUND: once Qt's signatures were needed, PySide looks into every module that is imported,
    # in any thread, and pydantic's cannot be looked into while it is being imported: the thread
    # that answers would end. Imported before Qt it costs the same 0.07 s, which that thread saves.
    import pydantic.dataclasses  # noqa: F401

    try:
        from aeviz.program import Program
    except ImportError as error:
        raise CannotStart(explain(str(error))) from error
    return Program
