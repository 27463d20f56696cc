"""What the next training will be: data, model, their options, seed and device."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from aeviz.catalogue import Catalogue, Entry, Option

Values = dict[str, Any]
GROUPS = ("data", "model", "train")


@dataclass(frozen=True)
class OwnData:
    """A file of the person's own as a data set.

    Attributes:
        entry: As the catalogue would have it.
        options: How it is read.
        features: How many a sample of it has, 0 where that is not known.
    """

    entry: Entry
    options: Mapping[str, Any]
    features: int = 0


class Plan(QObject):
    """The settings that Train would start with; toolbar and training panel both show them.

    Each group keeps only what differs from its default, so that a default that changes with the
    model is not frozen by having been looked at.

    Signals:
        changed(): Anything is different.
    """

    changed = Signal()

    def __init__(self, catalogue: Catalogue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.catalogue = catalogue
        names = [entry.name for entry in catalogue.models]
        self._names = {
            "data": catalogue.data[0].name,
            "model": "vae" if "vae" in names else names[0],
        }
        self._values: dict[str, Values] = {group: {} for group in GROUPS}
        self._own: dict[str, OwnData] = {}
        self.preset = ""
        self.seed = 0
        self.device = "auto"
        self.place = 0
        self.problems: tuple[str, ...] = ()
        self.refusal = ""

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    @property
    def data(self) -> Entry:
        """The chosen data set."""
        own = self._own.get(self._names["data"])
        return self.catalogue.dataset(self._names["data"]) if own is None else own.entry

    @property
    def own(self) -> tuple[OwnData, ...]:
        """Data of the person's own that can be chosen, the newest first."""
        return tuple(self._own.values())

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of the samples of own data, where that is known; else ()."""
        own = self._own.get(self._names["data"])
        return () if own is None or not own.features else (own.features,)

    @property
    def model(self) -> Entry:
        """The chosen model."""
        return self.catalogue.model(self._names["model"])

    def options(self, group: str) -> tuple[Option, ...]:
        """The options of "data", "model" or "train"."""
        if group == "train":
            return self.catalogue.train
        return self.data.options if group == "data" else self.model.options

    def defaults(self, group: str) -> Values:
        """What holds where nothing is said; a model may change the defaults of the training."""
        made = {option.name: option.default for option in self.options(group)}
        changed = self.model.settings.get(group, {})
        return made | {name: _plain(value) for name, value in changed.items() if name in made}

    def values(self, group: str) -> Values:
        """What has been set apart from the defaults."""
        return dict(self._values[group])

    def settings(self) -> dict[str, Any]:
        """The mapping of `Train`, `run.json` and `--config`."""
        return {
            "data": {"name": self.data.name, **self._values["data"]},
            "model": {"name": self.model.name, **self._values["model"]},
            "train": dict(self._values["train"]),
            "seed": self.seed,
            "device": self.device,
        }

    def unsuited(self, model: Entry) -> str:
        """Why a model cannot take the chosen data, or an empty string."""
        if not model.data or set(model.data) & set(self.data.data):
            return ""
        kinds = {"image": "images", "table": "tables"}
        takes = " and ".join(kinds.get(kind, kind) for kind in model.data)
        return f"{model.title} takes {takes}; {self.data.title} has none."

    def out_of_reach(self, model: Entry) -> str:
        """Why a model cannot be chosen, or an empty string: most bring data that suit them."""
        return "" if self._brought(model) else self.unsuited(model)

    # ── changing ──────────────────────────────────────────────────────────────────────────────

    @Slot(str)
    def set_data(self, name: str) -> None:
        """Choose a data set; options that both have are kept, own data bring theirs."""
        if name in self._own and name != self._names["data"]:
            self._values["data"] = dict(self._own[name].options)
        self._choose("data", name)

    def offer_catalogue(self, catalogue: Catalogue) -> None:
        """Let other models and data sets be chosen: plug-ins have come, or changed."""
        self.catalogue = catalogue
        models = [entry.name for entry in catalogue.models]
        data = {entry.name for entry in catalogue.data} | self._own.keys()
        if self._names["model"] not in models:
            self._names["model"] = "vae" if "vae" in models else models[0]
        if self._names["data"] not in data:
            self._names["data"] = catalogue.data[0].name
        self._values = {group: self._kept(group, self._values[group]) for group in GROUPS}
        self.changed.emit()

    def offer_own(self, found: Iterable[OwnData]) -> None:
        """Let data of the person's own be chosen; the first is the newest."""
        self._own = {own.entry.name: own for own in found}
        self.changed.emit()

    def use_own(self, own: OwnData) -> None:
        """Choose data of the person's own, with their options."""
        name = own.entry.name
        self._own = {name: own} | {other: old for other, old in self._own.items() if other != name}
        self._names["data"] = own.entry.name
        self._values["data"] = self._kept("data", own.options)
        model = next((model for model in self._suiting()), None)
        if self.unsuited(self.model) and model is not None:
            self._choose("model", model.name)
        self._announce()

    @Slot(str)
    def set_model(self, name: str) -> None:
        """Choose a model; options that both have are kept.

        One that cannot take the chosen data brings a data set that suits it.
        """
        model = self.catalogue.model(name)
        if self.unsuited(model) and self._brought(model):
            self._choose("data", self._brought(model))
        self._choose("model", name)

    def set_values(self, group: str, values: Mapping[str, Any]) -> None:
        """Set the options of a group apart from their defaults."""
        kept = self._kept(group, values)
        if kept != self._values[group]:
            self._values[group] = kept
            self._announce()

    def set_seed(self, seed: int) -> None:
        """The number that every random choice follows from."""
        if seed != self.seed:
            self.seed = seed
            self._announce()

    def set_device(self, device: str) -> None:
        """Where to train; "auto" takes the best there is."""
        if device != self.device:
            self.device = device
            self.changed.emit()

    def set_place(self, devices: int) -> None:
        """Train in this window (0), or outside on so many devices."""
        if devices != self.place:
            self.place = devices
            self.changed.emit()

    @Slot(str)
    def set_preset(self, name: str) -> None:
        """Take over the settings that a preset stands for; an empty name only forgets it."""
        if name == self.preset:
            return
        if name:
            self._take(self.catalogue.preset(name).settings)
        self.preset = name
        self.changed.emit()

    def set_settings(self, settings: Mapping[str, Any]) -> None:
        """Take over the settings of a run; what is not known here is left out."""
        before = self.settings()
        self._take(settings)
        self.seed = int(settings.get("seed", self.seed))
        if self.settings() != before:
            self._announce()

    def set_problems(self, problems: tuple[str, ...]) -> None:
        """Sentences about fields that do not hold a value; Train waits until there are none."""
        if problems != self.problems:
            self.problems = problems
            self.changed.emit()

    def set_refusal(self, sentence: str) -> None:
        """Why the model cannot be made of these options and data; Train waits until it can."""
        if sentence != self.refusal:
            self.refusal = sentence
            self.changed.emit()

    def _choose(self, group: str, name: str) -> None:
        if name == self._names[group]:
            return
        self._names[group] = name
        self._values[group] = self._kept(group, self._values[group])
        self._announce()

    def _take(self, settings: Mapping[str, Any]) -> None:
        known = {
            "data": {entry.name for entry in self.catalogue.data} | self._own.keys(),
            "model": {entry.name for entry in self.catalogue.models},
        }
        for group in known:
            name = settings.get(group, {}).get("name", "")
            if name in known[group]:
                self._names[group] = name
        for group in GROUPS:
            self._values[group] = self._kept(group, settings.get(group, {}))

    def _kept(self, group: str, values: Mapping[str, Any]) -> Values:
        """Those values that an option of the group takes and that are not its default."""
        defaults = self.defaults(group)
        return {
            option.name: _plain(values[option.name])
            for option in self.options(group)
            if option.name in values
            and _plain(values[option.name]) != defaults[option.name]
            and takes(option, values[option.name])
        }

    def _suiting(self) -> Iterator[Entry]:
        """Models that can take the chosen data, the variational autoencoder first."""
        found = [model for model in self.catalogue.models if not self.unsuited(model)]
        return iter(sorted(found, key=lambda model: model.name != "vae"))

    def _brought(self, model: Entry) -> str:
        """The data set that a model trains on where none is named, "" without one."""
        name = str(model.settings.get("data", {}).get("name", ""))
        return name if any(entry.name == name for entry in self.catalogue.data) else ""

    def _announce(self) -> None:
        self.preset = ""
        self.changed.emit()


def takes(option: Option, value: Any) -> bool:
    """Whether an option may have that value: its kind, range and words."""
    if value is None:
        return option.default is None
    if option.kind == "choice":
        return value in option.choices
    if option.kind == "bool":
        return isinstance(value, bool)
    if option.kind == "text":
        return isinstance(value, str)
    numbers = value if option.kind == "ints" and isinstance(value, list | tuple) else (value,)
    return all(_in_range(option, number) for number in numbers)


def _in_range(option: Option, number: Any) -> bool:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    if isinstance(number, float) and option.kind != "float":
        return False
    low = -float("inf") if option.low is None else option.low
    high = float("inf") if option.high is None else option.high
    return bool(low <= number <= high)


def _plain(value: Any) -> Any:
    """Lists as tuples, so that equal values compare equal."""
    return tuple(value) if isinstance(value, list) else value
