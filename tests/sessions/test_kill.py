"""kill -9 while a session is saved: the old file or the new one, never neither."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs.making import make_run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def kill_often(folder: Path, kills: int, seed: int) -> None:
    run = make_run(folder / "run", 2)
    command = ["-m", "tests.sessions.writer_process", str(run), str(folder / "a.aeviz")]
    done = subprocess.run(
        [sys.executable, *command, str(kills), str(seed)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{kills} kills")


def test_twenty_killed_saves_leave_the_old_or_the_new_session(tmp_path: Path) -> None:
    kill_often(tmp_path, 20, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_a_thousand_killed_saves_leave_the_old_or_the_new_session(
    tmp_path: Path, seed: int
) -> None:
    kill_often(tmp_path, 250, seed)
