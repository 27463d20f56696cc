"""Help pages of models and data sets, written from their registries with the catalogue."""

from collections.abc import Iterable

from aeviz.catalogue import Catalogue, Entry, Option

MODELS_HEAD = """# Models

Every model trains, animates, decodes, saves and goes on. Each is chosen from the list of the
window or with `--model NAME`; its options are fields of the form, or `--set model.NAME=VALUE`.
Those marked *live* can be turned while it trains.
"""

DATA_HEAD = """# Data sets

Chosen from the list of the window or with `--data NAME`; their options with
`--set data.NAME=VALUE`. What is drawn or built in needs no download.
"""

OWN_SAMPLES = """## Your own samples

`aeviz train --data FILE.npz` (or `.npy`) trains on samples of your own, and on what
`aeviz draw … -o FILE.npz` has drawn. Samples are under `x`, `images`, `data`, `X` or `arr_0`:
a table (N, F), or images (N, H, W) or (N, H, W, C) as bytes or as floats with 0 for black and
1 for white, which become bytes. Labels are under `y`, `labels` or `targets`, as whole numbers or
words; names under `class_names` and `feature_names`. Others are named with
`--set data.samples=NAME` and `--set data.label=NAME`. Nothing in such a file is unpickled.
"""

KINDS = {"image": "images", "table": "tables"}


def models_page(catalogue: Catalogue) -> str:
    """Every model with its sentence, its source, the data it takes and its own options."""
    shared = _shared(catalogue.models)
    parts = [MODELS_HEAD]
    for entry in catalogue.models:
        own = [option for option in entry.options if option not in shared]
        parts.append(_section(entry, own, _takes(entry)))
    text = "Most models have these as well; a form shows those that matter."
    return "\n".join([*parts, "## Shared options\n", text + "\n", *_table(shared), ""])


def data_page(catalogue: Catalogue) -> str:
    """Every data set with its sentence, its source and its options; then what files can be."""
    sections = [_section(entry, entry.options, _holds(entry)) for entry in catalogue.data]
    return "\n".join([DATA_HEAD, *sections, OWN_SAMPLES])


def _section(entry: Entry, options: Iterable[Option], about: str) -> str:
    lines = [f"## {entry.title} (`{entry.name}`)", "", entry.summary, ""]
    lines += [f"*{entry.source}.* {about}", ""]
    table = _table(options)
    return "\n".join([*lines, *table, ""] if table else lines)


def _takes(entry: Entry) -> str:
    kinds = " and ".join(KINDS.get(kind, kind) for kind in entry.data)
    return f"Takes {kinds}; trains on `{entry.settings['data']['name']}` where no data are named."


def _holds(entry: Entry) -> str:
    kinds = " and ".join(KINDS.get(kind, kind) for kind in entry.data)
    where = "read from disk, or downloaded when asked" if entry.download else "no download"
    return f"{kinds[:1].upper() + kinds[1:]}; {where}."


def _shared(entries: Iterable[Entry]) -> list[Option]:
    """Options that more than half of the entries have, exactly the same."""
    rows = [option for entry in entries for option in entry.options]
    count = len(list(entries))
    return [option for option in dict.fromkeys(rows) if 2 * rows.count(option) > count]


def _table(options: Iterable[Option]) -> list[str]:
    """One line per option, or nothing."""
    lines = [
        f"| `{option.name}` | {_values(option)} | {_plain(option.default)} | "
        f"{option.description}{'; *live*' if option.live else ''} |"
        for option in options
    ]
    return ["| Option | Values | Default | |", "|---|---|---|---|", *lines] if lines else []


def _values(option: Option) -> str:
    if option.kind == "choice":
        return ", ".join(option.choices)
    if option.kind == "bool":
        return "true, false"
    words = {"ints": "whole numbers", "text": "a word"}
    if option.low is None or option.high is None:
        return words.get(option.kind, "a number")
    return f"{option.low:g} to {option.high:g}"


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return "–" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
