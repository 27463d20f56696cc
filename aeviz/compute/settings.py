"""Settings of a training: checked, completed with every default, read from the command line."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from aeviz.catalogue import Option
from aeviz.compute import plugins
from aeviz.compute.entries import options_of
from aeviz.compute.presets import PRESETS
from aeviz.data.dataset import DATASETS, DataError, DatasetEntry
from aeviz.data.own import FORMATS, is_path, own_entry
from aeviz.models.base import MODELS, ModelEntry
from aeviz.models.options import configure, unknown
from aeviz.runs.schema import Settings, TrainConfig

GROUPS = ("data", "model", "train")
LARGEST_SEED = 2**63 - 1
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class SettingsError(ValueError):
    """A setting is wrong; the message names it and says what is possible."""


def complete(settings: Mapping[str, Any]) -> Settings:
    """Check every setting and write out every default.

    Args:
        settings: Groups "data", "model", "train", and "seed" and "device" beside them; all of it
            optional. `complete` of a complete mapping returns it unchanged.

    Raises:
        SettingsError: If a name or value is wrong.
    """
    for name in settings:
        if name not in (*GROUPS, "seed", "device"):
            raise SettingsError(unknown(str(name), [*GROUPS, "seed", "device"], "setting"))
    groups = {name: _group(settings, name) for name in GROUPS}
    model = model_entry(str(groups["model"].pop("name", "vae")))
    dataset = dataset_entry(str(groups["data"].pop("name", model.dataset)))
    if dataset.kind not in model.data:
        raise SettingsError(
            f"the model {model.name!r} takes {' and '.join(model.data)} data, and "
            f"{dataset.name!r} is {dataset.kind} data"
        )
    if "latent_dim" in groups["model"] and "latent_dim" not in model.config.__pydantic_fields__:
        raise SettingsError(_not_chosen(model))
    train = {**model.defaults, **groups["train"]}
    return {
        "data": {"name": dataset.name, **_data_options(dataset, groups["data"])},
        "model": {"name": model.name, **_configured(model.config, groups["model"], "model")},
        "train": _configured(TrainConfig, train, "train"),
        "seed": _seed(settings.get("seed", 0)),
        "device": str(settings.get("device", "auto")),
    }


def from_preset(name: str) -> Settings:
    """The settings that a preset stands for, to be completed.

    Raises:
        SettingsError: If there is no such preset.
    """
    for preset in PRESETS:
        if preset.name == name:
            return {group: dict(options) for group, options in preset.settings.items()}
    raise SettingsError(unknown(name, [preset.name for preset in PRESETS], "preset"))


def parse(name: str, text: str) -> Any:
    """The value of `--set NAME=TEXT`, by the kind of the option that NAME is.

    Args:
        name: Dotted, such as "model.beta"; or "seed", "device".
        text: As typed. Lists are numbers with commas, "none" is no value.

    Raises:
        SettingsError: If there is no such option, or the text is no value of its kind.
    """
    options = {
        "seed": [Option("seed", "", "", "int")],
        "device": [Option("device", "", "", "text")],
    }
    for dotted, option in _every_option():
        options.setdefault(dotted, []).append(option)
    if name not in options:
        raise SettingsError(unknown(name, list(options)))
    # Data sets may call options of different kinds alike: the first that takes the text decides.
    for option in options[name]:
        try:
            return _value(option, text.strip())
        except ValueError:
            continue
    wanted = WANTED[options[name][0].kind]
    raise SettingsError(f"{name}={text}: it should be {wanted}")


def idle(settings: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Which of these options do nothing beside the others: a sentence for each.

    Args:
        settings: As `complete` takes them.
        names: Dotted names of options that were asked for.
    """
    whole = complete(settings)
    found = []
    for dotted in names:
        group, _, name = dotted.partition(".")
        options = {"model": model_entry(whole["model"]["name"]).config, "train": TrainConfig}
        if group not in options:
            continue
        option = next(each for each in options_of(options[group]) if each.name == name)
        other, *values = option.when or ("",)
        if other not in whole[group]:
            continue
        value = shown = str(whole[group][other])
        if (other, value) == ("likelihood", "auto") and _is_bernoulli(whole["data"]["name"]):
            value, shown = "bernoulli", "auto, which is bernoulli for these images"
            values = [each for each in values if each != "auto"]
        if value not in values:
            found.append(
                f"{dotted} does nothing while {group}.{other}={shown}: it counts with "
                f"{' or '.join(values)}"
            )
    return found


