"""The run of a session: found again, known again, or missed in one sentence."""

import shutil
from pathlib import Path

import pytest

from aeviz import paths
from aeviz.runs.writer import RunWriter
from aeviz.sessions.link import Found, find, link_to
from tests.runs.making import make_run, weights_of, write_epoch


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "here" / "runs" / "first", 3)


def test_a_folder_that_moves_with_its_session_is_found(run: Path, tmp_path: Path) -> None:
    session = tmp_path / "here" / "a.aeviz"
    link = link_to(run, session, 1)
    assert (link.kind, link.path) == ("relative", "runs/first")
    (tmp_path / "here").rename(tmp_path / "there")
    moved = find(link, tmp_path / "there" / "a.aeviz")
    assert moved == Found(str(tmp_path / "there" / "runs" / "first"), 2, True)


def test_a_run_beside_the_session_is_found_where_the_link_leads_nowhere(
    run: Path, tmp_path: Path
) -> None:
    link = link_to(run, tmp_path / "a.aeviz", 1)
    other = tmp_path / "elsewhere"
    other.mkdir()
    run.rename(other / "first")
    assert find(link, other / "a.aeviz").path == str(other / "first")


def test_the_demo_is_found_wherever_the_program_lies(tmp_path: Path) -> None:
    link = link_to(paths.demo(), tmp_path / "a.aeviz", 0)
    assert (link.kind, link.path) == ("demo", "")
    assert find(link, tmp_path / "a.aeviz").is_same


def test_where_nothing_is_shared_the_link_is_absolute(run: Path) -> None:
    link = link_to(run, Path("/dev/null/a.aeviz"), 0)
    assert (link.kind, link.path) == ("absolute", str(run))


def test_a_run_that_is_gone_is_named(run: Path, tmp_path: Path) -> None:
    session = tmp_path / "here" / "a.aeviz"
    link = link_to(run, session, 1)
    shutil.rmtree(run)
    missing = find(link, session)
    assert missing.path == ""
    assert missing.notice.startswith(f"a.aeviz: its run {run} is gone")


def test_another_run_in_its_place_is_told(run: Path, tmp_path: Path) -> None:
    session = tmp_path / "here" / "a.aeviz"
    link = link_to(run, session, 1)
    shutil.rmtree(run)
    make_run(run, 2)
    info = (run / "run.json").read_text()
    (run / "manifest.json").unlink()
    (run / "run.json").write_text(info.replace('"seed": 0', '"seed": 1'))
    other = find(link, session)
    assert (other.path, other.is_same, other.last_epoch) == (str(run), False, 1)
    assert "another one" in other.notice


def test_training_on_does_not_make_it_another_run(run: Path, tmp_path: Path) -> None:
    session = tmp_path / "here" / "a.aeviz"
    link = link_to(run, session, 1)
    with RunWriter.reopen(run) as writer:
        write_epoch(writer, 3)
        writer.set_status("stopped")
    assert find(link, session) == Found(str(run), 3, True)


def test_an_epoch_that_was_trained_anew_is_told(run: Path, tmp_path: Path) -> None:
    session = tmp_path / "here" / "a.aeviz"
    link = link_to(run, session, 2)
    with RunWriter.reopen(run) as writer:
        write_epoch(writer, 2, weights=weights_of(9))
    assert "epoch 2" in find(link, session).notice
    assert find(link_to(run, session, 2), session).notice == ""


def test_an_epoch_that_is_gone_is_told(run: Path, tmp_path: Path) -> None:
    session = tmp_path / "here" / "a.aeviz"
    link = link_to(run, session, 2)
    with RunWriter.reopen(run) as writer:
        writer.go_back(1)
    gone = find(link, session)
    assert gone.last_epoch == 1
    assert "epoch 2" in gone.notice
