"""What a person sees of a file before it is read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz.data.previewing import preview
from aeviz.data.reader import Sink
from aeviz.data.tables.looking import look

TEXT = "sample;Länge;Höhe;site;Sorte\nS1;1,5;7;A;x\nS2;2,5;7;B;y\nS3;3,25;7;A;y\nS4;1,5;7;A;x\n"


def quiet(share: float, phrase: str) -> None:
    """Reports to nobody."""


@pytest.fixture
def seen(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Looks at a text: the work of the child process, done here."""

    def looked(text: str, **options: Any) -> dict[str, Any]:
        (tmp_path / "own.csv").write_text(text, encoding="utf-8")
        return look(tmp_path / "own.csv", options, Sink(tmp_path, 2**20))

    return looked


def test_a_table_is_looked_at_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(TEXT, encoding="utf-8")
    found = preview(str(tmp_path / "own.csv"), {}, quiet)
    assert found["format"] == "table (CSV, TSV)"
    assert found["entry"]["title"] == "own"
    assert {option["name"] for option in found["entry"]["options"]} >= {"delimiter", "scaling"}
    assert found["found"] == {
        "delimiter": "semicolon",
        "decimal": "comma",
        "header": "yes",
        "encoding": "UTF-8",
        "orientation": "rows",
    }
    assert (found["samples"], found["features"], found["is_estimate"]) == (4, 2, False)
    assert found["roles"] == ["name", "feature", "feature", "colour", "label"]
    assert found["rows"][0] == ["S1", "1,5", "7", "A", "x"]
    assert found["sentence"] == ""


def test_what_is_odd_is_counted(seen: Callable[..., dict[str, Any]]) -> None:
    remarks = seen(TEXT)["remarks"]
    assert "1 feature does not change" in remarks
    assert "1 sample equals an earlier one" in remarks


def test_missing_values_have_to_be_decided_about(seen: Callable[..., dict[str, Any]]) -> None:
    text = TEXT.replace("2,5", "?")
    found = seen(text)
    assert "1 value is missing or not finite, in 1 sample of 4" in found["sentence"]
    assert found["columns"][1]["missing"] == 1
    assert seen(text, missing="drop")["sentence"] == ""


def test_what_is_undecided_is_said_beside_the_columns(seen: Callable[..., dict[str, Any]]) -> None:
    found = seen("label,class,u\na,x,1\nb,x,2\nb,y,4\n")
    assert "'label', 'class' may each be the labels" in found["sentence"]
    assert [column["kind"] for column in found["columns"]] == ["text", "text", "number"]
    assert found["roles"] == ["colour", "colour", "feature"]
    assert seen("label,class,u\na,x,1\nb,x,2\nb,y,4\n", label="class")["sentence"] == ""


def test_lines_that_are_no_table_are_shown_as_they_are(seen: Callable[..., dict[str, Any]]) -> None:
    found = seen("a,b\n1,2\n3,4,5\n")
    assert "line 3 has 3 values" in found["sentence"]
    assert found["rows"] == [["a,b"], ["1,2"], ["3,4,5"]]


def test_of_a_long_file_only_the_beginning_is_seen(seen: Callable[..., dict[str, Any]]) -> None:
    found = seen("u,v,w\n" + "".join(f"{row},{row % 7},1.5\n" for row in range(20_000)))
    assert found["is_estimate"]
    assert 18_000 < found["samples"] < 22_000
    assert len(found["rows"]) == 20


def test_other_formats_and_files_that_are_no_data_are_told_too(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", x=np.zeros((3, 2), np.float32))
    found = preview(str(tmp_path / "own.npz"), {}, quiet)
    assert found["format"].startswith("NumPy")
    assert found["entry"]["data"] == ("table",)
    (tmp_path / "page").write_text("<!DOCTYPE html>")
    assert "is a web page" in preview(str(tmp_path / "page"), {}, quiet)["sentence"]
    assert "no such file" in preview(str(tmp_path / "gone.csv"), {}, quiet)["sentence"]
