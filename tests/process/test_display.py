"""Whether Qt can start is found out without ending this process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aeviz.process.display import Probe, explain, judge_pair, missing_screen


def test_the_bad_pair_is_known() -> None:
    assert "3.11" in judge_pair("6.12.0", (3, 11))
    assert judge_pair("6.12.0", (3, 12)) == ""
    assert judge_pair("6.11.3", (3, 11)) == ""


def test_a_missing_screen_is_seen_without_trying() -> None:
    assert "aeviz shot" in missing_screen({}, "linux")
    assert missing_screen({"DISPLAY": ":0"}, "linux") == ""
    assert missing_screen({"QT_QPA_PLATFORM": "vnc"}, "linux") == ""
    assert missing_screen({}, "win32") == ""


@pytest.mark.parametrize(
    ("complaint", "said"),
    [
        ("libEGL.so.1: cannot open shared object file: No such file or directory", "libEGL.so.1"),
        ("From 6.5.0, xcb-cursor0 or libxcb-cursor0 is needed to load", "libxcb-cursor0"),
        ("could not connect to display :7\nxcb-cursor0 is needed", "does not answer"),
        ("", "no reason"),
        ("Something new\nand more", "Something new"),
    ],
)
def test_what_qt_says_becomes_one_sentence(complaint: str, said: str) -> None:
    assert said in explain(complaint)
    assert "\n" not in explain(complaint)


def test_the_child_says_its_platform() -> None:
    assert Probe().trial().platform == "offscreen"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a screen")
@pytest.mark.parametrize("display", ["", ":97"])
def test_the_window_without_a_screen_ends_with_a_sentence(display: str, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "DISPLAY")}
    environment.pop("WAYLAND_DISPLAY", None)
    if display:
        environment["DISPLAY"] = display
    done = subprocess.run(
        [sys.executable, "-m", "aeviz"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "aeviz shot" in done.stderr
    assert len(done.stderr.splitlines()) <= 3
