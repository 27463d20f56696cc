"""What nobody caught is told once, kept in a file, and the hooks are given back."""

import sys
import threading
from pathlib import Path

import pytest

from aeviz.mailbox import Mailbox
from aeviz.messages import Failed
from aeviz.process.crash import Reporter


def fail(text: str) -> None:
    raise ValueError(text)


def test_an_exception_of_a_thread_reaches_the_outbox_and_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faulthandler.enable", lambda file: None)  # pytest's own one stays
    monkeypatch.setattr("faulthandler.disable", lambda: None)
    outbox = Mailbox()
    reporter = Reporter(outbox, tmp_path)
    before = sys.excepthook, threading.excepthook
    reporter.install()
    for _ in range(3):
        thread = threading.Thread(target=fail, args=("half of it",))
        thread.start()
        thread.join()
    reporter.close()
    assert (sys.excepthook, threading.excepthook) == before
    told = [message for message in outbox.drain() if isinstance(message, Failed)]
    assert len(told) == 1
    assert "half of it" in told[0].summary
    assert "Traceback" in told[0].details
    assert "half of it" in (tmp_path / "aeviz.log").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    reporter = Reporter(Mailbox(), file)
    reporter.install()
    reporter.close()


def test_a_program_that_ends_is_no_failure() -> None:
    outbox = Mailbox()
    Reporter(outbox, None).report(SystemExit, SystemExit(0), None)
    assert not outbox.drain()
