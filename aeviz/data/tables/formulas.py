"""Words that a spreadsheet would take for a formula: marked when written, unmarked when read."""

_FIRST = frozenset(
    "=+-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
    "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)
"""What a formula begins with, or what hides the beginning of one."""

MARK = "'"


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula; `plain` gives the text back.

    Example:
        >>> neutral("=1+1"), neutral("'=1+1"), neutral("it's")
        ("'=1+1", "''=1+1", "it's")
    """
    return MARK + text if _is_formula(text.lstrip(MARK)) else text


def plain(text: str) -> str:
    """A cell without the mark of `neutral`, which spreadsheets themselves write and hide."""
    is_marked = text.startswith(MARK) and _is_formula(text.lstrip(MARK))
    return text[1:] if is_marked else text


def _is_formula(text: str) -> bool:
    return text[:1] in _FIRST
