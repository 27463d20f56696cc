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
    "DeviceError": MENDABLE,
    "CannotStart": MENDABLE,
    "SaveError": FAILED,
    "TrainingDiverged": FAILED,
    "OutOfMemoryError": FAILED,
}


def code_of(error: BaseException) -> int | None:
    """The exit code of an error whose text is meant for the person; None for any other."""
    for kind in type(error).__mro__:
        if kind.__name__ in CODES:
            return CODES[kind.__name__]
    return None
