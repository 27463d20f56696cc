"""The help pages lead to one another."""

import re
from collections import Counter

from aeviz import paths

FOLDER = paths.resources() / "help"
_LINK = re.compile(r"\]\(([\w-]+)\.md(?:#[\w-]+)?\)")


def test_the_first_page_leads_to_every_other_one() -> None:
    linked = Counter(_LINK.findall((FOLDER / "index.md").read_text("utf-8")))
    assert linked.keys() == {page.stem for page in FOLDER.glob("*.md")} - {"index"}
    assert max(linked.values()) <= 2  # once in a sentence, once in the list


def test_no_page_leads_to_one_that_is_missing() -> None:
    for page in FOLDER.glob("*.md"):
        for name in _LINK.findall(page.read_text("utf-8")):
            assert (FOLDER / f"{name}.md").is_file(), f"{page.name} leads to {name}.md"
