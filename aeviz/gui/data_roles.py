"""The roles of a table's columns, and the options of its data set that say the same."""

from collections.abc import Sequence

NOTHING = "none"
ROLES = ("feature", "label", "colour", "ignored")
"""What a person can make of a column."""


def with_role(roles: Sequence[str], kinds: Sequence[str], place: int, role: str) -> list[str]:
    """The roles after one has been chosen: there is only one label.

    Args:
        roles: Of all columns.
        kinds: "text" or other, of the columns that are shown.
        place: Whose role is chosen.
        role: The new one.
    """
    made = list(roles)
    if role == "label":
        for other, kind in enumerate(kinds):
            if made[other] == "label":
                made[other] = "colour" if kind == "text" else "ignored"
    made[place] = role
    return made


def options_of(names: Sequence[str], roles: Sequence[str]) -> dict[str, str]:
    """The options `label`, `features` and `colours` that give columns these roles."""
    labels = [name for name, role in zip(names, roles, strict=True) if role == "label"]
    return {
        "label": labels[0] if labels else NOTHING,
        "features": columns_text(names, roles, "feature"),
        "colours": columns_text(names, roles, "colour") or NOTHING,
    }


def columns_text(names: Sequence[str], roles: Sequence[str], role: str) -> str:
    """The columns with a role as a person writes them: names, A..B for several in a row."""
    parts, place = [], 0
    while place < len(names):
        if roles[place] != role:
            place += 1
            continue
        end = place
        while end + 1 < len(names) and roles[end + 1] == role:
            end += 1
        span = [names[place], names[end]]
        if end - place > 1 and not any(_needs_quotes(name) for name in span):
            parts.append("..".join(span))
        else:
            parts += [_quoted(name) for name in names[place : end + 1]]
        place = end + 1
    return ", ".join(parts)


def _needs_quotes(name: str) -> bool:
    return any(letter in name for letter in ',"\n') or ".." in name or name != name.strip()


def _quoted(name: str) -> str:
    return (
        '"' + name.replace('"', '""') + '"' if any(c in name for c in ',"\n') or not name else name
    )
