"""Jobs in the child process: answers, cancelling, and children that die or hang."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from aeviz import catalogue
from aeviz.compute import jobs as module
from aeviz.compute.jobs import Jobs
from aeviz.compute.process import ChildProcess
from aeviz.mailbox import Mailbox
from aeviz.messages import (
    CancelJob,
    ColumnSeen,
    DataDescribed,
    DataPreviewed,
    DescribeData,
    Download,
    Failed,
    FitPlane,
    JobDone,
    JobProgress,
    Message,
    PlaneFitted,
    PreviewData,
)
from aeviz.plane import Plane
from tests.compute.run_setup import images, write_run

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="asks for a signal by name")


@pytest.fixture
def outbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def jobs(outbox: Mailbox, tmp_path: Path) -> Iterator[Jobs]:
    made = Jobs(outbox, tmp_path, patience=2.0)
    yield made
    assert made.close()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[type, str], None]:
    """Let requests of a type be worked on by a function of `misbehaving`."""

    def replace(kind: type, function: str) -> None:
        monkeypatch.setitem(module.WORK, kind, f"tests.compute.misbehaving:{function}")

    return replace


def wait_for(outbox: Mailbox, kind: type, seconds: float = 30) -> list[Message]:
    """All messages up to the first of this type."""
    end = time.monotonic() + seconds
    got: list[Message] = []
    while time.monotonic() < end:
        got += outbox.drain(block=True, timeout=0.1)
        if any(isinstance(message, kind) for message in got):
            return got
    pytest.fail(f"no {kind.__name__} within {seconds} s, but {got}")


def only(messages: list[Message], kind: type) -> Any:
    found = [message for message in messages if isinstance(message, kind)]
    assert len(found) == 1, messages
    return found[0]


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def children() -> list[psutil.Process]:
    """Living children that do jobs: not the tracker that `multiprocessing` keeps."""
    return [p for p in psutil.Process().children() if "spawn_main" in command_line(p)]


def command_line(process: psutil.Process) -> str:
    """What it was started with, "" of one that has ended."""
    try:
        return " ".join(process.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return ""


# ── answers ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "settings",
    [{"name": "two-moons", "samples": 50}, {"data": {"name": "two-moons", "samples": 50}}],
    ids=["its group", "whole settings"],
)
def test_a_data_set_is_described(jobs: Jobs, outbox: Mailbox, settings: dict[str, Any]) -> None:
    jobs.post(DescribeData(view="page", settings=settings))
    described = only(wait_for(outbox, DataDescribed), DataDescribed)
    assert described.view == "page"
    assert described.title == "Two moons"
    assert described.counts == (25, 25)
    assert described.feature_names == ("x", "y")
    assert described.sample_shape == (2,)
    assert [row.name for row in described.attributes] == ["x", "y", "label"]
    assert described.thumbnails.shape == (50, 2)
    assert not described.thumbnails.flags.writeable
    until(lambda: jobs.idle)


@pytest.mark.parametrize("name", ["mnist", "mist", ""])
def test_what_cannot_be_read_is_described_as_such(jobs: Jobs, outbox: Mailbox, name: str) -> None:
    jobs.post(DescribeData(view="page", settings={"name": name}))
    messages = wait_for(outbox, DataDescribed)
    described = only(messages, DataDescribed)
    assert not described.available
    assert described.name == name
    assert described.sentence


def test_a_file_is_looked_at(jobs: Jobs, outbox: Mailbox, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("u,v,kind\n1,2,a\n3,4,b\n5,7,a\n")
    jobs.post(PreviewData(path=str(path), options={"scaling": "unit"}))
    seen = only(wait_for(outbox, DataPreviewed), DataPreviewed)
    assert (seen.path, seen.options) == (str(path), {"scaling": "unit"})
    assert seen.columns[2] == ColumnSeen("kind", "text", "label", 0)
    assert seen.rows[1] == ("3", "4", "b")
    assert catalogue.entry_from(seen.entry).title == "own"
    jobs.post(PreviewData(path=str(tmp_path / "gone.csv")))
    assert "no such file" in only(wait_for(outbox, DataPreviewed), DataPreviewed).sentence


def test_a_wrong_option_is_named(jobs: Jobs, outbox: Mailbox) -> None:
    jobs.post(DescribeData(view="page", settings={"name": "two-moons", "noise": "much"}))
    described = only(wait_for(outbox, DataDescribed), DataDescribed)
    assert described.sentence.startswith("data.noise must be")


def test_a_description_in_progress_is_replaced_by_a_newer_one(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None], tmp_path: Path
) -> None:
    work(DescribeData, "wait")
    jobs.post(DescribeData(view="page", settings={"name": "wine"}))
    until((tmp_path / "lasting").exists)
    work(DescribeData, "tell")
    for name in ("mnist", "digits"):
        jobs.post(DescribeData(view="page", settings={"name": name}))
    messages = wait_for(outbox, DataDescribed)
    assert only(messages, DataDescribed).name == "digits"
    assert not [message for message in messages if isinstance(message, Failed)]


@posix
def test_the_child_is_light_and_low(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None], capfd: pytest.CaptureFixture
) -> None:
    work(DescribeData, "tell")
    jobs.post(DescribeData(view="page", settings={"name": "digits"}))
    sentence = only(wait_for(outbox, DataDescribed), DataDescribed).sentence
    niceness = min(19, os.nice(0) + 10)
    assert sentence == f"[] 1 {niceness} SIG_IGN"
    assert "terminal" not in capfd.readouterr().out


def test_a_download_reports_and_ends(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None]
) -> None:
    work(Download, "answer")
    jobs.post(Download(name="mnist"))
    first, *_, last = wait_for(outbox, JobDone)
    assert isinstance(first, JobProgress)
    assert first.title == "Downloading MNIST"
    assert first.fraction is None
    assert isinstance(last, JobDone)
    assert (last.job, last.outcome) == (first.job, "done")
    assert last.sentence.startswith("MNIST is on this computer, in ")


def test_one_child_lives_at_a_time_and_quick_work_goes_first(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None], tmp_path: Path
) -> None:
    work(Download, "wait")
    jobs.post(Download(name="mnist"))
    until((tmp_path / "lasting").exists)
    work(Download, "answer")
    jobs.post(Download(name="fashion-mnist"))
    jobs.post(DescribeData(view="page", settings={"name": "wine"}))
    jobs.post(Download(name="mnist"))  # under way already
    assert len(children()) == 1
    jobs.post(CancelJob(job="download-mnist"))
    seen = []
    while len(seen) < 3:
        seen += [
            message.title if isinstance(message, DataDescribed) else message.job
            for message in outbox.drain(block=True, timeout=30)
            if isinstance(message, DataDescribed | JobDone)
        ]
    assert seen == ["download-mnist", "Wine", "download-fashion-mnist"]
    until(lambda: jobs.idle)


# ── cancelling ────────────────────────────────────────────────────────────────────────────────


def test_cancelling_ends_the_child_which_tidies_up(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None], tmp_path: Path
) -> None:
    work(Download, "wait")
    jobs.post(Download(name="mnist"))
    until((tmp_path / "lasting").exists)
    jobs.post(CancelJob(job="download-mnist"))
    messages = wait_for(outbox, JobDone, seconds=5)
    done = only(messages, JobDone)
    assert (done.outcome, done.sentence) == ("cancelled", "Downloading MNIST was cancelled.")
    assert not [message for message in messages if isinstance(message, Failed)]
    until(lambda: not children())
    assert not list(tmp_path.iterdir())


def test_a_waiting_job_is_cancelled_at_once(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None], tmp_path: Path
) -> None:
    work(Download, "wait")
    for name in ("mnist", "fashion-mnist"):
        jobs.post(Download(name=name))
    until((tmp_path / "lasting").exists)
    jobs.post(CancelJob(job="download-fashion-mnist"))
    done = only(wait_for(outbox, JobDone, seconds=1), JobDone)
    assert (done.job, done.outcome) == ("download-fashion-mnist", "cancelled")
    assert (tmp_path / "lasting").exists()


def test_a_job_is_cancelled_while_its_process_starts(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None]
) -> None:
    work(Download, "wait")
    for _ in range(3):
        jobs.post(Download(name="mnist"))
        jobs.post(CancelJob(job="download-mnist"))
        assert only(wait_for(outbox, JobDone), JobDone).outcome == "cancelled"
        until(lambda: jobs.idle)
    assert not children()


def test_cancelling_what_is_not_there_does_nothing(jobs: Jobs, outbox: Mailbox) -> None:
    jobs.post(CancelJob(job="download-mnist"))
    assert jobs.idle
    assert not outbox.drain()


@posix
def test_a_child_that_ignores_the_request_is_killed(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None]
) -> None:
    work(Download, "ignore_the_request_to_end")
    jobs.post(Download(name="mnist"))
    until(lambda: any(p.fraction == 0.5 for p in outbox.drain() if isinstance(p, JobProgress)))
    jobs.post(CancelJob(job="download-mnist"))
    assert only(wait_for(outbox, JobDone), JobDone).outcome == "cancelled"
    until(lambda: not children())


def test_closing_is_quick_while_a_child_works_and_happens_once(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None], tmp_path: Path
) -> None:
    work(Download, "wait")
    jobs.post(Download(name="mnist"))
    jobs.post(Download(name="fashion-mnist"))
    until((tmp_path / "lasting").exists)
    outbox.drain()
    start = time.monotonic()
    assert jobs.close()
    assert time.monotonic() - start < 1.5
    assert not children()
    assert jobs.close()
    jobs.post(DescribeData(view="page", settings={"name": "digits"}))
    assert jobs.idle
    assert not [m for m in outbox.drain() if not isinstance(m, JobProgress)]


def test_closing_what_never_worked_takes_no_thread(outbox: Mailbox) -> None:
    jobs = Jobs(outbox)
    assert jobs.idle
    assert jobs.close()


# ── children that die ─────────────────────────────────────────────────────────────────────────

DEATHS = [
    ("crash", "its process crashed (Segmentation fault); try again."),
    ("be_killed", "its process was killed, perhaps for lack of memory; try again."),
    ("leave", "its process ended unexpectedly (exit code 3); try again."),
    ("stop", "its process gave no sign of life for 2 s; try again."),
    ("fail", "ZeroDivisionError: division by zero."),
    ("return_what_cannot_be_sent", "TypeError: asdict() should be called on dataclass instances."),
]


@posix
@pytest.mark.parametrize(("function", "reason"), DEATHS)
def test_a_child_that_dies_is_a_sentence_and_the_next_one_answers(
    jobs: Jobs,
    outbox: Mailbox,
    work: Callable[[type, str], None],
    function: str,
    reason: str,
) -> None:
    work(Download, function)
    jobs.post(Download(name="mnist"))
    messages = wait_for(outbox, Failed)
    failed, done = only(messages, Failed), only(messages, JobDone)
    assert failed.where == "data"
    assert failed.summary == done.sentence == f"Downloading MNIST failed: {reason}"
    assert done.outcome == "failed"
    assert ("Traceback" in failed.details) == (function in ("fail", "return_what_cannot_be_sent"))
    jobs.post(DescribeData(view="page", settings={"name": "wine"}))
    assert only(wait_for(outbox, DataDescribed), DataDescribed).available


@posix
def test_a_view_gets_its_description_also_when_the_child_dies(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None]
) -> None:
    work(DescribeData, "crash")
    jobs.post(DescribeData(view="page", settings={"name": "digits"}))
    messages = wait_for(outbox, Failed)
    described = only(messages, DataDescribed)
    assert not described.available
    assert described.title == "Handwritten digits"
    assert described.sentence == only(messages, Failed).summary


def test_lack_of_memory_is_said_plainly(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None]
) -> None:
    work(Download, "run_out_of_memory")
    jobs.post(Download(name="mnist"))
    failed = only(wait_for(outbox, Failed), Failed)
    assert failed.summary == "there is not enough memory; close other programs"


def test_a_process_that_cannot_be_started_is_a_sentence(
    jobs: Jobs, outbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(child: ChildProcess) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(ChildProcess, "start", refuse)
    jobs.post(Download(name="mnist"))
    failed = only(wait_for(outbox, Failed), Failed)
    assert "Resource temporarily unavailable" in failed.summary


# ── the parent ────────────────────────────────────────────────────────────────────────────────

SCRIPT = """
import sys
from aeviz.compute.jobs import Jobs
from aeviz.mailbox import Mailbox
from aeviz.messages import DescribeData
print("main")
outbox = Mailbox()
jobs = Jobs(outbox)
jobs.post(DescribeData(view="", settings={"name": "wine"}))
print(outbox.drain(block=True, timeout=30)[0].title)
jobs.close()
"""


@pytest.mark.parametrize("way", ["file", "command", "input"])
def test_the_main_module_is_never_run_again(way: str, tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(SCRIPT)
    arguments = {"file": [str(script)], "command": ["-c", SCRIPT], "input": ["-"]}[way]
    done = subprocess.run(
        [sys.executable, *arguments],
        input=SCRIPT if way == "input" else None,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["main", "Wine"], done.stderr
    assert not done.stderr


ORPHANED = """
import sys, time
from pathlib import Path
from aeviz.compute import jobs as module
from aeviz.mailbox import Mailbox
from aeviz.messages import Download
module.WORK[Download] = "tests.compute.misbehaving:wait"
module.Jobs(Mailbox(), sys.argv[1]).post(Download(name="mnist"))
time.sleep(60)
"""


def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", ORPHANED, str(tmp_path)], cwd=ROOT)
    lasting = tmp_path / "lasting"
    try:
        until(lambda: lasting.exists() and lasting.read_text() != "", seconds=30)
        child = psutil.Process(int(lasting.read_text()))
    finally:
        parent.kill()
        parent.wait()
    child.wait(timeout=10)
    assert not lasting.exists()


def test_a_map_is_fitted_to_the_latents_of_a_run(
    jobs: Jobs, outbox: Mailbox, tmp_path: Path
) -> None:
    plane = Plane("tsne", epoch=2)
    run = write_run(tmp_path / "run", images(30))
    jobs.post(FitPlane(run="r", path=str(run), plane=plane))
    *before, done = wait_for(outbox, JobDone)
    fitted = next(message for message in before if isinstance(message, PlaneFitted))
    assert done.outcome == "done"
    assert (fitted.run, fitted.plane) == ("r", plane)
    assert fitted.inverse.positions.shape == (30, 2)
    assert fitted.inverse.latents.shape == (30, 2)


def test_a_fit_is_cancelled_and_what_cannot_be_fitted_is_one_sentence(
    jobs: Jobs, outbox: Mailbox, work: Callable[[type, str], None], tmp_path: Path
) -> None:
    jobs.post(FitPlane(run="r", path=str(tmp_path), plane=Plane("tsne", epoch=2)))
    failed = wait_for(outbox, Failed)[-1]
    assert str(tmp_path) in failed.summary
    work(FitPlane, "ignore_the_request_to_end")
    jobs.post(FitPlane(run="r", path=str(tmp_path), plane=Plane("tsne", epoch=2)))
    wait_for(outbox, JobProgress)
    jobs.post(CancelJob(job="fit-plane"))
    assert wait_for(outbox, JobDone)[-1].outcome == "cancelled"
