"""Notes of a run: written whole, read back, and nothing else in the folder is touched."""

from pathlib import Path

import pytest

from aeviz.runs.atomic import json_bytes
from aeviz.runs.notes import NOTES, read_notes, write_notes
from aeviz.runs.reading import RunError

GROUPS = {"groups": [{"name": "a", "samples": [3, 5]}], "attributes": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run.json").write_text("{}")
    return tmp_path


def test_notes_come_back_and_no_other_file_is_touched(folder: Path) -> None:
    write_notes(folder, GROUPS)
    assert read_notes(folder) == GROUPS
    assert sorted(path.name for path in folder.iterdir()) == ["notes.json", "run.json"]


def test_without_notes_nothing_is_named(folder: Path) -> None:
    assert read_notes(folder) == {}


@pytest.mark.parametrize("content", [b"{", b"[1]", b'{"format": "x"}', b'{"format": 9}'])
def test_what_is_no_note_names_nothing(folder: Path, content: bytes, expect_log: list[str]) -> None:
    expect_log += ["not valid JSON"] if content == b"{" else []
    (folder / NOTES).write_bytes(content)
    assert read_notes(folder) == {}


def test_entries_of_a_stranger_without_a_name_are_left_out(folder: Path) -> None:
    notes = {"format": 1, "groups": [3, {"samples": [1]}, {"name": "b"}], "attributes": "x"}
    (folder / NOTES).write_bytes(json_bytes(notes))
    assert read_notes(folder) == {"groups": [{"name": "b"}], "attributes": []}


def test_damaged_notes_name_nothing(folder: Path, expect_log: list[str]) -> None:
    expect_log += ["is damaged"]
    write_notes(folder, GROUPS)
    content = (folder / NOTES).read_bytes()
    (folder / NOTES).write_bytes(content.replace(b"[3,5]", b"[3,7]").replace(b"[3, 5]", b"[3, 7]"))
    assert read_notes(folder) == {}


def test_newer_notes_are_left_as_they_are(folder: Path) -> None:
    (folder / NOTES).write_bytes(b'{"format": 3}')
    with pytest.raises(RunError, match="newer"):
        write_notes(folder, GROUPS)
    assert (folder / NOTES).read_bytes() == b'{"format": 3}'


def test_only_a_run_folder_gets_notes(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        write_notes(tmp_path, GROUPS)
