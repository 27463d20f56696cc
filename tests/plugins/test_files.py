"""A file as a plug-in: it registers, or one sentence says file, line and reason."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aeviz.analysis.questions import QUESTIONS
from aeviz.compute import plugins
from aeviz.compute.plugin_file import PluginError
from aeviz.data.dataset import DATASETS
from aeviz.models.base import MODELS
from tests.plugins.conftest import DATA, EXAMPLE

HEAD = "from aeviz.analysis.questions import Findings, register_question\n"
QUESTION = """
@register_question("{name}")
def ask(subject, arguments):
    return Findings({{}}, {{"version": {version}}})
"""

Write = Callable[..., Path]


def test_a_model_of_a_file_is_registered_and_known_by_its_file(own_model: Path) -> None:
    found = plugins.load_file(own_model)
    assert found.brings == {"models": ("tied-linear",)}
    assert found.says == "model tied-linear"
    assert "tied-linear" in MODELS
    assert plugins.bringer("models", "tied-linear") == found
    assert plugins.bringer("models", "vae") is None


def test_data_sets_and_questions_are_registered_too() -> None:
    plugins.load_file(DATA)
    plugins.load_file(EXAMPLE / "aeviz_example" / "question.py")
    assert "spiral" in DATASETS
    assert "example.spread" in QUESTIONS


def test_a_plugin_that_is_loaded_twice_does_nothing_the_second_time(own_model: Path) -> None:
    assert plugins.load_file(own_model) is plugins.load_file(own_model)


def test_a_changed_file_replaces_its_own_names(write: Write) -> None:
    plugins.load_file(write(HEAD + QUESTION.format(name="mine", version=1)))
    old = QUESTIONS["mine"]
    text = HEAD + QUESTION.format(name="mine", version=2) + QUESTION.format(name="two", version=2)
    found = plugins.load_file(write(text))
    assert found.brings == {"questions": ("mine", "two")}
    assert QUESTIONS["mine"] is not old
    assert len(plugins.loaded()) == 1


def test_a_changed_file_that_is_broken_leaves_the_old_names(write: Write) -> None:
    text = HEAD + QUESTION.format(name="mine", version=1)
    plugins.load_file(write(text))
    old = QUESTIONS["mine"]
    with pytest.raises(PluginError, match=r"mine\.py, line \d+: ZeroDivisionError"):
        plugins.load_file(write(text + "\n1 / 0\n"))
    assert QUESTIONS["mine"] is old


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1\n\ndef f(:\n", "line 3: invalid syntax"),
        ("\nimport nowhere_at_all\n", "line 2: ModuleNotFoundError: No module named"),
        ("import sys\nsys.exit(3)\n", "line 2: it ends the program while it is being loaded"),
        ("x = 1\n", "registers nothing: it needs register_model"),
        ("x = '\ud800'\n".encode("utf-8", "surrogatepass"), "mine.py"),
        (b"x = 1\0\n", "mine.py"),
        (HEAD + QUESTION.format(name="describe", version=1), "line 3: a question named 'describe'"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence_with_its_line(
    text: str | bytes, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.py"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    before = dict(QUESTIONS)
    with pytest.raises(PluginError) as caught:
        plugins.load_file(path)
    assert str(caught.value).startswith(str(path))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert before == QUESTIONS
    assert not plugins.loaded()


def test_a_taken_name_takes_back_what_came_before_it(write: Write) -> None:
    text = HEAD + QUESTION.format(name="mine", version=1)
    with pytest.raises(PluginError, match="is registered already"):
        plugins.load_file(write(text + QUESTION.format(name="describe", version=1)))
    assert "mine" not in QUESTIONS


@pytest.mark.parametrize("name", ["missing.py", "notes.txt", "folder.py"])
def test_what_is_no_python_file_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(PluginError, match=name):
        plugins.load_file(tmp_path / name)


def test_a_file_that_changed_since_it_was_allowed_is_not_run(write: Write, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path = write(f"open({str(mark)!r}, 'w').close()\n")
    with pytest.raises(PluginError, match="has changed since it was allowed"):
        plugins.load_file(path, "0" * 64)
    assert not mark.exists()


def test_nothing_is_written_beside_a_plugin_and_no_compiled_copy_is_read(own_model: Path) -> None:
    cached = own_model.parent / "__pycache__"
    plugins.load_file(own_model)
    assert not cached.exists()


def test_the_folder_of_a_plugin_is_not_searched_for_more_modules(write: Write) -> None:
    write("x = 1\n", "helper_beside.py")
    with pytest.raises(PluginError, match="No module named 'helper_beside'"):
        plugins.load_file(write("import helper_beside\n"))


def test_annotations_that_are_texts_are_found_in_the_file(own_model: Path) -> None:
    text = "from __future__ import annotations\n" + own_model.read_text(encoding="utf-8")
    own_model.write_text(text, encoding="utf-8")
    assert plugins.load_file(own_model).brings == {"models": ("tied-linear",)}
