"""What the user trusts: by path and content, in a private file; nothing where that is damaged."""

import os
import stat
from pathlib import Path

import pytest

from aeviz import paths, trust_store
from aeviz.trust_store import STORE, distrust, fingerprint, is_trusted, trust, trusted


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "settings" / "aeviz"
    monkeypatch.setattr(paths, "config", lambda: folder)
    monkeypatch.setattr(trust_store, "_complained", set())
    return folder / STORE


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text("x = 1\n")
    return path


def test_nothing_is_trusted_before_somebody_says_so(plugin: Path) -> None:
    assert not is_trusted(plugin)
    assert not trusted()


def test_a_trusted_file_is_known_again_however_it_is_reached(
    plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(plugin)
    monkeypatch.chdir(plugin.parent)
    link = plugin.parent / "link.py"
    link.symlink_to(plugin)
    assert is_trusted(plugin)
    assert is_trusted("mine.py")
    assert is_trusted(link)


def test_a_changed_file_is_not_trusted_any_more(plugin: Path) -> None:
    trust(plugin)
    plugin.write_text("x = 2\n")
    assert not is_trusted(plugin)
    plugin.unlink()
    assert not is_trusted(plugin)


def test_the_same_content_elsewhere_is_not_trusted(plugin: Path) -> None:
    trust(plugin)
    copy = plugin.with_name("copy.py")
    copy.write_bytes(plugin.read_bytes())
    assert not is_trusted(copy)


def test_a_link_that_leads_elsewhere_now_is_not_trusted(plugin: Path) -> None:
    other = plugin.with_name("other.py")
    other.write_bytes(plugin.read_bytes())
    link = plugin.with_name("link.py")
    link.symlink_to(plugin)
    trust(link)
    link.unlink()
    link.symlink_to(other)
    assert not is_trusted(link)


def test_only_the_content_that_was_asked_about_is_trusted(plugin: Path) -> None:
    asked = fingerprint(plugin)
    plugin.write_text("exchanged while the question stood on the screen\n")
    trust(plugin, asked)
    assert not is_trusted(plugin)
    assert is_trusted(plugin, asked)


def test_a_file_that_is_distrusted_is_asked_about_again(plugin: Path) -> None:
    other = plugin.with_name("other.py")
    other.write_text("")
    trust(plugin)
    trust(other)
    distrust(plugin)
    distrust(plugin)
    assert not is_trusted(plugin)
    assert is_trusted(other)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps other rights than these")
def test_the_store_is_private_whatever_the_umask(plugin: Path, store: Path) -> None:
    before = os.umask(0)
    try:
        trust(plugin)
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 1, "files": {"/a": true}}', b'{"format": 2}'],
)
def test_a_damaged_store_trusts_nothing_and_is_said_once(
    content: bytes,
    plugin: Path,
    store: Path,
    expect_log: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    trust(plugin)
    store.write_bytes(content)
    expect_log += ["no file is trusted"]
    assert not is_trusted(plugin)
    assert not is_trusted(plugin)
    assert len(caplog.records) == 1
    assert str(store) in caplog.text
    trust(plugin)
    assert is_trusted(plugin)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps other rights than these")
def test_a_store_that_others_can_write_trusts_nothing(
    plugin: Path, store: Path, expect_log: list[str]
) -> None:
    trust(plugin)
    store.chmod(0o666)
    expect_log += ["can be written by other users"]
    assert not is_trusted(plugin)


def test_a_store_that_is_a_link_trusts_nothing(
    plugin: Path, store: Path, expect_log: list[str]
) -> None:
    trust(plugin)
    moved = store.with_name("moved.json")
    store.rename(moved)
    store.symlink_to(moved)
    expect_log += ["no file is trusted"]
    assert not is_trusted(plugin)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_is_never_waited_for(plugin: Path) -> None:
    pipe = plugin.with_name("pipe.py")
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="not a regular file"):
        fingerprint(pipe)
    assert not is_trusted(pipe)
