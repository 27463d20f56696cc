import dataclasses
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from aeviz.runs import lock as lock_module
from aeviz.runs.lock import RECORD_SIZE, Holder, Lock, holder_of, may_be_written
from aeviz.runs.process import Process, birth, is_dead, this_process
from aeviz.runs.reading import RunError
from aeviz.runs.schema import LOCK
from tests.runs.making import temporary_files


def dead_process(**changed: Any) -> Process:
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    child.wait()
    return dataclasses.replace(this_process(), pid=child.pid, birth="1", **changed)


def lay(root: Path, process: Process) -> None:
    (root / LOCK).write_bytes(Holder(process, "2026-11-01T12:00:00+01:00", "token").to_bytes())


# ── processes ─────────────────────────────────────────────────────────────────────────────────


def test_this_process_lives_and_an_ended_one_does_not() -> None:
    assert not is_dead(this_process())
    assert is_dead(dead_process())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_later_process_with_the_same_number_is_another() -> None:
    assert is_dead(dataclasses.replace(this_process(), birth="1"))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_process_that_ended_but_was_not_waited_for_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    assert birth(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert birth(child.pid) is None
    child.communicate()


def test_before_the_last_start_of_the_computer_everything_is_dead() -> None:
    assert is_dead(dataclasses.replace(this_process(), boot="an earlier one"))


@pytest.mark.parametrize("name", ["host", "machine", "namespace"])
def test_elsewhere_nothing_can_be_proven(name: str) -> None:
    assert not is_dead(dataclasses.replace(dead_process(), **{name: "elsewhere", "boot": "other"}))


# ── locks ─────────────────────────────────────────────────────────────────────────────────────


def test_a_lock_names_its_holder_and_goes_when_released(tmp_path: Path) -> None:
    lock = Lock.take(tmp_path)
    holder = holder_of(tmp_path)
    assert holder is not None
    assert holder.process == this_process()
    assert may_be_written(tmp_path)
    lock.release()
    lock.release()
    assert os.listdir(tmp_path) == []
    assert not may_be_written(tmp_path)


def test_a_second_writer_is_refused_by_host_and_process(tmp_path: Path) -> None:
    lock = Lock.take(tmp_path)
    with pytest.raises(RunError) as caught:
        Lock.take(tmp_path)
    assert str(caught.value).startswith(
        f"{tmp_path} is being written by process {os.getpid()} on {this_process().host}, since "
    )
    assert not temporary_files(tmp_path)
    lock.release()
    Lock.take(tmp_path).release()


def test_a_dead_holders_lock_is_taken_over(tmp_path: Path) -> None:
    lay(tmp_path, dead_process())
    assert not may_be_written(tmp_path)
    lock = Lock.take(tmp_path)
    holder = holder_of(tmp_path)
    assert holder is not None
    assert holder.process == this_process()
    assert (tmp_path / LOCK).stat().st_size == RECORD_SIZE
    lock.release()
    assert os.listdir(tmp_path) == []


def test_another_computers_lock_is_not_taken_over(tmp_path: Path) -> None:
    lay(tmp_path, dead_process(host="cluster7"))
    assert may_be_written(tmp_path)
    with pytest.raises(RunError, match=rf"process \d+ on cluster7.* delete {tmp_path / LOCK}"):
        Lock.take(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"no json",
        b'{"host":"a","machine":"","boot":"","namespace":"","pid":0,"birth":"","since":"","token":""}',
        b'{"host":"a","machine":"","boot":"","namespace":"","pid":"1","birth":"","since":"","token":""}',
        bytes(10 * RECORD_SIZE),
    ],
)
def test_a_lock_that_cannot_be_read_is_refused_with_what_to_do(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / LOCK).write_bytes(content)
    with pytest.raises(RunError, match="delete it if no aeviz writes this run any more"):
        Lock.take(tmp_path)
    assert may_be_written(tmp_path)
    assert (tmp_path / LOCK).read_bytes() == content


def test_a_lock_that_somebody_else_took_is_left_alone(tmp_path: Path) -> None:
    lock = Lock.take(tmp_path)
    (tmp_path / LOCK).unlink()
    other = Lock.take(tmp_path)
    lock.release()
    assert (tmp_path / LOCK).exists()
    other.release()


def test_without_hard_links_a_lock_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    lock = Lock.take(tmp_path)
    with pytest.raises(RunError, match="is being written by"):
        Lock.take(tmp_path)
    lock.release()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_lock_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    run = tmp_path / "run"
    run.mkdir()
    (run / LOCK).symlink_to(victim)
    with pytest.raises((RunError, OSError), match="lock"):
        Lock.take(run)
    assert victim.read_bytes() == b"precious"


def test_of_many_that_take_a_dead_holders_lock_one_gets_it(tmp_path: Path) -> None:
    for turn in range(10):
        root = tmp_path / str(turn)
        root.mkdir()
        lay(root, dead_process() if turn < 5 else dataclasses.replace(this_process(), birth="1"))
        taken = take_at_once(root, 8)
        assert len(taken) == 1
        taken[0].release()


def take_at_once(root: Path, count: int) -> list[Lock]:
    barrier, taken = threading.Barrier(count), []

    def take() -> None:
        barrier.wait()
        try:
            taken.append(Lock.take(root))
        except RunError:
            return

    threads = [threading.Thread(target=take) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def test_a_lock_that_vanishes_between_two_looks_is_tried_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, tried = lock_module._create_at_once, []

    def create_later(path: Path, record: bytes) -> bool:
        tried.append(path)
        return len(tried) > 2 and create(path, record)

    monkeypatch.setattr(lock_module, "_create_at_once", create_later)
    Lock.take(tmp_path).release()
    assert len(tried) == 3
