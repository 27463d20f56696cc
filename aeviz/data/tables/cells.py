"""What a cell of a text table is: a number, nothing, or words."""

import re
from collections.abc import Iterable

from aeviz.data.dataset import DataError

MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-", "."))
"""What means that there is no value, in lower letters."""

_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(?:([,'’ \u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d*)?"),
    ",": re.compile(r"[+-]?\d{1,3}(?:([.'’ \u00a0\u202f])\d{3})(?:\1\d{3})*(?:,\d*)?"),
}
"""Numbers with thousands apart, by their decimal sign."""

_SEPARATORS = re.compile(r"['’ \u00a0\u202f]")
_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")
_COMMA_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return text.strip().lower() in MISSING


def number(text: str, decimal: str) -> float:
    """The number in a cell, NaN where it says that there is none.

    Args:
        text: As it stands in the file, without quotes.
        decimal: "." or ",".

    Raises:
        ValueError: If it is neither.
    """
    plain = text
    if decimal == "," and "." not in text:
        plain = text.replace(",", ".")
    try:
        if "_" not in plain and (decimal == "." or "." not in text):
            return float(plain)
    except ValueError:
        pass
    text = text.strip()
    if text.lower() in MISSING:
        return float("nan")
    if _GROUPED[decimal].fullmatch(text):
        plain = _SEPARATORS.sub("", text).replace("," if decimal == "." else ".", "")
        return float(plain.replace(",", "."))
    raise ValueError(text)


def is_number(text: str, decimal: str) -> bool:
    """Whether a cell is a number, a missing one not."""
    try:
        found = number(text, decimal)
    except ValueError:
        return False
    return found == found  # NaN is not itself


def decimal_sign(cells: Iterable[str]) -> str:
    """The decimal sign of numbers, found from how they are written.

    Raises:
        DataError: If "1,234" could be read both ways and nothing else tells, or both signs are
            used; the sentence says which option decides.
    """
    commas: list[str] = []
    points: list[str] = []
    unsure = ""
    for text in {cell.strip() for cell in cells if "," in cell or "." in cell}:
        if _means_comma(text):
            commas.append(text)
        elif _means_point(text):
            points.append(text)
        elif "," in text and _COMMA_GROUPS.fullmatch(text):
            unsure = unsure or text
    if commas and points:
        raise DataError(
            f"some numbers have a decimal comma ({commas[0]}) and some a decimal point "
            f"({points[0]}): write them alike"
        )
    if unsure and not commas and not points:
        raise DataError(
            f"{unsure!r} may mean {unsure.replace(',', '')} or {unsure.replace(',', '.')}: say "
            "which with --set data.decimal=point or --set data.decimal=comma"
        )
    return "," if commas else "."


def _means_comma(text: str) -> bool:
    """Whether a number has a decimal comma for sure, or points between its thousands."""
    if "," not in text:
        return text.count(".") > 1 and bool(_POINT_GROUPS.fullmatch(text))
    if _COMMA.fullmatch(text):
        return not _COMMA_GROUPS.fullmatch(text)
    return bool(_GROUPED[","].fullmatch(text))


def _means_point(text: str) -> bool:
    """Whether a number has a decimal point for sure, or commas between its thousands."""
    if "." not in text:
        return text.count(",") > 1 and bool(_COMMA_GROUPS.fullmatch(text))
    if _POINT.fullmatch(text):
        return not _POINT_GROUPS.fullmatch(text)
    return "," in text and bool(_GROUPED["."].fullmatch(text))
