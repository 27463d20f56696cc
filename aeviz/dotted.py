"""Settings as layers: a preset, a file, flags; and dotted names such as `model.beta`."""

from collections.abc import Mapping
from typing import Any

GROUPS = ("data", "model", "train")
BESIDE = ("seed", "device")
"""What stands beside the groups."""


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Settings where a later layer wins, option by option.

    Another model or data set takes none of the options of the one it replaces: a preset's β means
    nothing to a linear model.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            if name not in GROUPS or not isinstance(value, Mapping):
                merged[name] = value
                continue
            before = merged.get(name, {})
            replaced = "name" in value and before.get("name", value["name"]) != value["name"]
            merged[name] = dict(value) if replaced else {**before, **value}
    return merged


def place(given: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as groups: {"model.beta": 4} → {"model": {"beta": 4}}; None is not given."""
    settings: dict[str, Any] = {}
    for dotted, value in given.items():
        group, _, name = dotted.partition(".")
        if value is None:
            continue
        if name:
            settings.setdefault(group, {})[name] = value
        else:
            settings[group] = value
    return settings
