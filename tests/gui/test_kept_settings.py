"""Settings that are never half written, and are read as Qt's own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QApplication

from aeviz.gui.kept_settings import KeptSettings, settings_file

VALUES: dict[str, Any] = {
    "window/state": QByteArray(bytes(range(256)) * 4),
    "recent/one": ["/a b/ü"],
    "recent/two": ["/a,b", "/c;d"],
    "recent/none": [],
    "look/theme": "dark",
    "look/number": 3,
    "look/yes": True,
    "look/nothing": "",
}


def test_what_was_set_is_there_the_next_time(tmp_path: Path, qapp: QApplication) -> None:
    path = tmp_path / "new" / "aeviz.ini"
    settings = KeptSettings(path)
    for key, value in VALUES.items():
        settings.setValue(key, value)
    settings.sync()
    usual = QSettings(str(path), QSettings.Format.IniFormat)  # as the versions before read it
    again = KeptSettings(path)
    for read in (usual, again):
        assert bytes(read.value("window/state").data()) == bytes(range(256)) * 4
        assert read.value("recent/two") == ["/a,b", "/c;d"]
        assert read.value("look/theme") == "dark"
        assert set(read.allKeys()) == set(VALUES)
    assert [each.name for each in path.parent.iterdir()] == ["aeviz.ini"]


def test_a_change_reaches_the_file_by_itself(tmp_path: Path, qapp: QApplication) -> None:
    settings = KeptSettings(tmp_path / "aeviz.ini")
    settings.setValue("a", "b")
    qapp.processEvents()
    assert "a=b" in (tmp_path / "aeviz.ini").read_text()


def test_a_spoilt_file_is_replaced_with_the_next_change(tmp_path: Path, qapp: QApplication) -> None:
    path = tmp_path / "aeviz.ini"
    path.write_bytes(b"\x00[half" * 9)
    settings = KeptSettings(path)
    settings.setValue("a", "b")
    settings.sync()
    assert KeptSettings(path).value("a") == "b"


def test_a_place_that_cannot_be_written_is_told_and_nothing_raised(
    tmp_path: Path, qapp: QApplication, expect_log: list[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    settings = KeptSettings(tmp_path / "file" / "aeviz.ini")
    expect_log.append("were not saved")
    settings.setValue("a", "b")
    settings.sync()
    assert settings.value("a") == "b"


FULL = """
import resource, signal, sys
from pathlib import Path
from PySide6.QtCore import QByteArray
from aeviz.gui.kept_settings import KeptSettings
settings = KeptSettings(Path(sys.argv[1]))
settings.setValue("state", QByteArray(b"x" * 50_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
settings.sync()
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
@pytest.mark.parametrize("budget", [0, 4096, 16384, 65536])
def test_a_full_disk_leaves_the_old_file(budget: int, tmp_path: Path) -> None:
    path = tmp_path / "aeviz.ini"
    path.write_text("[General]\nstate=old\n")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(budget)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    if budget < 50_000:
        assert path.read_text() == "[General]\nstate=old\n"
        assert str(path) in done.stderr
    else:
        assert len(path.read_text()) > 50_000


def test_it_is_the_file_that_qt_would_take(qapp: QApplication) -> None:
    assert settings_file().name == "aeviz.ini"
