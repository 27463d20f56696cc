"""Scripts as text: whatever a name is, it is a string; the formatter changes nothing."""

import ast
import subprocess
import sys
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeviz.plane import Direction, Plane, principal, two_dimensions
from aeviz.script import Call, Name, Origin, Recipe, assigned, in_line, laid, quoted, text

ROOT = Path(__file__).resolve().parent.parent

ODD = [
    "it's",
    'a "b"',
    "a\nb\r\n#c",
    "'\"",
    "\\'",
    "\\",
    "ünd 漢字 ✓",
    "\u202e\u2028\x0c\x00",
    "\udcff",
    "'''\"\"\"",
    '"); import os #',
    "{x} %s",
]


@given(st.text())
def test_any_words_are_one_string_in_one_line(words: str) -> None:
    code = quoted(words)
    assert ast.literal_eval(code) == words
    assert len(code.splitlines()) == 1


@given(st.text(), st.text(min_size=1))
def test_names_of_runs_never_become_code(title: str, path: str) -> None:
    recipe = Recipe("grid", ["picture = run.picture([])"])
    source = text(recipe, Origin(title, path, 3, "0.1.0"))
    statements = ast.parse(source).body
    assert [type(each).__name__ for each in statements] == [
        *("Import", "ImportFrom"),
        *("Assign", "Assign", "Assign", "Expr", "Expr"),
    ]
    assert ast.unparse(statements[2]) == f"run = aeviz.load({path!r})"
    assert all(line.startswith("# ") for line in source.split("\n")[:2])


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_numbers_come_back_exactly(number: float) -> None:
    single = np.float32(number)
    assert np.float32(ast.literal_eval(in_line(single))) == single
    assert ast.literal_eval(in_line(number)) == number


def test_many_numbers_are_a_text_that_reads_the_same() -> None:
    table = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    tree = ast.parse(laid(table), mode="eval")
    words = max((str(n.value) for n in ast.walk(tree) if isinstance(n, ast.Constant)), key=len)
    read = np.fromstring(words, np.float32, sep=" ").reshape(-1, 3)
    np.testing.assert_array_equal(read, table)
    assert ".reshape(-1, 3)" in laid(table)
    assert in_line(np.arange(3)) == "(0, 1, 2)"


@pytest.mark.parametrize(
    ("plane", "code"),
    [
        (two_dimensions(1, 3), "two_dimensions(1, 3)"),
        (two_dimensions(0, 2, base=7, epoch=4), "two_dimensions(0, 2, base=7, epoch=4)"),
        (Plane("lda"), 'Plane("lda")'),
        (Plane("tsne", epoch=5), 'Plane("tsne", epoch=5)'),
    ],
)
def test_planes_are_made_the_short_way(plane: Plane, code: str) -> None:
    assert in_line(plane) == code


def test_the_formatter_changes_nothing(tmp_path: Path) -> None:
    directions = (principal(0), Direction("pin", (3,), "it's", (0.25,) * 12))
    lines = [
        assigned("names", ODD),
        assigned("plane", Plane("axes", directions, (0.1,) * 5, 3)),
        assigned("table", np.linspace(0, 1, 99)),
        assigned("few", np.linspace(0, 1, 12, dtype=np.float32).reshape(6, 2)),
        assigned("one", (1,)),
        assigned("none", ()),
        assigned("picture", Call("run.map_picture", [3], {"pin": (1 / 3,) * 6, "plane": None})),
        f"for method in {in_line(['slerp', 'spline'])}:",
        f"    path = {laid(Call('run.along', [Name('x' * 60)], {'method': 'spline'}), 4, 7)}",
    ]
    for number, name in enumerate(ODD):
        origin = Origin(name, f"/home/me/{name}", 3, "0.1.0")
        source = text(Recipe("map", lines, ["A note."]), origin, PurePosixPath("/home/me/s.py"))
        (tmp_path / f"{number}.py").write_text(source, encoding="utf-8")
    command = ["ruff", "format", "--check", "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [sys.executable, "-m", *command, "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_run_beside_the_script_is_found_from_there() -> None:
    recipe = Recipe("map", ["picture = 1"])
    origin = Origin("a run", "/home/me/work/runs/first", 3, "0.1.0")
    beside = text(recipe, origin, PurePosixPath("/home/me/work/script.py"))
    assert 'aeviz.load(Path(__file__).parent / "runs/first")' in beside
    assert 'target = Path(__file__).with_suffix(".png")' in beside
    away = text(recipe, origin, PurePosixPath("/home/me/other/script.py"))
    assert 'aeviz.load("/home/me/work/runs/first")' in away
    pasted = text(recipe, origin)
    assert "Path" not in pasted
    assert 'target = "map.png"' in pasted
