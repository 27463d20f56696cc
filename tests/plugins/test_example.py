"""The example of the help is the tested one, and the README's model works as a plug-in."""

import re
import tomllib
from pathlib import Path

from aeviz import paths
from aeviz.compute import plugins
from tests.cli.conftest import Command, command
from tests.plugins.conftest import EXAMPLE, MODEL

__all__ = ["command"]

PAGE = (paths.resources() / "help" / "plugins.md").read_text(encoding="utf-8")


def block(text: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_model_of_the_help_is_that_of_the_example() -> None:
    assert block(PAGE, "python") == MODEL.read_text(encoding="utf-8")


def test_the_entry_points_of_the_help_are_those_of_the_example() -> None:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    shown = tomllib.loads(block(PAGE, "toml"))["project"]
    assert shown["entry-points"] == project["entry-points"]


def test_the_model_of_the_readme_works_as_a_plugin(command: Command, tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    file = tmp_path / "tied.py"
    file.write_text(block(readme[readme.index("## A model in one file") :], "python"))
    words = ("--model", "tied", "--epochs", "1", "--out", tmp_path / "run")
    outcome = command("train", "--plugin", file, *words)
    assert outcome.code == 0, outcome.err
    assert plugins.bringer("models", "tied") is not None
