"""Which errors carry a sentence for the person, and the exit code of each.

They are known by name: importing the classes would import torch for `aeviz --help`.
"""

MENDABLE = 2
FAILED = 1

CODES = {
    "SettingsError": MENDABLE,
    "DataError": MENDABLE,
    "RunError": MENDABLE,
    "EpochError": MENDABLE,
    "ConditionError": MENDABLE,
    "DeviceError": MENDABLE,
    "CannotStart": MENDABLE,
    "PluginError": MENDABLE,
    "SaveError": FAILED,
    "TrainingDiverged": FAILED,
    "RankLost": FAILED,
    "OutOfMemoryError": FAILED,
}

HINTS = {
    "PluginMissing": "name its file with --plugin FILE.py if you trust it: it is run as a program",
    "DataMissing": "--set data.download=true downloads it, --data-dir names another folder",
}
"""What the command line offers beside the sentence."""


def text_of(error: BaseException) -> str:
    """The sentence of an error, and below it what the command line offers."""
    hint = HINTS.get(type(error).__name__)
    return str(error) if hint is None else f"{error}\n{hint}"


def code_of(error: BaseException) -> int | None:
    """The exit code of an error whose text is meant for the person; None for any other."""
    for kind in type(error).__mro__:
        if kind.__name__ in CODES:
            return CODES[kind.__name__]
    return None
