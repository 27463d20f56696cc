"""Settings: complete, in one form, and refused with a sentence that names the wrong word."""

import json
from typing import Any

import pytest

from aeviz.compute.presets import PRESETS
from aeviz.compute.settings import (
    SettingsError,
    complete,
    from_preset,
    idle,
    live_options,
    parse,
)


def test_nothing_said_is_a_vae_on_digits() -> None:
    settings = complete({})
    assert settings["data"] == {"name": "digits", "binarise": "no", "only": ""}
    assert settings["model"]["name"] == "vae"
    assert settings["model"]["latent_dim"] == 2
    train = settings["train"]
    assert (train["epochs"], train["batch_size"], train["lr"]) == (30, 128, 1e-3)
    assert (train["validation"], train["schedule"], train["clip"]) == (0.1, "constant", 0.0)
    assert (settings["seed"], settings["device"]) == (0, "auto")


def test_complete_settings_stay_as_they_are_also_through_json() -> None:
    settings = complete({"model": {"widths": (32, 8), "decoder_widths": None}})
    assert complete(settings) == settings
    assert complete(json.loads(json.dumps(settings))) == settings


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"trian": {}}, "there is no setting 'trian'; did you mean train?"),
        ({"model": {"name": "vea"}}, "there is no model 'vea'; did you mean vae?"),
        ({"data": {"name": "digit"}}, "there is no data set 'digit'; did you mean digits?"),
        ({"model": {"bta": 1}}, "there is no option 'model.bta'; did you mean model.beta"),
        ({"data": {"binarize": "no"}}, "'data.binarize'; did you mean data.binarise?"),
        ({"model": {"beta": -1}}, "model.beta=-1: it should be greater than or equal to 0"),
        ({"model": {"beta": float("nan")}}, "model.beta=nan: it should be"),
        ({"model": {"widths": [0]}}, "model.widths=[0]: it should be greater than or equal to 1"),
        ({"model": {"widths": 5}}, "model.widths=5: it should be a list of whole numbers"),
        ({"train": {"optimiser": "adm"}}, "train.optimiser=adm: it should be 'adam'"),
        ({"train": {"lr": 0}}, "train.lr=0: it should be greater than"),
        ({"train": {"epochs": 1.5}}, "train.epochs=1.5: it should be a valid integer"),
        ({"data": {"binarise": "x"}}, "data.binarise=x: it should be one of no, fixed, dynamic"),
        (
            {"model": {"name": "maf", "latent_dim": 3}},
            "cannot be chosen: a latent of 'maf' has as many dimensions as a sample",
        ),
        (
            {"model": {"name": "vq-vae", "latent_dim": 3}},
            "(--latent) cannot be chosen: a latent of 'vq-vae' has the numbers of all its codes",
        ),
        ({"model": {"channels": []}}, "model.channels=[]: it must name one number at least"),
        ({"model": {"widths": [1] * 33}}, ": it has too many numbers"),
        ({"data": {"name": "two-moons", "noise": -1}}, "data.noise=-1: it should be at least 0"),
        ({"data": {"name": "two-moons", "noise": "a"}}, "data.noise=a: it should be a number"),
        ({"seed": -1}, "seed=-1: it should be a whole number"),
        ({"seed": True}, "seed=True: it should be a whole number"),
        ({"model": 3}, "model=3: it should be a group of options"),
        ({"train": {"epochs": True}}, "train.epochs=True: it should be a number"),
        ({"model": {"beta": True}}, "model.beta=True: it should be a number"),
        (
            {"model": {"widths": [16, True]}},
            "model.widths=[16, True]: it should be a list of whole numbers",
        ),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        complete(wrong)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("model.beta", "4", 4.0),
        ("model.widths", "256,64", [256, 64]),
        ("model.widths", "256", [256]),
        ("model.widths", "", []),
        ("model.decoder_widths", "none", None),
        ("model.batch_norm", "true", True),
        ("model.activation", "tanh", "tanh"),
        ("train.epochs", "3", 3),
        ("train.validation", "0", 0.0),
        ("train.lr", "1e-3", 1e-3),
        ("data.binarise", "no", "no"),
        ("data.download", "yes", True),
        ("seed", "7", 7),
        ("device", "cuda:1", "cuda:1"),
    ],
)
def test_the_command_line_gives_values_of_the_options_kind(
    name: str, text: str, value: Any
) -> None:
    assert parse(name, text) == value
    assert type(parse(name, text)) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("model.bet", "4", "there is no option 'model.bet'; did you mean model.beta"),
        ("model.beta", "four", "model.beta=four: it should be a number"),
        ("train.epochs", "1.5", "train.epochs=1.5: it should be a whole number"),
        ("model.batch_norm", "maybe", "model.batch_norm=maybe: it should be true or false"),
        ("model.widths", "a,b", "model.widths=a,b: it should be whole numbers"),
    ],
)
def test_a_wrong_word_on_the_command_line_is_named(name: str, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(name, text)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_preset_is_complete_with_defaults(preset: Any) -> None:
    settings = complete(from_preset(preset.name))
    for group, options in preset.settings.items():
        for name, value in options.items():
            assert settings[group][name] == value


def test_the_lectures_presets_are_what_they_say() -> None:
    linear, beta = (complete(from_preset(name)) for name in ("linear-784-2", "beta-vae-32"))
    assert (linear["model"]["name"], linear["model"]["latent_dim"]) == ("linear", 2)
    assert (linear["train"]["optimiser"], linear["train"]["lr"]) == ("adam", 0.01)
    assert (beta["model"]["name"], beta["model"]["latent_dim"]) == ("vae", 32)
    assert (beta["model"]["beta"], beta["train"]["lr"]) == (4.0, 0.001)


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(SettingsError, match="there is no preset 'linear-784'; did you mean"):
        from_preset("linear-784")


def test_live_options_are_the_ones_a_training_can_turn() -> None:
    assert set(live_options(complete({}))) == {"lr", "beta"}
    assert set(live_options(complete({"model": {"name": "linear"}}))) == {"lr"}


def test_an_option_that_does_nothing_beside_the_others_is_told() -> None:
    asked = ("model.components", "model.prior", "train.lr_factor", "data.binarise", "seed")
    assert idle({"model": {"prior": "mixture"}, "train": {"schedule": "step"}}, asked) == []
    assert idle({"model": {"name": "stacked"}}, ("model.widths",)) == []
    assert idle({}, ("model.components",)) == [
        "model.components does nothing while model.prior=normal: it counts with mixture"
    ]
    assert idle({}, ("model.sigma", "model.variance")) == [
        f"model.{name} does nothing while model.likelihood=auto, which is bernoulli for these "
        "images: it counts with gaussian"
        for name in ("sigma", "variance")
    ]
    for data in ("swiss-roll", "patches"):
        assert idle({"data": {"name": data}}, ("model.sigma",)) == []
    assert idle({"model": {"likelihood": "gaussian"}}, ("model.sigma",)) == []
    (told,) = idle({}, ("train.lr_factor",))
    assert told.endswith("while train.schedule=constant: it counts with step or plateau")
