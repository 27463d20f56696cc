import json
import os
import sys
import time
from pathlib import Path

import pytest

from aeviz.runs.reading import (
    FILE_LIMIT,
    JSON_DEPTH,
    RunError,
    open_inside,
    parse_json,
    read_bytes,
)

NEEDS_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not"),
        ('{"a": 1e999}', "out of range"),
        ('{"a": 1, "b": 2, "a": 3}', "'a' stands twice"),
        ('{"a": [{"b": 1, "b": 1}]}', "'b' stands twice"),
        ("", "not valid JSON"),
        ('{"a": 1', "not valid JSON"),
        ('{"a": ' + "9" * 5000 + "}", "not valid JSON"),
        ("[" * 100_000, "nested deeper"),
        ("[" * 100_000 + "]" * 100_000, "nested deeper"),
        ("[" * (JSON_DEPTH + 2) + "]" * (JSON_DEPTH + 2), "nested deeper"),
    ],
)
def test_what_is_not_strictly_json_is_refused(text: str, said: str) -> None:
    with pytest.raises(RunError, match=said) as caught:
        parse_json(text.encode(), "RUN/run.json")
    assert "RUN/run.json" in str(caught.value)


def test_what_is_not_utf_8_is_refused() -> None:
    with pytest.raises(RunError, match="utf-8"):
        parse_json('{"title": "Schön"}'.encode("latin-1"), "run.json")


def test_brackets_within_a_text_are_no_levels() -> None:
    assert parse_json(json.dumps(["[" * 1000]).encode(), "file") == ["[" * 1000]


@NEEDS_LINKS
@pytest.mark.parametrize("target", ["/dev/zero", "/etc/hostname", "nowhere", "link"])
def test_a_symbolic_link_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(RunError, match="symbolic link"):
        read_bytes(tmp_path, "link")


@NEEDS_LINKS
def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    outside, run = tmp_path / "outside", tmp_path / "run"
    outside.mkdir()
    run.mkdir()
    (outside / "file").write_bytes(b"secret")
    (run / "latents").symlink_to(outside)
    with pytest.raises(RunError, match="symbolic link"):
        read_bytes(run, "latents/file")


@NEEDS_LINKS
def test_a_link_that_appears_after_the_look_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    monkeypatch.setattr("aeviz.runs.reading._refuse_detours", lambda root, name: None)
    with pytest.raises(RunError, match="cannot be read"):
        open_inside(tmp_path, "link")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")
def test_a_fifo_is_refused_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(RunError, match="not a regular file"):
        read_bytes(tmp_path, "fifo")
    monkeypatch.setattr("aeviz.runs.reading._refuse_detours", lambda root, name: None)
    with pytest.raises(RunError, match="not a regular file"):
        read_bytes(tmp_path, "fifo")


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(RunError, match="not a regular file"):
        read_bytes(tmp_path, "run.json")


def test_a_huge_file_is_refused_at_once(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        try:
            file.truncate(5 * FILE_LIMIT)
        except OSError:
            pytest.skip("no sparse files here")
    begin = time.monotonic()
    with pytest.raises(RunError, match="more than"):
        read_bytes(tmp_path, "file")
    assert time.monotonic() - begin < 1


def test_a_missing_file_is_the_callers_to_explain(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path, "latents/file")
