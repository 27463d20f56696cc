"""Questions by name, and the one that needs no run."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from aeviz.analysis.description import describe
from aeviz.analysis.questions import QUESTIONS, Findings, Subject, ask, register_question


def test_describe_says_layers_parameters_and_terms() -> None:
    settings = {"data": {"name": "digits"}, "model": {"name": "vae", "widths": [32]}}
    (findings,) = ask("describe", Subject(), settings)
    assert findings is not None
    values = findings.values
    assert values["layout"] == (64, 32, 2, 32, 64)
    assert values["parameters"] == (64 + 1) * 32 + 33 * 4 + 3 * 32 + 33 * 64
    assert [term["name"] for term in values["terms"]] == ["reconstruction", "kl"]
    assert values["formula"] == "−log p(x|z) + β · KL(q(z|x) ‖ p(z))"
    assert values["bounded"]


def test_the_description_follows_the_shape() -> None:
    linear = describe({"model": {"name": "linear", "latent_dim": 3}}, (28, 28, 1))
    assert linear["layout"] == (784, 3, 784)
    assert linear["parameters"] == 784 * 3 + 3 + 3 * 784 + 784
    assert linear["formula"] == "‖x − x̂‖²"
    table = describe({"model": {"name": "vae"}}, (13,))
    assert table["formula"].startswith("−log N(x; x̂, σ²)")
    assert not table["bounded"]


def test_a_model_that_tells_classes_apart_is_described_before_the_data_are_read() -> None:
    stacked = describe({"model": {"name": "stacked", "head": "frozen"}}, (8, 8, 1))
    assert [term["name"] for term in stacked["terms"]][-1] == "classification"


@pytest.mark.parametrize("name", ["sparse", "contractive", "two-decoder"])
def test_weights_are_written_as_letters(name: str) -> None:
    assert "+ λ · " in describe({"model": {"name": name}}, (8, 8, 1))["formula"]


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(ValueError, match=r"model\.beta=-1: it should be greater than or equal"):
        describe({"model": {"name": "vae", "beta": -1}}, (13,))


def test_questions_are_found_by_name() -> None:
    with pytest.raises(ValueError, match=r"there is no question 'colour'; there are: .*describe"):
        ask("colour", Subject(), {})


def test_a_name_is_given_once() -> None:
    @register_question("test-once")
    def once(subject: Subject, arguments: object) -> Findings:
        return Findings({"latents": np.zeros(1)}, {})

    try:
        with pytest.raises(ValueError, match="registered already"):
            register_question("test-once")(once)
        with pytest.raises(ValueError, match="needs an open run"):
            ask("test-once", Subject(), {})
    finally:
        del QUESTIONS["test-once"]


def test_a_long_question_is_answered_in_slices() -> None:
    @register_question("test-slices", needs_run=False)
    def count(subject: Subject, arguments: object) -> Iterator[Findings | None]:
        yield None
        yield Findings({}, {"done": 0.5})
        yield Findings({}, {"done": 1.0})

    try:
        slices = list(ask("test-slices", Subject(), {}))
    finally:
        del QUESTIONS["test-slices"]
    assert [found and found.values["done"] for found in slices] == [None, 0.5, 1.0]


def test_the_plane_of_the_map_needs_no_torch() -> None:
    code = "import sys, aeviz.analysis.projection; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
