"""The built catalogue is what the registries say."""

import pytest

from aeviz import catalogue, paths
from aeviz.compute.entries import catalogue as build
from aeviz.compute.entries import files
from aeviz.data.dataset import DATASETS
from aeviz.models import MODELS


@pytest.mark.parametrize("name", list(files()))
def test_the_files_are_current(name: str) -> None:
    text = (paths.resources() / name).read_text(encoding="utf-8")
    assert text == files()[name], "run `python -m aeviz.compute.entries`"


def test_what_is_read_is_what_was_built() -> None:
    assert catalogue.load() == build()


def test_it_has_every_model_and_data_set() -> None:
    rows = build()
    assert {entry.name for entry in rows.models} == set(MODELS)
    assert {entry.name for entry in rows.data} == set(DATASETS)
    assert {preset.name for preset in rows.presets} >= {"linear-784-2", "beta-vae-32"}


def test_every_option_has_a_title_a_description_and_where_it_is_a_number_a_range() -> None:
    rows = build()
    options = [*rows.train]
    for entry in (*rows.models, *rows.data):
        options += entry.options
    for option in options:
        assert option.title, option
        assert option.title != option.name, option
        assert option.description, option
        if option.kind in ("int", "float"):
            assert option.low is not None, option
            assert option.high is not None, option
        if option.kind == "choice":
            assert option.default in option.choices, option
        assert not (option.live and option.kind != "float"), option


def test_kinds_follow_the_types() -> None:
    rows = build()
    vae = {option.name: option for option in rows.model("vae").options}
    assert vae["widths"].kind == "ints"
    assert vae["widths"].default == (256, 128)
    assert vae["decoder_widths"].kind == "ints"
    assert vae["decoder_widths"].default is None
    assert vae["batch_norm"].kind == "bool"
    assert vae["latent_dim"].kind == "int"
    assert vae["activation"].kind == "choice"
    assert vae["beta"].live
    assert vae["beta"].logarithmic
    assert vae["dropout"].advanced
