"""What the README shows works."""

import importlib.util
import re
import types
from pathlib import Path
from typing import Any

import pytest
import torch

import aeviz
from aeviz.models.base import MODELS, Batch, DataSpec, Step

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_model_in_one_file_is_a_model(tmp_path: Path) -> None:
    source = next(block for block in blocks("python") if "@register_model" in block)
    file = tmp_path / "tied.py"
    file.write_text(source, encoding="utf-8")
    found = importlib.util.spec_from_file_location("tied", file)
    assert found is not None
    assert found.loader is not None
    found.loader.exec_module(importlib.util.module_from_spec(found))
    try:
        model = MODELS["tied"].build(DataSpec(shape=(1, 8, 8), samples=16), {"latent_dim": 3})
    finally:
        del MODELS["tied"]
    x = torch.rand(16, 1, 8, 8)
    losses = model.loss(Batch(x, None, torch.arange(16)), Step(1, 1, 1, 16, None))
    losses.total.backward()
    assert model.encode(x).shape == (16, 3)
    assert model.decode(torch.zeros(2, 3)).shape == (2, 1, 8, 8)
    assert [term.name for term in model.terms] == list(losses.parts)


def test_a_person_s_own_model_opens_in_the_window(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = next(block for block in blocks("python") if "aeviz.explore(encoder" in block)
    assert len(source.strip().splitlines()) <= 22
    opened: list[str] = []
    monkeypatch.setattr("aeviz.app.explore", opened.append)
    scope: dict[str, Any] = {}
    code = compile(source.replace("range(300)", "range(3)"), "README.md", "exec")
    types.FunctionType(code, scope)()
    run = aeviz.load(opened[0])
    assert run.latents().shape == (1797, 2)
    assert run.decode(run.latents()[:2]).shape == (2, 8, 8, 1)
    assert run.class_names == tuple("0123456789")


def test_the_continuous_integration_runs_the_test_command() -> None:
    command = next(line for line in blocks("sh")[1].splitlines())
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for part in command.split(" && "):
        assert part.replace("pip install", "pip install --quiet") in steps or part in steps


def test_the_verbs_of_the_readme_are_offered() -> None:
    from aeviz.cli.verbs import VERBS

    named = re.findall(
        r"^(?:\.venv/bin/)?aeviz (\w+)(?=\s|$)", "\n".join(blocks("sh")), re.MULTILINE
    )
    assert set(named) - {"runs"} <= set(VERBS)
