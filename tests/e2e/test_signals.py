"""Ctrl-C and SIGTERM end the window as closing it does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]


@pytest.mark.parametrize("patience", [0.0, 0.5], ids=["being-built", "shown"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_window_quickly(
    number: signal.Signals, patience: float, tmp_path: Path
) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    child = subprocess.Popen(
        [sys.executable, "-m", "aeviz"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not list(tmp_path.rglob("crash.log")):
        assert time.monotonic() < deadline
        assert child.poll() is None, child.communicate()
        time.sleep(0.05)
    time.sleep(patience)  # the log is opened before the window is built
    began = time.monotonic()
    child.send_signal(number)
    _, complaint = child.communicate(timeout=30)
    assert child.returncode == 128 + number, complaint
    assert time.monotonic() - began < 10
    assert "Traceback" not in complaint
