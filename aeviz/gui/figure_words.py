"""What a figure is called, and what its file says it was made from."""

from collections.abc import Mapping
from typing import Any

from aeviz.gui.session import Session


def title_of(session: Session, what: str = "") -> str:
    """The run, the shown epoch, and what is shown of it."""
    run = session.run
    if run is None:
        return what
    parts = [run.title, f"epoch {session.epoch}" if session.epochs else "", what]
    return ", ".join(part for part in parts if part)


def about_of(session: Session) -> dict[str, str]:
    """Run, epoch and settings as words: enough to make the figure again; no path, no user."""
    run = session.run
    if run is None:
        return {}
    settings = run.settings
    groups = {name.capitalize(): _words(settings.get(name)) for name in ("data", "model", "train")}
    return {
        "Run": run.title,
        "Epoch": str(session.epoch),
        **{name: words for name, words in groups.items() if words},
        "Seed": str(settings.get("seed", "")),
    }


def _words(group: Any) -> str:
    """The settings of a group as "name=value"; a file of the person's own by its name alone."""
    if not isinstance(group, Mapping):
        return ""
    return ", ".join(f"{name}={_word(group[name])}" for name in group if group[name] is not None)


def _word(value: Any) -> str:
    text = str(value)
    return text.replace("\\", "/").rpartition("/")[2] if isinstance(value, str) else text
