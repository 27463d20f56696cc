"""Disentanglement: which latent dimension stands for which factor, and the scores of that."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from aeviz import catalogue
from aeviz.gui.captions import Caption, tip
from aeviz.gui.inspectors.base import register_inspector
from aeviz.gui.labels import ElidedLabel, caption_label, figure_label
from aeviz.gui.matrix import Matrix, MatrixView
from aeviz.gui.numbers import count, measure
from aeviz.gui.study_panel import StudyInspector
from aeviz.gui.theme import SPACE
from aeviz.messages import FloatArray

MOST_ROWS = 64
"""Dimensions at most that have a row: those that say most."""

WITH_FACTORS = ("shapes", "swiss-roll", "cells")
"""Built-in data sets whose samples come with what they were generated from."""

NO_FACTORS = (
    "Nothing is known of what these samples were generated from. The data sets “Shapes with known "
    "factors”, “Swiss roll” and “Simulated cells” come with their factors."
)
SEEDS = (
    "Compare several seeds before you believe in a method: over 12,000 trained models, seeds and "
    "hyper-parameters mattered more than the method (Locatello et al., 2019)."
)
TABLES = (
    (
        "information",
        "Mutual information",
        "{row} and {column}: {value} of what there is to know about {column} is in {row} alone "
        "(mutual information as a share of the factor's entropy).",
    ),
    (
        "importance",
        "Importance",
        "{row} and {column}: {value} of what a random forest uses to predict {column} is {row}; "
        "a column adds up to 1.",
    ),
    (
        "predictability",
        "Predictability",
        "{row} and {column}: {value}, how well {row} alone predicts {column} (squared correlation "
        "of numbers, accuracy above chance of choices).",
    ),
)
SCORES = (
    (
        "mig",
        "MIG",
        "Mutual information gap: how much more the best dimension says of a factor than the second "
        "best, as a share of the factor's entropy, mean over the factors (Chen et al., 2018).",
    ),
    (
        "dci",
        "DCI disentanglement",
        "How far each dimension matters to one factor only, by the importances of random forests "
        "(Eastwood & Williams, 2018).",
    ),
    (
        "completeness",
        "DCI completeness",
        "How far each factor is held by one dimension only, by the same importances.",
    ),
    (
        "informativeness",
        "DCI informativeness",
        "How well random forests predict the factors from all dimensions, for samples that their "
        "trees were not grown on: accuracy of choices, R² of numbers, mean over the factors.",
    ),
    (
        "sap",
        "SAP",
        "Separated attribute predictability: how much better the best dimension alone predicts a "
        "factor than the second best, mean over the factors (Kumar et al., 2018).",
    ),
    (
        "modularity",
        "Modularity",
        "How far each dimension says something of one factor only, of those that say at least 1 % "
        "of a factor's entropy (Ridgeway & Mozer, 2018).",
    ),
    (
        "factor_vae_score",
        "FactorVAE score",
        "How often the dimension that varies least among 64 samples with the same value of a "
        "factor tells which factor that is; chance is {chance} (Kim & Mnih, 2018).",
    ),
    (
        "beta_vae_score",
        "β-VAE score",
        "How often a linear classifier tells, from the differences of 64 pairs that share a "
        "factor's value, which factor it is; chance is {chance} (Higgins et al., 2017).",
    ),
)
HELD = (
    "FactorVAE and β-VAE scores hold a factor still by samples of the data set that share its "
    "value (or lie in the same twentieth of its values); no new ones are drawn."
)
ONE_ALONE = "It compares factors with one another, and there is one alone."


@register_inspector("disentanglement", title="Disentanglement", area="bottom", order=126)
class DisentanglementInspector(StudyInspector):
    """A heat map of dimensions by factors, and eight scores with what they mean."""

    instrument = "disentanglement"
    empty = "Open a run: which latent dimension stands for which factor appears here."

    def why_not(self) -> str:
        """A data set without factors."""
        run = self.session.run
        if run is None:
            return ""
        name = str(run.settings.get("data", {}).get("name", ""))
        if name in WITH_FACTORS:
            return ""
        is_built_in = name in {entry.name for entry in catalogue.load().data}
        return NO_FACTORS if is_built_in or not run.known else ""

    def lay_out_findings(self, body: QWidget) -> None:
        """A choice of three tables, the table, the scores, and what to make of them."""
        self.table = QComboBox()
        self.table.setAccessibleName("What the table shows")
        for name, title, _ in TABLES:
            self.table.addItem(title, name)
        self.table.currentIndexChanged.connect(self._on_table_changed)
        self.matrix = MatrixView("Latent dimensions by factors")
        self.left_out = caption_label("")
        self.scores: dict[str, tuple[ElidedLabel, Caption, Caption]] = {}
        self.of_what = caption_label("")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        rest = (self.of_what, caption_label(HELD), caption_label(SEEDS))
        for widget in (self.table, self.matrix, self.left_out, self._score_table(), *rest):
            column.addWidget(widget)

    def _score_table(self) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        for row, (name, title, _) in enumerate(SCORES):
            self.scores[name] = (ElidedLabel(title), figure_label(), figure_label())
            for place, label in enumerate(self.scores[name]):
                grid.addWidget(label, row, place)
        return table

    def clear_findings(self) -> None:
        """Nothing is known of another run."""
        self.matrix.set_matrix(None)

    def show_findings(self, arrays: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Draw the chosen table and write the scores."""
        self._on_table_changed()
        chance = values["chance"]
        for name, _, definition in SCORES:
            value, error = values[name], values.get(f"{name}_error")
            told = definition.format(chance="" if chance is None else measure(chance, 2))
            label, figure, spread = self.scores[name]
            figure.setText("none" if value is None else f"{value:.3f}")
            spread.setText("" if error is None else f"± {error:.3f}")
            for each in (label, figure, spread):
                each.setToolTip(tip(ONE_ALONE if value is None else told))
            label.setAccessibleDescription(told)
        part = "" if values["part"] == "all" else f"{values['part']} "
        looked = f"{count(values['samples'])} of {count(values['of'])} {part}samples"
        self.of_what.say(f"{looked}. 1 is perfect; ± is the standard error of 800 votes.", "muted")

    @Slot()
    def _on_table_changed(self) -> None:
        found = self.findings
        if found is None:
            return
        name, _, sentence = TABLES[self.table.currentIndex()]
        values = np.asarray(found.arrays[name], np.float32)
        rows = shown_rows(values)
        self.matrix.set_matrix(
            Matrix(
                values=values[rows],
                rows=tuple(f"z{row + 1}" for row in rows),
                columns=tuple(map(str, found.values["factors"])),
                tips=sentence,
                top=max(1e-6, float(values.max(initial=0.0))),
            )
        )
        left = len(values) - len(rows)
        self.left_out.say(f"{left} dimensions that say less are left out." if left else "")


def shown_rows(values: FloatArray) -> list[int]:
    """The rows that are drawn, in their order: all, or those with the largest values."""
    strongest = np.argsort(-values.max(axis=1), kind="stable")[:MOST_ROWS]
    return sorted(strongest.tolist())
