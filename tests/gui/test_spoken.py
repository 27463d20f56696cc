"""The window names fields where the command line names options."""

from dataclasses import asdict

import pytest

from aeviz import messages as m
from aeviz.catalogue import Option
from aeviz.data.hdf import options as of_hdf
from aeviz.data.pictures import options as of_pictures
from aeviz.data.tables import options as of_tables
from aeviz.gui.session import Session
from aeviz.gui.spoken import OWN_FILES, in_window


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        (
            "leave those samples out with --set data.missing=drop, or take the mean of the feature "
            "with --set data.missing=mean",
            "leave those samples out with “Missing values: drop”, or take the mean of the feature "
            "with “Missing values: mean”",
        ),
        (
            "so that no sample is left: set data.missing=mean, or choose other columns with --set "
            "data.features=NAMES",
            "so that no sample is left: set “Missing values: mean”, or choose other columns with "
            "“Features”",
        ),
        (
            "use a smaller learning rate (--lr) or clip the gradient (--set train.clip=1)",
            "use a smaller learning rate or clip the gradient (“Gradient clipping: 1”)",
        ),
        (
            "it is not empty: go on with the run that is there with --resume /a b/run, or choose "
            "another folder",
            "it is not empty: go on with the run that is there by opening it and training further, "
            "or choose another folder",
        ),
        ("--batch-size 7 is too large", "“Batch size” 7 is too large"),
        ("run `aeviz train --resume x` again", "run `aeviz train --resume x` again"),
        ("/a/data.csv: there is no such file", "/a/data.csv: there is no such file"),
        ("a -- b, pip install 'aeviz[table]'", "a -- b, pip install 'aeviz[table]'"),
    ],
)
def test_an_option_is_named_as_its_field(sentence: str, said: str) -> None:
    assert in_window(sentence) == said


def test_titles_that_are_given_are_used() -> None:
    said = in_window("name one with --set data.samples=PATH", {"samples": "Array of samples"})
    assert said == "name one with “Array of samples”"


def test_the_known_titles_are_those_of_the_fields() -> None:
    for module in (of_tables, of_pictures, of_hdf):
        for option in vars(module).values():
            if isinstance(option, Option) and option.name in OWN_FILES:
                assert option.title == OWN_FILES[option.name]


def test_what_the_window_is_told_is_in_its_words() -> None:
    session = Session(lambda message: None)
    heard: list[str] = []
    session.failed.connect(lambda message: heard.append(message.summary))
    session.data_previewed.connect(
        lambda message: heard.extend([message.sentence, *message.remarks])
    )
    session.receive(m.Failed(where="data", summary="with --set data.missing=drop"))
    entry = {"options": [asdict(of_tables.LABEL)]}
    session.receive(
        m.DataPreviewed(
            path="/x.csv",
            options={},
            format="CSV",
            entry=entry,
            sentence="choose one with --set data.label=NAME, or none",
            remarks=("as --set data.decimal=comma says",),
        )
    )
    assert heard == [
        "with “Missing values: drop”",
        "choose one with “Label”, or none",
        "as “Decimal sign: comma” says",
    ]


def test_a_message_without_options_is_passed_on_itself() -> None:
    session, heard = Session(lambda message: None), []
    session.failed.connect(heard.append)
    failure = m.Failed(where="data", summary="/a/b.csv is empty.")
    session.receive(failure)
    assert heard == [failure]
