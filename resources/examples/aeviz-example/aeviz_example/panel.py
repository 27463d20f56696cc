"""A panel that asks the question of `question.py` at every epoch."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout

from aeviz.gui.inspectors.base import Inspector, register_inspector


@register_inspector("example-spread", title="Spread", area="right", order=150)
class Spread(Inspector):
    def __init__(self, session):
        super().__init__(session)
        self.label = QLabel(wordWrap=True)
        layout = QVBoxLayout(self)
        layout.addWidget(self.label)
        layout.addStretch()
        session.epoch_changed.connect(self.ask)
        session.engine_ready.connect(self.ask)
        session.answered.connect(self.show_answer)
        self.ask()

    @Slot()
    def ask(self):
        run = self.session.run
        self.label.setText("No run is shown." if run is None else "…")
        if run is not None and self.session.epochs:
            self.session.ask("example-spread", "example.spread", epoch=self.session.epoch)

    @Slot(object)
    def show_answer(self, answer):
        if answer.view == "example-spread":
            names = self.session.run.class_names
            lines = zip(names, answer.values["spread"], strict=False)
            self.label.setText("\n".join(f"{name}: {value:.2f}" for name, value in lines))