def _is_bernoulli(dataset: str) -> bool:
    """Whether the likelihood "auto" of a data set is known before reading it: images in [0, 1]."""
    entry = dataset_entry(dataset)
    return entry.kind == "image" and entry.bounded is not False


def live_options(settings: Mapping[str, Any]) -> dict[str, Option]:
    """The options of these settings that may be turned while training runs, by name."""
    model = options_of(model_entry(settings["model"]["name"]).config)
    return {option.name: option for option in (*options_of(TrainConfig), *model) if option.live}


def model_entry(name: str) -> ModelEntry:
    """The registered model; raises SettingsError with close names when there is none."""
    if name not in MODELS:
        plugins.demand()
    if name not in MODELS:
        raise SettingsError(unknown(name, list(MODELS), "model"))
    return MODELS[name]


def dataset_entry(name: str) -> DatasetEntry:
    """The data set of a name or path; raises SettingsError with close names when there is none."""
    if name in DATASETS:
        return DATASETS[name]
    if not is_path(name):
        plugins.demand()
        if name in DATASETS:
            return DATASETS[name]
        raise SettingsError(unknown(name, list(DATASETS), "data set"))
    try:
        return own_entry(name)
    except DataError as error:
        raise SettingsError(str(error)) from error


def _not_chosen(model: ModelEntry) -> str:
    """Why the latent dimension of a model is no option of it."""
    options = model.config.__pydantic_fields__
    made = (
        "the numbers of all its codes: set model.code_dim or the size of its map"
        if "code_dim" in options
        else "as many dimensions as a sample has features"
    )
    return f"model.latent_dim (--latent) cannot be chosen: a latent of {model.name!r} has {made}"


def _group(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    group = settings.get(name, {})
    if not isinstance(group, Mapping):
        raise SettingsError(f"{name}={group!r}: it should be a group of options")
    return dict(group)


def _configured(config: type[Any], options: Mapping[str, Any], group: str) -> dict[str, Any]:
    """Every option of a configuration as plain values that JSON keeps as they are."""
    try:
        configured = asdict(configure(config, options, group))
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in configured.items()
    }


def _data_options(dataset: DatasetEntry, given: Mapping[str, Any]) -> dict[str, Any]:
    known = {option.name: option for option in dataset.options}
    for name in given:
        if name not in known:
            raise SettingsError(unknown(f"data.{name}", [f"data.{other}" for other in known]))
    return {
        name: _checked(option, given.get(name, option.default)) for name, option in known.items()
    }


def _checked(option: Option, value: Any) -> Any:
    """A value of a data set's option, if it is one."""
    name = f"data.{option.name}={value}"
    types: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,)}
    wanted = types.get(option.kind)
    if wanted and (not isinstance(value, wanted) or isinstance(value, bool) != (wanted == (bool,))):
        raise SettingsError(f"{name}: it should be {WANTED[option.kind]}")
    if option.kind == "choice" and value not in option.choices:
        raise SettingsError(f"{name}: it should be one of {', '.join(option.choices)}")
    if option.low is not None and value < option.low:
        raise SettingsError(f"{name}: it should be at least {option.low:g}")
    if option.high is not None and value > option.high:
        raise SettingsError(f"{name}: it should be at most {option.high:g}")
    return value


def _seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_SEED:
        raise SettingsError(f"seed={value}: it should be a whole number from 0 to {LARGEST_SEED}")
    return value


def _every_option() -> Iterable[tuple[str, Option]]:
    """Dotted names with options; a name that several models have comes once for each."""
    plugins.demand()
    yield "model.name", Option("name", "", "", "text")
    yield "data.name", Option("name", "", "", "text")
    for option in options_of(TrainConfig):
        yield f"train.{option.name}", option
    for model in MODELS.values():
        for option in options_of(model.config):
            yield f"model.{option.name}", option
    for dataset in DATASETS.values():
        for option in dataset.options:
            yield f"data.{option.name}", option
    for own in FORMATS:
        for option in own.options:
            yield f"data.{option.name}", option


WANTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "choice": "one of the option's words",
    "ints": "whole numbers with commas between them",
    "text": "a word",
}


def _value(option: Option, text: str) -> Any:
    """The text as a value of the option's kind; raises ValueError when it is none."""
    if option.default is None and text.lower() in ("none", "auto"):
        return None
    if option.kind == "bool":
        if text.lower() not in TRUE + FALSE:
            raise ValueError(text)
        return text.lower() in TRUE
    if option.kind == "ints":
        return [int(part) for part in text.replace(" ", "").split(",") if part]
    if option.kind == "int":
        return int(text)
    return float(text) if option.kind == "float" else text
