"""Work for the child process that goes wrong, or tells how the child is kept."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Report = Callable[[float, str], None]


def answer(report: Report, **arguments: Any) -> dict[str, Any]:
    """Be done at once."""
    return {}


def wait(report: Report, data_dir: Path, **arguments: Any) -> dict[str, Any]:
    """Work for ever; a file says so while it lasts and is gone when it was tidied up."""
    lasting = data_dir / "lasting"
    lasting.write_text(str(os.getpid()))
    try:
        while True:
            report(0.5, "half way")
            time.sleep(0.01)
    finally:
        lasting.unlink()


def ignore_the_request_to_end(report: Report, **arguments: Any) -> dict[str, Any]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report(0.5, "half way")
    while True:
        time.sleep(60)


def stop(report: Report, **arguments: Any) -> dict[str, Any]:
    """Hang as a process does whose parser never comes back."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return {}


def crash(report: Report, **arguments: Any) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def be_killed(report: Report, **arguments: Any) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def leave(report: Report, **arguments: Any) -> dict[str, Any]:
    os._exit(3)


def fail(report: Report, **arguments: Any) -> dict[str, Any]:
    raise ZeroDivisionError("division by zero")


def run_out_of_memory(report: Report, **arguments: Any) -> dict[str, Any]:
    raise MemoryError


def return_what_cannot_be_sent(report: Report, **arguments: Any) -> dict[str, Any]:
    return {"name": object()}


def tell(report: Report, name: str, **arguments: Any) -> dict[str, Any]:
    """Describe the process itself in the sentence of a description."""
    heavy = [
        module for module in ("torch", "PySide6", "scipy", "aeviz.gui") if module in sys.modules
    ]
    print("not for the terminal")  # its stdout is nobody's
    threads = os.environ["OMP_NUM_THREADS"]
    niceness = os.nice(0) if hasattr(os, "nice") else 10
    sentence = f"{heavy} {threads} {niceness} {signal.getsignal(signal.SIGINT).name}"
    return {"name": name, "title": name, "available": True, "sentence": sentence}
