"""Which column of a table is what: features, label, colours, names; and where the samples stand."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from aeviz.data.dataset import DataError
from aeviz.data.tables.cells import number
from aeviz.data.tables.options import NOTHING, Wishes

LABEL_NAMES = ("label", "class", "target", "y")
UNNAMED = "column 1"
"""What `unlike` calls a first column without a name."""

INDEX_NAMES = (
    UNNAMED,
    "index",
    "id",
    "row",
    "unnamed: 0",
    "level_0",
    "__index_level_0__",
    "no",
    "nr",
    "#",
)
FEATURE_WORDS = re.compile(
    r"genes?|gene[ _]?(id|name|symbol)s?|geneid|symbol|features?|feature[ _]?(id|name)|probes?|"
    r"probe[ _]?set|probe[ _]?(set[ _]?)?id|id_ref|proteins?|transcripts?|ensembl.*|entrez.*|otu.*|"
    r"taxon|metabolites?|compounds?|m/?z|wavelengths?|peptides?|hugo_symbol",
    re.IGNORECASE,
)
"""How the column is called that names features which stand in rows."""

DESCRIPTIONS = re.compile(r"descriptions?|desc|name|title|annotation", re.IGNORECASE)
SAMPLE_WORDS = re.compile(r"(GSM|SRR|ERR|TCGA|sample|cell|patient|donor)[-_. ]?\w*", re.IGNORECASE)
MOST_NUMBERED = 100
"""Different whole numbers at most that are taken for classes unasked."""

EMBEDDED = re.compile(
    r"[xyuvz]|(x|y|z|u|umap|t-?sne|pca?|dim|component|latent|embedding|mds|phate)[-_ ]?[0-9xy]",
    re.IGNORECASE,
)
"""What the coordinates of an embedding are called."""

LISTED = 20
"""Columns that a sentence names at most."""


@dataclass(frozen=True)
class Field:
    """One column as its first values show it.

    Attributes:
        name: Unlike every other one's.
        kind: "number", "text", or "empty" where no value was seen.
        role: "feature", "label", "colour", "name" or "ignored".
        is_unique: Whether no value was seen twice.
        is_count: Whether it counts the rows: 0, 1, 2 … or 1, 2, 3 …
        is_whole: Whether all numbers are whole.
        is_class: Whether its values could be classes: words, or not too many whole numbers.
    """

    name: str
    kind: str
    role: str = "ignored"
    is_unique: bool = False
    is_count: bool = False
    is_whole: bool = False
    is_class: bool = False


@dataclass(frozen=True)
class Layout:
    """What stands where.

    Attributes:
        fields: Every column, in order.
        is_turned: Whether samples are columns and features are rows.
        remarks: What a person should know of it, in sentences.
    """

    fields: tuple[Field, ...]
    is_turned: bool
    remarks: tuple[str, ...]

    def places(self, role: str) -> list[int]:
        """The columns with a role, from 0."""
        return [place for place, field in enumerate(self.fields) if field.role == role]

    def place(self, role: str) -> int | None:
        """The one column with a role, None without."""
        found = self.places(role)
        return found[0] if found else None


def study(
    names: Sequence[str], columns: Sequence[Sequence[str]], decimal: str, wishes: Wishes
) -> Layout:
    """Find the role of every column by its name and its first values.

    Args:
        names: Of the columns, as the file says them.
        columns: The first values of each.
        decimal: "." or ",".
        wishes: What a person has decided.

    Raises:
        DataError: Where that is not possible: which columns there are, and the option that decides.
    """
    distinct, doubled = unlike(names)
    remarks = [doubled] if doubled else []
    fields = [field_of(name, cells, decimal) for name, cells in zip(distinct, columns, strict=True)]
    is_turned = wishes.orientation == "columns"
    if wishes.orientation == "auto":
        is_turned = _features_in_rows(fields)
        if is_turned:
            remarks.append(
                f"the features stand in rows, named by the column {fields[0].name!r}, the samples "
                "in columns (data.orientation=rows reads it the other way)"
            )
    found = _turned(fields, wishes) if is_turned else _upright(fields, wishes, remarks)
    return Layout(tuple(found), is_turned, tuple(remarks))


def field_of(name: str, cells: Sequence[str], decimal: str) -> Field:
    """What the first values of a column say of it."""
    numbers, words = [], []
    for cell in cells:
        try:
            numbers.append(number(cell, decimal))
        except ValueError:
            words.append(cell.strip())
    numbers = [value for value in numbers if value == value]  # NaN is not itself
    seen = len(numbers) + len(words)
    if not seen:
        return Field(name, "empty")
    is_unique = len(set(numbers)) + len(set(words)) == len(cells)
    if len(words) >= len(numbers):
        return Field(name, "text", is_unique=is_unique, is_class=True)
    is_whole = not words and all(value.is_integer() for value in numbers)
    begins = numbers[0] in (0.0, 1.0) and len(numbers) == len(cells) > 1
    return Field(
        name,
        "number",
        is_unique=is_unique,
        is_count=begins and all(value == numbers[0] + row for row, value in enumerate(numbers)),
        is_whole=is_whole,
        is_class=is_whole and len(set(numbers)) <= MOST_NUMBERED,
    )


def unlike(names: Sequence[str]) -> tuple[list[str], str]:
    """Names of which none stands twice, and a sentence about those that did, "" without."""
    counts = Counter(name.strip() for name in names)
    taken = set(counts)
    seen: Counter[str] = Counter()
    found = []
    for place, given in enumerate(names, 1):
        name = given.strip()
        seen[name] += 1
        if not name:
            name = f"column {place}"
        elif seen[name] > 1:
            name = _free(name, seen[name], taken)
        taken.add(name)
        found.append(name)
    double = [name for name, count in counts.items() if count > 1 and name]
    if not double:
        return found, ""
    return found, (
        f"columns of the same name: {listed(double)}; the later ones are called "
        f"'{double[0]} (2)' and so on"
    )


def _free(name: str, number: int, taken: set[str]) -> str:
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


def listed(names: Iterable[str]) -> str:
    """Names for a sentence, not too many of them."""
    shown = [repr(name) for name in names]
    more = len(shown) - LISTED
    return ", ".join(shown[:LISTED]) + (f" and {more:,} more" if more > 0 else "")


# ── samples in columns ────────────────────────────────────────────────────────────────────────


def _features_in_rows(fields: Sequence[Field]) -> bool:
    """Whether columns look like samples: names of features and descriptions, then only numbers."""
    words = [place for place, field in enumerate(fields) if field.kind == "text"]
    numbers = fields[len(words) :]
    if not numbers or words != list(range(len(words))) or any(f.kind != "number" for f in numbers):
        return False
    if any(field.name.lower() in LABEL_NAMES for field in fields):
        return False
    first = fields[0]
    if FEATURE_WORDS.fullmatch(first.name) and (words or first.is_unique):
        return len(fields) > 1
    if not words or not first.is_unique:
        return False
    if len(words) > 1 and DESCRIPTIONS.fullmatch(fields[1].name):
        return True
    return all(SAMPLE_WORDS.fullmatch(field.name) for field in numbers)


def _turned(fields: Sequence[Field], wishes: Wishes) -> list[Field]:
    """Roles where columns are samples: the first one names the features."""
    names_features = fields[0].kind == "text" or bool(FEATURE_WORDS.fullmatch(fields[0].name))
    found = []
    for place, field in enumerate(fields):
        role = "feature" if field.kind == "number" else "ignored"
        if place == 0 and names_features:
            role = "name"
        found.append(replace(field, role=role))
    if wishes.colours:
        raise DataError(
            f"data.colours={wishes.colours}: where samples are columns, there are none beside the "
            "features; set data.orientation=rows if a sample is a row"
        )
    if not any(field.role == "feature" for field in found):
        raise DataError("none of its columns holds numbers")
    return found


# ── samples in rows ───────────────────────────────────────────────────────────────────────────


def _upright(fields: Sequence[Field], wishes: Wishes, remarks: list[str]) -> list[Field]:
    """Roles where rows are samples."""
    names = [field.name for field in fields]
    features = chosen(names, wishes.features, "features")
    colours = [] if _is_none(wishes.colours, names) else chosen(names, wishes.colours, "colours")
    roles = dict.fromkeys(features, "feature") | dict.fromkeys(colours, "colour")
    label = label_of(fields, wishes, roles, remarks)
    if label is not None:
        roles[label] = "label"
    for place in range(len(fields)):
        if place not in roles:
            roles[place] = _role(place, fields, wishes, remarks)
    for place in features:
        if fields[place].kind == "text":
            raise DataError(
                f"data.features: the column {names[place]!r} holds words, and features are numbers"
            )
    found = [replace(field, role=roles[place]) for place, field in enumerate(fields)]
    _tell_roles(found, wishes, remarks)
    if not any(field.role == "feature" for field in found):
        raise DataError(
            f"no column is left for the features; it has {listed(names)}: choose them with "
            "--set data.features=NAMES"
        )
    return found


def _role(place: int, fields: Sequence[Field], wishes: Wishes, remarks: list[str]) -> str:
    """Of a column that nobody has spoken of."""
    field = fields[place]
    if field.kind == "empty":
        remarks.append(f"the column {field.name!r} is empty and left out")
        return "ignored"
    if field.kind == "text":
        is_first = not any(other.kind == "text" and other.is_unique for other in fields[:place])
        if field.is_unique and is_first:
            return "name"
        return "ignored" if wishes.colours else "colour"
    if wishes.features:
        return "ignored"
    if field.is_count and (field.name.lower() in INDEX_NAMES or (place == 0 and len(fields) > 2)):
        remarks.append(f"the column {field.name!r} counts the rows and is no feature")
        return "ignored"
    if field.name == UNNAMED and field.is_unique and field.is_whole:
        remarks.append("the first column has no name, numbers the rows and is no feature")
        return "ignored"
    return "feature"


def _is_none(word: str, names: Sequence[str]) -> bool:
    return word.lower() == NOTHING and NOTHING not in names


def label_of(
    fields: Sequence[Field], wishes: Wishes, roles: dict[int, str], remarks: list[str]
) -> int | None:
    """The column with the labels: the one that was asked for, else by its name, else words."""
    names = [field.name for field in fields]
    if _is_none(wishes.label, names):
        return None
    if wishes.label:
        return chosen([*names], wishes.label, "label", single=True)[0]
    called = [place for place in _called_label(fields) if place not in roles]
    for place in [place for place in called if not fields[place].is_class]:
        remarks.append(f"the column {names[place]!r} holds measurements and is kept as a colour")
        roles[place] = "colour"
        called.remove(place)
    if len(called) > 1:
        raise DataError(
            f"{listed(names[place] for place in called)} may each be the labels: choose one with "
            "--set data.label=NAME, or none"
        )
    if called:
        return called[0]
    words = [
        place
        for place, field in enumerate(fields)
        if field.kind == "text" and place not in roles and not field.is_unique
    ]
    if len(words) > 1:
        remarks.append(
            f"the labels are taken from {names[words[-1]]!r}, the last column of words; others "
            f"are {listed(names[place] for place in words[:-1])} (data.label=NAME)"
        )
    return words[-1] if words else None


def _called_label(fields: Sequence[Field]) -> list[int]:
    """The columns that have the name of a label; beside an x a y is a coordinate."""
    words = set(LABEL_NAMES)
    if any(field.name.lower() == "x" for field in fields):
        words.discard("y")
    return [
        place
        for place, field in enumerate(fields)
        if field.name.lower() in words and field.kind != "empty"
    ]


def _tell_roles(found: Sequence[Field], wishes: Wishes, remarks: list[str]) -> None:
    """Say what became of the columns, where nobody has decided it."""
    features = [field.name for field in found if field.role == "feature"]
    if len(features) == 2 and all(EMBEDDED.fullmatch(name) for name in features):
        remarks.append(
            f"its two features, {listed(features)}, look like positions that another program has "
            "made: a model takes them as they are"
        )
    names = [field.name for field in found if field.role == "name"]
    if names:
        remarks.append(f"the column {names[0]!r} names the samples")
    if not wishes.colours:
        colours = [field.name for field in found if field.role == "colour"]
        if colours:
            remarks.append(f"kept beside the features: {listed(colours)}")


# ── choices of a person ───────────────────────────────────────────────────────────────────────


def chosen(names: Sequence[str], text: str, option: str, *, single: bool = False) -> list[int]:
    """The columns that an option names, from 0.

    Args:
        names: Of all columns.
        text: Names or numbers from 1, with commas between them; A..B for all from one to another.
        option: Its name, for the sentence.
        single: Whether the whole text is one name.

    Raises:
        DataError: Naming what is no column.
    """
    places: dict[int, None] = {}
    if not text:
        return []
    for part in [text] if single or text in names else _parts(text):
        first, dots, last = part.partition("..")
        if part in names or not dots:
            places[_place(names, part, option)] = None
            continue
        begin, end = _place(names, first, option), _place(names, last, option)
        places |= dict.fromkeys(range(min(begin, end), max(begin, end) + 1))
    return list(places)


def _parts(text: str) -> list[str]:
    return [
        part.strip() for part in next(csv.reader([text], skipinitialspace=True)) if part.strip()
    ]


def _place(names: Sequence[str], word: str, option: str) -> int:
    word = word.strip()
    if word in names:
        return names.index(word)
    folded = [name.lower() for name in names]
    if folded.count(word.lower()) == 1:
        return folded.index(word.lower())
    if word.isdigit() and 1 <= int(word) <= len(names):
        return int(word) - 1
    raise DataError(f"data.{option}: there is no column {word!r}; there are {listed(names)}")
