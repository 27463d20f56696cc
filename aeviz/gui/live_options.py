"""The options that can be turned while a training runs."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aeviz.gui import theme
from aeviz.gui.form import Form
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session

_GROUPS = ("model", "train")


class LiveOptions(QWidget):
    """Shown while training: what is set here holds from the next step on."""

    def __init__(self, session: Session, plan: Plan) -> None:
        super().__init__()
        self._session = session
        self._plan = plan
        self.forms = {group: Form() for group in _GROUPS}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        for group, form in self.forms.items():
            form.setObjectName(group)
            form.edited.connect(self._on_edited)
            layout.addWidget(form)
        plan.changed.connect(self._on_plan_changed)
        session.training_changed.connect(self._on_training_changed)
        self._on_plan_changed()
        self._on_training_changed(session.training)

    @Slot()
    def _on_plan_changed(self) -> None:
        for group, form in self.forms.items():
            live = tuple(option for option in self._plan.options(group) if option.live)
            form.set_options(live, self._plan.defaults(group))
            form.put(self._plan.values(group))
            form.setVisible(bool(live))

    @Slot(object)
    def _on_training_changed(self, change: object) -> None:
        self.setVisible(self._session.is_training and self._is_its_model())

    def _is_its_model(self) -> bool:
        """Whether the plan speaks of the model that trains: outside it may be another one."""
        run = self._session.run
        if run is None or not self._session.is_outside:
            return True
        return bool(run.settings.get("model", {}).get("name") == self._plan.model.name)

    @Slot(str)
    def _on_edited(self, name: str) -> None:
        group = self.sender().objectName()
        value = self.forms[group].value(name)
        if self._session.is_training:
            self._session.turn(name, float(value))
        self._plan.set_values(group, {**self._plan.values(group), name: value})
