"""What will be trained: data, model, options, with a drawing of the model and its loss."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from aeviz.catalogue import Option
from aeviz.gui import devices, theme
from aeviz.gui.dock_title import INSET
from aeviz.gui.entry_box import EntryBox
from aeviz.gui.fields import IntField
from aeviz.gui.form import Form, Rows
from aeviz.gui.icons import icon
from aeviz.gui.labels import caption_label, heading_label
from aeviz.gui.model_drawing import FormulaView, ModelDrawing
from aeviz.gui.numbers import count
from aeviz.gui.plan import GROUPS, Plan
from aeviz.gui.scroll import Ruled, scrolled
from aeviz.gui.session import Session
from aeviz.messages import Answer, Term

VIEW = "training-setup"
_SEED = Option(
    "seed",
    "Seed",
    "Every random choice follows from it: the same seed gives the same run on the same device",
    "int",
    0,
    low=0,
)


class TrainingSetup(QWidget):
    """The plan as forms. While a training is under way only live options can be changed."""

    def __init__(self, session: Session, plan: Plan) -> None:
        super().__init__()
        self._session = session
        self._plan = plan
        catalogue = plan.catalogue
        self.preset = EntryBox(self.tr("Preset"), catalogue.presets)
        self.preset.add_none(self.tr("none"))
        self.data = EntryBox(self.tr("Data set"), catalogue.data)
        self.model = EntryBox(self.tr("Model"), catalogue.models)
        self.forms = {group: Form() for group in GROUPS}
        self.seed = IntField(_SEED)
        self.device = QComboBox()
        self.place = QComboBox()
        self.download = self._download_button()
        self.drawing = ModelDrawing()
        self.formula = FormulaView()
        self._data_note = caption_label("")
        self._model_note = caption_label("")
        self._size_note = caption_label("")
        self._lay_out()
        self._connect()
        self._on_plan_changed()

    # ── layout ────────────────────────────────────────────────────────────────────────────────

    def _lay_out(self) -> None:
        space = theme.SPACE
        form = QWidget()
        layout = QVBoxLayout(form)
        layout.setContentsMargins(INSET, space, INSET, space)
        layout.setSpacing(space // 2)
        top = Rows()
        top.add(self.preset.title, self.preset, tip=self.tr("Settings under a name."))
        layout.addWidget(top)
        self._add_part(layout, self.tr("Data"), self._data_line(), self._data_note)
        layout.addWidget(self.forms["data"])
        self._add_part(layout, self.tr("Model"), self.model, self._model_note)
        layout.addWidget(self.forms["model"])
        self._add_part(layout, self.tr("Training"), self.forms["train"])
        layout.addWidget(self._seed_rows())
        layout.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scrolled(form), 1)
        whole.addWidget(self._sketch())

    def _sketch(self) -> QWidget:
        """The drawing of the model and its loss; it stays in sight while the form scrolls."""
        sketch = Ruled()
        layout = QVBoxLayout(sketch)
        layout.setContentsMargins(INSET, theme.SPACE, INSET, theme.SPACE // 2)
        layout.setSpacing(theme.SPACE // 2)
        for widget in (self.drawing, self._size_note, self.formula):
            layout.addWidget(widget)
        return sketch

    def _add_part(self, layout: QVBoxLayout, title: str, *widgets: QWidget) -> None:
        layout.addSpacing(theme.SPACE)
        for widget in (heading_label(title), *widgets):
            layout.addWidget(widget)

    def _data_line(self) -> QWidget:
        both = QWidget()
        line = QHBoxLayout(both)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.SPACE // 2)
        line.addWidget(self.data, 1)
        line.addWidget(self.download)
        return both

    def _seed_rows(self) -> Rows:
        rows = Rows()
        rows.add(_SEED.title, self.seed, tip=_SEED.description)
        self.seed.setAccessibleName(_SEED.title)
        self.seed.setToolTip(_SEED.description)
        rows.add(self.tr("Device"), self.device)
        self.device.setAccessibleName(self.tr("Device"))
        rows.add(self.tr("Train"), self.place)
        self.place.setAccessibleName(self.tr("Where to train"))
        self.place.setToolTip(
            self.tr(
                "In this window every step can be watched. Outside, a process of its own trains "
                "on when the window is closed."
            )
        )
        return rows

    def _download_button(self) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon("download"))
        button.setIconSize(QSize(16, 16))
        button.setAutoRaise(True)
        button.setAccessibleName(self.tr("Download"))
        button.setToolTip(
            self.tr("Fetch the files of this data set; they are kept on this computer.")
        )
        return button

    def _connect(self) -> None:
        self.preset.chosen.connect(self._plan.set_preset)
        self.data.chosen.connect(self._plan.set_data)
        self.model.chosen.connect(self._plan.set_model)
        self.seed.edited.connect(self._on_seed_edited)
        self.device.activated.connect(self._on_device_activated)
        self.place.activated.connect(self._on_place_activated)
        self.download.clicked.connect(self._on_download_clicked)
        for group, form in self.forms.items():
            form.setObjectName(group)
            form.edited.connect(self._on_edited)
            form.problems_changed.connect(self._on_problems_changed)
        self._plan.changed.connect(self._on_plan_changed)
        self._session.engine_ready.connect(self._on_engine_ready)
        self._session.answered.connect(self._on_answered)
        self._session.training_changed.connect(self._on_training_changed)

    # ── the plan ──────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_plan_changed(self) -> None:
        plan = self._plan
        self.preset.show_entry(plan.preset)
        self.data.offer(plan.catalogue.data)
        self.model.offer(plan.catalogue.models)
        self.data.offer_own(own.entry for own in plan.own)
        self.data.show_entry(plan.data.name)
        self.model.show_entry(plan.model.name)
        self.model.grey(plan.out_of_reach)
        self._data_note.say(plan.data.summary)
        self._model_note.say(plan.unsuited(plan.model) or plan.refusal or plan.model.summary)
        self._model_note.setToolTip(plan.model.source)
        self.download.setVisible(plan.data.download)
        for group, form in self.forms.items():
            form.set_options(plan.options(group), plan.defaults(group))
            form.put(plan.values(group))
            form.setVisible(bool(plan.options(group)))
        self.seed.put(plan.seed)
        self._show_devices()
        self._show_places()
        self._lock()
        self._ask()

    def _show_devices(self) -> None:
        engine = self._session.engine
        wanted = devices.choices(engine)
        self.device.clear()
        for device in wanted:
            self.device.addItem(devices.choice_name(device, engine), device)
        row = self.device.findData(self._plan.device)
        self.device.setCurrentIndex(max(row, 0))
        self.device.setToolTip(self.tr("Still looking.") if engine is None else engine.reason)

    def _show_places(self) -> None:
        """Here, outside, and outside on several devices where there are several."""
        engine = self._session.engine
        names = [self.tr("In this window"), self.tr("Outside")]
        several = range(2, 1 + (1 if engine is None else engine.count))
        names += [self.tr("Outside, {count} devices").format(count=n) for n in several]
        self.place.clear()
        for number, name in enumerate(names):
            self.place.addItem(name, number)
        self.place.setCurrentIndex(min(self._plan.place, len(names) - 1))

    def _ask(self) -> None:
        """Ask for the drawing of the model as it is planned."""
        if self._session.engine is None:
            self._size_note.say(self.tr("The model is drawn here once PyTorch is loaded."))
        elif not self._plan.problems and not self._plan.unsuited(self._plan.model):
            settings = self._plan.settings()
            if self._plan.sample_shape:
                settings["sample_shape"] = self._plan.sample_shape
            self._session.describe_model(VIEW, settings)

    @Slot(str)
    def _on_edited(self, name: str) -> None:
        form = self.forms[self.sender().objectName()]
        if self._session.trains_here and form.option(name).live:
            self._session.turn(name, float(form.value(name)))
        self._plan.set_values(form.objectName(), form.values())

    @Slot()
    def _on_problems_changed(self) -> None:
        found = [text for form in self.forms.values() for text in form.problems()]
        self._plan.set_problems(tuple(found))

    @Slot()
    def _on_seed_edited(self) -> None:
        self._plan.set_seed(int(self.seed.value()))

    @Slot(int)
    def _on_device_activated(self, row: int) -> None:
        self._plan.set_device(str(self.device.itemData(row)))

    @Slot(int)
    def _on_place_activated(self, row: int) -> None:
        self._plan.set_place(row)

    @Slot()
    def _on_download_clicked(self) -> None:
        self._session.download(self._plan.data.name)

    # ── the session ───────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_engine_ready(self, engine: object) -> None:
        self._show_devices()
        self._show_places()
        self._ask()

    @Slot(object)
    def _on_training_changed(self, change: object) -> None:
        self._lock()

    def _lock(self) -> None:
        reason = self.tr("Fixed while a training is under way.")
        reason = reason if self._session.trains_here else ""
        for box in (self.preset, self.data, self.model):
            box.lock(reason)
        for form in self.forms.values():
            form.lock(reason)
        for widget in (self.seed, self.device, self.place):
            widget.setEnabled(not reason)

    @Slot(object)
    def _on_answered(self, answer: Answer) -> None:
        if answer.view == VIEW:
            self._show_description(answer.values)

    def _show_description(self, values: Mapping[str, Any]) -> None:
        problem = str(values.get("problem", ""))
        self._plan.set_refusal(problem[:1].upper() + problem[1:])
        layout = tuple(values.get("layout", ()))
        self.drawing.show_layout(layout, int(values.get("latent_dim", 0)))
        self.drawing.setVisible(bool(layout))
        number = count(int(values.get("parameters", 0)))
        text = self.tr("{number} parameters").format(number=number)
        self._size_note.say(text if values and not self._plan.refusal else "")
        self.formula.show_terms([Term(**term) for term in values.get("terms", ())])
