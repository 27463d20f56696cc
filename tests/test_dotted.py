"""Layers of settings: the later one wins, and another model takes no foreign options."""

from aeviz.dotted import merge, place


def test_dotted_names_become_groups() -> None:
    given = {"model.beta": 4, "seed": 1, "train.lr": None}
    assert place(given) == {"model": {"beta": 4}, "seed": 1}


def test_the_later_layer_wins() -> None:
    preset = {"model": {"name": "vae", "beta": 4.0}, "train": {"lr": 0.1}}
    merged = merge(preset, {"model": {"beta": 1.0}, "seed": 3})
    assert merged == {"model": {"name": "vae", "beta": 1.0}, "train": {"lr": 0.1}, "seed": 3}


def test_another_model_takes_no_options_of_the_first() -> None:
    preset = {"model": {"name": "vae", "beta": 4.0}}
    assert merge(preset, {"model": {"name": "linear"}}) == {"model": {"name": "linear"}}
    assert merge({"model": {"beta": 4.0}}, {"model": {"name": "vae"}}) == {
        "model": {"beta": 4.0, "name": "vae"}
    }
