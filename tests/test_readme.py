"""What the README shows works."""

import importlib.util
import re
from pathlib import Path

import torch

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


def test_the_continuous_integration_runs_the_test_command() -> None:
    command = next(line for line in blocks("sh")[1].splitlines())
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for part in command.split(" && "):
        assert part.replace("pip install", "pip install --quiet") in steps or part in steps


def test_the_verbs_of_the_readme_are_offered() -> None:
    from aeviz.cli.verbs import VERBS

    named = re.findall(r"^(?:\.venv/bin/)?aeviz (\w+)", "\n".join(blocks("sh")), re.MULTILINE)
    assert set(named) - {"runs"} <= set(VERBS)
