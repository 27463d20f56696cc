"""`aeviz list` says what there is."""

import json

import pytest

from tests.cli.conftest import Command

KEYS = {"name", "title", "summary", "source", "data", "options"}


@pytest.mark.parametrize(
    ("what", "name"), [("models", "vae"), ("data", "digits"), ("presets", "linear-784-2")]
)
def test_json_is_a_list_of_objects(what: str, name: str, command: Command) -> None:
    outcome = command("list", what, "--json")
    rows = json.loads(outcome.out)
    assert outcome.code == 0
    assert name in [row["name"] for row in rows]
    assert all(row.keys() >= KEYS for row in rows)


def test_plain_text_names_models_and_options(command: Command) -> None:
    lines = command("list", "models").out
    assert "vae" in lines
    assert "latent_dim" in lines
