"""The dialog that shows a person's own data before they are used, and what opens it."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QFileDialog

from aeviz import messages as m
from aeviz.catalogue import Entry, Option
from aeviz.gui import data_roles
from aeviz.gui.data_preview import DataPreview
from aeviz.gui.entry_box import EntryBox
from aeviz.gui.main_window import MainWindow
from aeviz.gui.opening import is_run
from aeviz.gui.plan import OwnData
from aeviz.gui.preview_table import RoleBox
from aeviz.gui.session import Session
from tests.gui.offers import ROWS

DELIMITER = Option(
    "delimiter", "Delimiter", "Between values", "choice", "auto", choices=("auto", "comma", "tab")
)
LABEL = Option("label", "Label", "Column", "text", "")
MISSING = Option(
    "missing", "Missing values", "What to do", "choice", "stop", choices=("stop", "drop")
)
ENTRY = Entry("own.csv", "own", "A table.", "own.csv", ("table",), (DELIMITER, LABEL, MISSING))
SEEN = m.DataPreviewed(
    path="own.csv",
    options={},
    format="table",
    entry=asdict(ENTRY),
    found={"delimiter": "comma", "orientation": "rows"},
    columns=(
        m.ColumnSeen("u", "number", "feature", 0),
        m.ColumnSeen("v", "number", "feature", 1),
        m.ColumnSeen("kind", "text", "label", 0),
    ),
    all_columns=("u", "v", "kind"),
    roles=("feature", "feature", "label"),
    rows=(("1", "2", "a"), ("3", "", "b")),
    samples=2,
    features=2,
    remarks=("one value is odd",),
)


@pytest.fixture
def posted() -> list[m.Message]:
    return []


@pytest.fixture
def session(posted: list[m.Message], qapp: Any) -> Session:
    return Session(posted.append)


@pytest.fixture
def dialog(session: Session, qtbot: Any) -> DataPreview:
    made = DataPreview(session, "own.csv")
    qtbot.addWidget(made)
    made.show()
    return made


def asked(posted: list[m.Message]) -> dict[str, Any]:
    last = [message for message in posted if isinstance(message, m.PreviewData)][-1]
    return dict(last.options)


def choose(dialog: DataPreview, place: int, role: str) -> None:
    box = dialog.table.cellWidget(0, place)
    assert isinstance(box, RoleBox)
    box.setCurrentIndex(box.findData(role))
    box.activated.emit(box.currentIndex())


def test_it_asks_and_shows_rows_roles_and_remarks(
    dialog: DataPreview, session: Session, posted: list[m.Message]
) -> None:
    assert asked(posted) == {}
    assert not dialog.use.isEnabled()
    session.receive(SEEN)
    assert dialog.use.isEnabled()
    assert dialog.title.text() == "own"
    assert dialog.summary.text() == "table · 2 samples · 2 features"
    assert dialog.remarks.text() == "One value is odd."
    roles = [dialog.table.cellWidget(0, place).currentData() for place in range(3)]
    assert roles == ["feature", "feature", "label"]
    item = dialog.table.item(1, 2)
    assert item is not None
    assert item.text() == "a"
    delimiter = dialog.forms[0].widget("delimiter")
    assert delimiter.itemText(0) == "auto: comma"


def test_a_role_becomes_options_and_is_asked_about(
    dialog: DataPreview, session: Session, posted: list[m.Message]
) -> None:
    session.receive(SEEN)
    choose(dialog, 1, "colour")
    assert asked(posted) == {"label": "kind", "features": "u", "colours": "v"}
    assert not dialog.use.isEnabled()
    session.receive(SEEN)  # an answer to the old question
    assert not dialog.use.isEnabled()


def test_an_option_is_asked_about_and_another_cut_forgets_the_roles(
    dialog: DataPreview, session: Session, posted: list[m.Message]
) -> None:
    session.receive(SEEN)
    choose(dialog, 1, "ignored")
    session.receive(replace(SEEN, options=asked(posted)))
    for form, name, word in ((1, "missing", "drop"), (0, "delimiter", "tab")):
        field = dialog.forms[form].widget(name)
        field.setCurrentIndex(field.findData(word))
        session.receive(replace(SEEN, options=asked(posted)))
        assert asked(posted)[name] == word
    assert asked(posted) == {"missing": "drop", "delimiter": "tab"}


def test_what_is_undecided_keeps_the_data_from_being_used(
    dialog: DataPreview, session: Session
) -> None:
    session.receive(replace(SEEN, sentence="choose a label"))
    assert dialog.state.text() == "choose a label"
    assert not dialog.use.isEnabled()
    nothing = {"columns": (), "rows": (), "all_columns": (), "roles": (), "entry": {}}
    session.receive(replace(SEEN, sentence="it is a page", format="", **nothing))
    assert not dialog.use.isEnabled()
    assert not dialog.table.isVisible()


def test_turned_tables_have_no_roles_to_choose(dialog: DataPreview, session: Session) -> None:
    session.receive(replace(SEEN, found={"orientation": "columns"}))
    assert not dialog.table.cellWidget(0, 0).isEnabled()


# ── roles ─────────────────────────────────────────────────────────────────────────────────────


def test_there_is_only_one_label() -> None:
    roles = data_roles.with_role(["feature", "label"], ["number", "text"], 0, "label")
    assert roles == ["label", "colour"]


def test_columns_are_written_as_the_reader_takes_them() -> None:
    from aeviz.data.tables.layout import chosen

    names = ["a", "b", "c, d", "e", "f..g", "h", "i", "", 'say "x"', "z"]
    names[7] = "column 8"
    for kept in ("1110000000", "1101111011", "0010001010", "1111111111", "0000000110"):
        roles = ["feature" if letter == "1" else "ignored" for letter in kept]
        text = data_roles.columns_text(names, roles, "feature")
        assert chosen(names, text, "features") == [
            p for p, letter in enumerate(kept) if letter == "1"
        ]


# ── the window ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "aeviz.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def window(session: Session, settings: QSettings, qtbot: Any) -> MainWindow:
    made = MainWindow(session, settings, ROWS)
    qtbot.addWidget(made)
    return made


def previews(window: MainWindow) -> list[DataPreview]:
    return [each for each in window.findChildren(DataPreview) if each.isVisible()]


def test_data_that_are_used_become_the_plan_and_are_remembered(
    window: MainWindow, session: Session, settings: QSettings, tmp_path: Path, qtbot: Any
) -> None:
    path = str(tmp_path / "own.csv")
    Path(path).write_text("u,v\n1,2\n")
    window.plan.set_model("linear")
    window.opening.open(path)
    entry = asdict(replace(ENTRY, name=path))
    session.receive(replace(SEEN, path=path, entry=entry))
    qtbot.mouseClick(previews(window)[0].use, Qt.MouseButton.LeftButton)
    assert not previews(window)
    assert window.plan.settings()["data"] == {"name": path}
    assert window.plan.sample_shape == (2,)
    for box in (window.panel.setup.data, *window.findChildren(EntryBox)):
        if box.title == "Data set":
            assert box.currentText() == "own"
    again = MainWindow(session, settings, ROWS)
    qtbot.addWidget(again)
    assert [own.entry.title for own in again.plan.own] == ["own"]
    again.plan.set_data(path)
    assert again.plan.settings()["data"]["name"] == path


def test_data_that_are_gone_are_offered_no_more(
    window: MainWindow, session: Session, settings: QSettings, qtbot: Any
) -> None:
    settings.setValue("recent/data", '[{"entry": {"name": "gone.csv"}, "options": {}}]')
    again = MainWindow(session, settings, ROWS)
    qtbot.addWidget(again)
    assert again.plan.own == ()


def test_own_data_bring_their_options_and_a_model_that_takes_them(window: MainWindow) -> None:
    plan = window.plan
    image = Entry("pictures", "Pictures", "Some.", "Own", ("image",))
    plan.set_model("flow")
    plan.use_own(OwnData(image, {}))
    assert plan.model.name == "vae"
    plan.use_own(OwnData(ENTRY, {"missing": "drop", "unknown": 1}, 2))
    assert plan.settings()["data"] == {"name": "own.csv", "missing": "drop"}
    plan.set_data("digits")
    assert plan.settings()["data"] == {"name": "digits"}
    plan.set_data("own.csv")
    assert plan.settings()["data"] == {"name": "own.csv", "missing": "drop"}


def test_the_file_menu_asks_for_a_file(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, posted: list[m.Message], tmp_path: Path
) -> None:
    path = str(tmp_path / "own.csv")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    window.commands.action("data.open").trigger()
    assert posted[-1].path == path  # type: ignore[attr-defined]
    previews(window)[0].reject()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "x"))
    window.commands.action("data.folder").trigger()
    assert isinstance(posted[-1], m.PreviewData)
    previews(window)[0].reject()


def test_a_run_is_told_from_data(tmp_path: Path) -> None:
    assert is_run(tmp_path)  # empty: it may become one
    (tmp_path / "a.csv").write_text("1,2\n")
    assert not is_run(tmp_path)
    assert not is_run(tmp_path / "a.csv")
    (tmp_path / "run.json").write_text("{}")
    assert is_run(tmp_path)
