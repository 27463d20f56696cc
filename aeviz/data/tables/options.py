"""The options of every table of a person's own, reached as `--set data.NAME=VALUE`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aeviz.catalogue import Option
from aeviz.data.options import choice

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "space": " "}
"""The word of a delimiter → the letter; a space stands for runs of spaces."""

NOTHING = "none"
"""As the label or the colours: there is none."""


def _choice(name: str, title: str, description: str, *words: str) -> Option:
    return Option(
        name, title, description, "choice", default=words[0], choices=words, advanced=True
    )


def _text(name: str, title: str, description: str) -> Option:
    return Option(name, title, description, "text", default="", advanced=True)


DELIMITER = _choice("delimiter", "Delimiter", "What stands between two values", "auto", *DELIMITERS)
HEADER = _choice("header", "Header", "Whether the first line holds names", "auto", "yes", "no")
DECIMAL = _choice(
    "decimal", "Decimal sign", "What numbers have before their fraction", "auto", "point", "comma"
)
ORIENTATION = _choice(
    "orientation",
    "Orientation",
    "Whether a sample is a row of the table or a column of it",
    "auto",
    "rows",
    "columns",
)
LABEL = _text(
    "label",
    "Label",
    "Column with the labels; empty for label, class, target, y or the last one of words; none for "
    "no labels",
)
FEATURES = _text(
    "features",
    "Features",
    "Columns that are the features: names or numbers with commas between them, A..B from one to "
    "another; empty for all numbers",
)
COLOURS = _text(
    "colours",
    "Colours",
    "Further columns that are kept beside the features, with commas between them; empty for all "
    "of words, none for none",
)
MISSING = _choice(
    "missing",
    "Missing values",
    "What is done about missing values: stop and say where, drop those samples, or take the mean "
    "of the feature",
    "stop",
    "drop",
    "mean",
)
CONSTANT = _choice(
    "constant", "Constant features", "Whether features without any change stay", "keep", "drop"
)
DUPLICATES = _choice(
    "duplicates", "Duplicates", "Whether samples stay that equal an earlier one", "keep", "drop"
)
SCALING = _choice(
    "scaling",
    "Scaling",
    "How a model sees the features: as they are, each in [0, 1], each with mean 0 and standard "
    "deviation 1, or so after log(1 + x)",
    "auto",
    "none",
    "unit",
    "standardise",
    "log1p",
)

AFTER_READING = (ORIENTATION, LABEL, FEATURES, COLOURS, MISSING, CONSTANT, DUPLICATES, SCALING)
"""Those of every table, however it is stored."""

OPTIONS = (DELIMITER, HEADER, DECIMAL, *AFTER_READING)
"""Those of a table that is text."""


@dataclass(frozen=True)
class Wishes:
    """The options of a table as its reader sees them, checked; each field is one of `OPTIONS`."""

    delimiter: str = "auto"
    header: str = "auto"
    decimal: str = "auto"
    orientation: str = "auto"
    label: str = ""
    features: str = ""
    colours: str = ""
    missing: str = "stop"
    constant: str = "keep"
    duplicates: str = "keep"
    scaling: str = "auto"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Wishes":
        """The wishes in options; what is no option of a table is left out.

        Raises:
            DataError: If a value is none of an option's words.
        """
        found: dict[str, str] = {}
        for option in OPTIONS:
            if option.kind == "choice":
                found[option.name] = choice(options, option)
            else:
                found[option.name] = str(options.get(option.name, option.default)).strip()
        return cls(**found)
