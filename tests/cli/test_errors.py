"""What a person can mend ends with code 2 and a short sentence that names the wrong word."""

from pathlib import Path

import pytest

from aeviz.cli.errors import code_of, text_of
from aeviz.data.dataset import DataMissing
from aeviz.runs.atomic import SaveError
from aeviz.runs.run import RunError
from tests.cli.conftest import Command

WRONG = [
    (["trian", "--epochs", "3"], "trian"),
    (["--bogus"], "--bogus"),
    (["train", "--latent", "two"], "two"),
    (["train", "--latent", "0"], "latent_dim"),
    (["train", "--model", "vea"], "vea"),
    (["train", "--data", "digit"], "digit"),
    (["train", "--device", "tpu"], "tpu"),
    (["train", "--set", "beta=4"], "beta=4"),
    (["train", "--set", "model.gamma=4"], "model.gamma"),
    (["train", "--set", "model.beta=four"], "four"),
    (["train", "--preset", "nothing"], "nothing"),
    (["train", "--config", "no.toml"], "no.toml"),
    (["train", "--resume", "nowhere"], "nowhere"),
    (["train", "--resume", "nowhere", "--lr", "3"], "--lr"),
    (["train", "--resume", "nowhere", "--seed", "0"], "--seed"),
    (["decode", "nowhere", "--at", "0,0", "-o", "x.png"], "nowhere"),
    (["decode", "nowhere", "--at", "0,0", "-o", "x.gif"], "x.gif"),
    (["decode", "nowhere", "--at", "0,0", "-o", "no/x.png"], "no/x.png"),
    (["decode", "nowhere", "--at", "0,0", "-o", "x.png", "--epoch", "first"], "first"),
    (["decode", "nowhere", "-o", "x.png"], "--at"),
    (["decode", "nowhere", "--at", "0,0"], "-o"),
    (["sweep", "nowhere", "-o", "x.png", "--region", "1,2"], "1,2"),
    (["sweep", "nowhere", "-o", "x.png", "--region", "2,1,0,1"], "2,1,0,1"),
    (["sweep", "nowhere", "-o", "x.png", "--grid", "1"], "--grid 1"),
    (["shot", "-o", "x.png", "--size", "big"], "big"),
    (["shot", "-o", "x.png", "--size", "1x1"], "1x1"),
    (["shot", "nowhere", "-o", "x.png"], "nowhere"),
    (["shot", "-o", "x.png", "--theme", "blue"], "blue"),
    (["list", "modls"], "modls"),
    (["list"], "WHAT"),
]


@pytest.mark.parametrize(("arguments", "word"), WRONG, ids=lambda part: " ".join(part)[:40])
def test_a_wrong_word_is_named(
    arguments: list[str],
    word: str,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = command(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert word in outcome.err
    assert len(outcome.err.splitlines()) <= 3
    assert "Error" not in outcome.err
    assert not list(tmp_path.iterdir())


def test_errors_have_their_codes() -> None:
    assert code_of(RunError("no run.json")) == 2
    assert code_of(DataMissing("put the files there")) == 2
    assert "--set data.download=true" in text_of(DataMissing("put the files there"))
    assert code_of(SaveError("the disk is full")) == 1
    assert code_of(TypeError("a bug")) is None


def test_help_and_version_end_with_zero(command: Command) -> None:
    assert "sweep" in command("--help").out
    assert "--resume" in command("train", "--help").out
    assert command("--version").out.strip()


def test_a_bug_is_a_sentence_with_its_details_in_a_file(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise TypeError("half of it")

    monkeypatch.setattr("aeviz.catalogue.load", broken)
    outcome = command("list", "models")
    assert outcome.code == 1
    sentence, details = outcome.err.splitlines()
    assert "half of it" in sentence
    assert "Traceback" in Path(details.removeprefix("details: ")).read_text(encoding="utf-8")
