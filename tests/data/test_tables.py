"""Own tables as text: what is found in them, and what is refused with its line and column."""

import csv
import gzip
import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz import data
from aeviz.data import reader
from aeviz.data.apart import Found
from aeviz.data.dataset import DataError, Dataset
from aeviz.data.own import format_of
from aeviz.data.tables import reading
from aeviz.data.tables.assembling import assemble
from aeviz.data.tables.formulas import neutral

Read = Callable[..., Dataset]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads a text as a table: the work of the child process, done here."""
    monkeypatch.setattr(reader, "say", lambda word: None)

    def read_text(text: str | bytes, name: str = "own.csv", **options: Any) -> Dataset:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert format_of(path).name.startswith("table"), "told by its content"
        folder = tmp_path / f"arrays-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        facts = reading.read(path, options, reader.Sink(folder, 2**30))
        arrays = {file.stem: np.load(file) for file in folder.glob("*.npy")}
        return assemble(path, Found(arrays, facts))

    return read_text


IRIS = "length,width,species\n1.5,2,setosa\n2.5,3,virginica\n3.5,5,setosa\n"


def test_a_plain_table_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_text(IRIS)
    found = data.load(str(tmp_path / "flowers.csv"), tmp_path)
    assert found.title == "flowers"
    assert found.feature_names == ("length", "width")
    assert found.samples.tolist() == [[1.5, 2], [2.5, 3], [3.5, 5]]
    assert found.class_names == ("setosa", "virginica")
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1, 0]
    assert found.scaling.kind == "standardise"
    assert np.allclose(found.scaling.undo(found.scaling.apply(found.samples)), found.samples)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "   ", " , "])
def test_every_delimiter_is_found(read: Read, delimiter: str) -> None:
    found = read(IRIS.replace(",", delimiter), "own.txt")
    assert found.feature_names == ("length", "width")
    assert found.samples[:, 1].tolist() == [2, 3, 5]
    assert found.class_names == ("setosa", "virginica")


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(IRIS.encode()),
        b"\xef\xbb\xbf" + IRIS.encode(),
        IRIS.encode("utf-16"),
        IRIS.encode("utf-16-le"),
        IRIS.replace("\n", "\r\n").encode(),
        IRIS.replace("\n", "\r").encode(),
        b"# measured in May\n\n" + IRIS.encode() + b"\n\n",
        b"sep=,\n" + IRIS.encode(),
        IRIS.replace("setosa", '"setosa"').encode(),
    ],
    ids=["gzip", "BOM", "UTF-16", "UTF-16 bare", "CRLF", "CR", "comments", "sep", "quotes"],
)
@pytest.mark.parametrize("name", ["own.csv", "own.dat"])
def test_packing_encoding_and_line_ends_do_not_matter(
    read: Read, content: bytes, name: str
) -> None:
    found = read(content, name)
    assert found.samples.tolist() == [[1.5, 2], [2.5, 3], [3.5, 5]]
    assert found.class_names == ("setosa", "virginica")


def test_letters_of_windows_are_read_and_that_is_said(read: Read) -> None:
    found = read("Länge;Sorte\n1,5;süß\n2,5;herb\n3,25;herb\n".encode("latin-1"))
    assert found.feature_names == ("Länge",)
    assert found.class_names == ("herb", "süß")
    assert found.samples.ravel().tolist() == [1.5, 2.5, 3.25]
    assert "its text was read as Windows-1252" in found.remarks


def test_quotes_hold_delimiters_and_line_ends(read: Read) -> None:
    found = read('a,b,label\n1,2,"x, y"\n3,4,"p\nq"\n5,6,"x, y"\n')
    assert found.class_names == ("pq", "x, y")
    assert found.samples[:, 0].tolist() == [1, 3, 5]


# ── numbers ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a;b\n1,5;2\n-3,25;1e3\n", [[1.5, 2], [-3.25, 1000]]),
        ("a;b\n1.234,5;2\n3,25;1.000.000\n", [[1234.5, 2], [3.25, 1_000_000]]),
        ('a,b\n"1,234.5",2\n3.25,"1,000,000"\n', [[1234.5, 2], [3.25, 1_000_000]]),
        ('a,b\n"1,5",2\n"3,25",7\n', [[1.5, 2], [3.25, 7]]),
        ("a;b\n1 234,5;2\n3,25;1'000\n", [[1234.5, 2], [3.25, 1000]]),
        ("a\tb\n+1.5E-3\t.5\n-2\t5.\n", [[0.0015, 0.5], [-2, 5]]),
    ],
)
def test_decimal_commas_and_thousands_are_understood(
    read: Read, text: str, values: list[list[float]]
) -> None:
    assert np.allclose(read(text).samples, np.array(values, np.float32))


def test_a_number_that_could_be_two_is_asked_about(read: Read) -> None:
    text = "a;b\n1,234;2\n5,678;3\n"
    with pytest.raises(DataError, match=r"'.,...' may mean .* --set data.decimal=comma"):
        read(text)
    assert read(text, decimal="point").samples[:, 0].tolist() == [1234, 5678]
    assert np.allclose(read(text, decimal="comma").samples[:, 0], [1.234, 5.678])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3,4\n5,six\n7,8\n9,1\n", "line 4, column 'b': 'six' is no number"),
        ("a,b\n1,2\n3,4\n5,1_0\n7,8\n9,1\n", "line 4, column 'b': '1_0' is no number"),
        ("a;b\n1,5;2\n2,5;3\n3,5;1.5\n", "line 4|decimal comma .* decimal point"),
        ("a,b\n1,2\n3,4,5\n6,7\n", "line 3 has 3 values, and line 1 has 2"),
        ("a,b\n1,2\n3\n6,7\n", "line 3 has 1 value, and line 1 has 2"),
        ('a,b\n1,2\n"3,4\n6,7\n', "line 3: a quote is opened there and not closed"),
        ('a,b\n1,2\n"3"4,5\n6,7\n', "line 3: a quote stands inside a value"),
        ("a,b\n1,2\n3,\x004\n6,7\n" + "8,9\n" * 50, "line 3 holds a NUL byte"),
        ("a,b\nx,y\nx,z\n", "no column is left for the features; it has 'a', 'b'"),
        ("a,b\n", "it holds names and no values"),
    ],
)
def test_what_is_wrong_is_named_with_line_and_column(read: Read, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(text)


def test_the_sentence_that_a_person_sees_names_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("a,b\n1,2\n3,4,5\n")
    with pytest.raises(DataError) as caught:
        data.load(str(path), tmp_path)
    assert str(caught.value).startswith(f"{path}: line 3 has 3 values")


def test_a_later_block_knows_its_lines(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HEAD_LINES", 5)
    monkeypatch.setattr(reading, "BLOCK_CELLS", 8)
    text = "a,b\n" + "1,2\n" * 40
    assert len(read(text)) == 40
    with pytest.raises(DataError, match="line 42, column 'a': 'x' is no number"):
        read(text + "x,1\n")
    with pytest.raises(DataError, match="line 42 has 1 value"):
        read(text + "1\n")


def test_a_damaged_packing_is_said(read: Read) -> None:
    rows = "".join(f"{row * 7919 % 10007},{row}\n" for row in range(3000))
    whole = gzip.compress(("a,b\n" + rows).encode())
    with pytest.raises(DataError, match="its packing is damaged"):
        read(whole[: len(whole) // 2], "own.csv.gz")


def test_an_endless_line_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aeviz.data.tables.text.LONGEST_LINE", 2**18)
    with pytest.raises(DataError, match="line 1 is longer than 262,144 letters"):
        read("1," * 2**20)


def test_a_hundred_thousand_columns_are_read(read: Read) -> None:
    wide = 100_000
    row = ",".join(str(number % 10) for number in range(wide))
    names = ",".join(f"f{number}" for number in range(wide))
    found = read(f"{names}\n{row}\n{row[::-1]}\n{row}\n")
    assert found.samples.shape == (3, wide)
    assert found.feature_names[-1] == "f99999"


def test_a_sparse_file_of_twenty_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        os.truncate(file.fileno(), 20 * 2**30)
    with pytest.raises(DataError, match="is of no kind that can be read"):
        format_of(path)


# ── names and headers ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1,2\n3,4\n", ("x1", "x2")),
        ("1,2,a\n3,4,b\n5,6,a\n", ("x1", "x2")),
        ("# u v\n1 2\n3 4\n", ("u", "v")),
        ("a,a,a (2)\n1,2,3\n4,5,6\n", ("a", "a (3)", "a (2)")),
        ("label," + ",".join(map(str, range(400, 415))) + "\nA" + ",1" * 15 + "\nB" + ",2" * 15,
         tuple(map(str, range(400, 415)))),
        (",".join(map(str, range(400, 415))) + "\n" + "3,1," * 7 + "3\n" + "2,5," * 7 + "4\n",
         tuple(map(str, range(400, 415)))),
        ("u,v\n1,2\n3,4\n5,6\n", ("u", "v")),
    ],
)  # fmt: skip
def test_names_are_found_or_made(read: Read, text: str, names: tuple[str, ...]) -> None:
    assert read(text, orientation="rows").feature_names == names


def test_double_names_are_told_apart_and_said(read: Read) -> None:
    assert "columns of the same name: 'a'" in " ".join(read("a,a\n1,2\n3,4\n").remarks)


def test_a_header_can_be_insisted_on(read: Read) -> None:
    assert read("1,2\n3,4\n5,6\n", header="yes").feature_names == ("1", "2")
    assert len(read("1,2\n3,4\n5,6\n", header="no")) == 3


def test_row_names_as_r_writes_them_are_names_of_samples(read: Read) -> None:
    found = read("u\tv\nfirst\t1\t2\nsecond\t3\t4\n", "own.tsv")
    assert found.feature_names == ("u", "v")
    assert found.sample_names == ("first", "second")


# ── which column is what ──────────────────────────────────────────────────────────────────────


def test_the_label_is_known_by_its_name_in_any_case(read: Read) -> None:
    found = read("kind,Class,u\nx,1,2\nx,10,4\ny,2,5\n")
    assert found.feature_names == ("u",)
    assert found.class_names == ("1", "2", "10")
    assert [column.name for column in found.columns] == ["kind"]
    assert found.columns[0].names == ("x", "y")


def test_else_the_last_column_of_words_is_the_label(read: Read) -> None:
    found = read("u,site,v,kind\n1,s,2,x\n3,s,4,y\n5,t,6,x\n")
    assert found.class_names == ("x", "y")
    assert found.feature_names == ("u", "v")
    assert [column.name for column in found.columns] == ["site"]
    assert any("'kind', the last column of words" in remark for remark in found.remarks)


def test_two_columns_with_the_name_of_a_label_are_asked_about(read: Read) -> None:
    text = "label,class,u\na,x,1\nb,x,2\nb,y,4\n"
    with pytest.raises(DataError, match=r"'label', 'class' may each be the labels.*data\.label"):
        read(text)
    assert read(text, label="class").class_names == ("x", "y")
    assert read(text, label="none").labels is None


def test_beside_an_x_a_y_is_a_coordinate(read: Read) -> None:
    found = read("x,y,cluster\n1,2,a\n3,4,b\n5,6,a\n")
    assert found.feature_names == ("x", "y")
    assert found.class_names == ("a", "b")
    assert any("its two features" in remark for remark in found.remarks)


def test_a_target_of_measurements_is_a_colour(read: Read) -> None:
    found = read("u,v,target\n1,2,0.5\n3,4,1.25\n5,6,7.5\n")
    assert found.labels is None
    assert found.feature_names == ("u", "v")
    assert found.columns[0].values.tolist() == [0.5, 1.25, 7.5]


@pytest.mark.parametrize("name", ["", "index", "Unnamed: 0", "anything"])
def test_a_column_that_counts_rows_is_no_feature(read: Read, name: str) -> None:
    found = read(f"{name},u,v\n0,5,2\n1,3,4\n2,5,6\n")
    assert found.feature_names == ("u", "v")


def test_names_of_samples_are_kept_and_are_no_label(read: Read) -> None:
    found = read("patient,u,v\nP1,1,2\nP2,3,4\nP3,5,7\n")
    assert found.sample_names == ("P1", "P2", "P3")
    assert found.labels is None


def test_columns_are_chosen_by_name_number_and_range(read: Read) -> None:
    text = "a,b,c,d,e,k\n" + "".join(
        f"{i},{i * 2},{i * 3},{i * i},{9 - i},w\n" for i in range(1, 5)
    )
    assert read(text, features="b..d").feature_names == ("b", "c", "d")
    assert read(text, features="2, E").feature_names == ("b", "e")
    found = read(text, features="a,b", colours="e, k", label="none")
    assert {column.name: column.is_choice for column in found.columns} == {"e": False, "k": True}
    with pytest.raises(DataError, match=r"data\.features: there is no column 'z'; there are 'a',"):
        read(text, features="z")
    with pytest.raises(DataError, match="the column 'k' holds words"):
        read(text, features="a,k")


def test_labels_that_are_missing_are_counted(read: Read) -> None:
    found = read("u,label\n1,a\n2,\n3,b\n4,?\n")
    assert found.labels is not None
    assert found.labels.tolist() == [0, -1, 1, -1]
    assert "2 samples have no label" in found.remarks


# ── samples in columns ────────────────────────────────────────────────────────────────────────

GENES = "gene\tdescription\tS1\tS2\tS3\nTP53\tp\t1\t2\t3\nMYC\tq\t4\t5\t7\n"


def test_features_in_rows_are_recognised_said_and_can_be_switched(read: Read) -> None:
    found = read(GENES)
    assert found.samples.tolist() == [[1, 4], [2, 5], [3, 7]]
    assert found.feature_names == ("TP53", "MYC")
    assert found.sample_names == ("S1", "S2", "S3")
    assert any("the features stand in rows" in remark for remark in found.remarks)
    upright = read(GENES, orientation="rows")
    assert upright.feature_names == ("S1", "S2", "S3")


def test_a_row_of_labels_labels_the_columns(read: Read) -> None:
    found = read("gene\tS1\tS2\tS3\nclass\tx\ty\tx\nTP53\t1\t2\t3\nMYC\t4\t5\t7\nKRAS\t1\t1\t2\n")
    assert found.class_names == ("x", "y")
    assert found.feature_names == ("TP53", "MYC", "KRAS")


def test_a_table_can_be_turned_by_hand_and_its_rows_chosen(read: Read) -> None:
    text = "k,u,v\na,1,2\nb,3,4\nc,5,7\n"
    found = read(text, orientation="columns", features="a,c")
    assert found.feature_names == ("a", "c")
    assert found.samples.tolist() == [[1, 5], [2, 7]]


def test_the_gct_format_is_read(read: Read) -> None:
    found = read(
        "#1.2\n2\t3\n" + GENES.replace("gene", "NAME").replace("description", "Description")
    )
    assert found.sample_names == ("S1", "S2", "S3")
    assert found.feature_names == ("TP53", "MYC")


# ── odd values ────────────────────────────────────────────────────────────────────────────────

HOLES = "u,v,w\n1,2,3\n4,,6\n7,NA,1\n?,null,2\n3,1,9\n"


def test_missing_values_stop_with_counts_and_the_way_out(read: Read) -> None:
    with pytest.raises(DataError) as caught:
        read(HOLES)
    sentence = str(caught.value)
    for part in (
        "4 values are missing",
        "in 3 of 5 samples",
        "'v' (3), 'u' (1)",
        "first line 3, column 'v'",
        "data.missing=drop",
        "data.missing=mean",
    ):
        assert part in sentence


def test_missing_values_are_dropped_or_filled_on_request(read: Read) -> None:
    dropped = read(HOLES, missing="drop")
    assert dropped.samples.tolist() == [[1, 2, 3], [3, 1, 9]]
    assert any("left out" in remark for remark in dropped.remarks)
    filled = read(HOLES, missing="mean")
    assert filled.samples[1].tolist() == [4, 1.5, 6]
    assert np.isfinite(filled.samples).all()


@pytest.mark.parametrize("value", ["1e999", "-inf", "1e39"])
def test_a_value_too_large_is_no_sample(read: Read, value: str) -> None:
    with pytest.raises(DataError, match=r"1 value is missing or not finite.*line 3, column 'v'"):
        read(f"u,v\n1,2\n3,{value}\n4,5\n")


def test_constant_and_double_things_are_counted_and_dropped_on_request(read: Read) -> None:
    text = "u,v,w\n1,7,3\n4,7,6\n1,7,3\n"
    kept = read(text)
    assert len(kept) == 3
    assert any("1 feature does not change: 'v'" in remark for remark in kept.remarks)
    assert any("1 sample equals an earlier one" in remark for remark in kept.remarks)
    assert np.isfinite(kept.scaling.apply(kept.samples)).all()
    less = read(text, constant="drop", duplicates="drop")
    assert less.feature_names == ("u", "w")
    assert len(less) == 2


def test_a_column_without_any_value_is_left_out(read: Read) -> None:
    found = read("u,v,\n1,2,\n3,4,\n5,7,\n")
    assert found.feature_names == ("u", "v")
    assert any("is empty" in remark for remark in found.remarks)


def test_a_time_of_day_in_seconds_since_1970_loses_digits_and_that_is_said(read: Read) -> None:
    found = read("t,u\n1700000001,1\n1700000003,2\n1700000002,4\n")
    assert any("'t' differs so little" in remark for remark in found.remarks)


# ── scaling ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scaling", ["none", "unit", "standardise", "log1p"])
def test_every_scaling_is_undone(read: Read, scaling: str) -> None:
    found = read("u,v\n0,2\n30,400\n5,7\n", scaling=scaling)
    assert found.scaling.kind == scaling
    scaled = found.scaling.apply(found.samples)
    assert np.allclose(found.scaling.undo(scaled), found.samples, rtol=1e-5, atol=1e-5)
    again = type(found.scaling).from_json(found.scaling.to_json())
    assert np.array_equal(again.apply(found.samples), scaled)
    if scaling == "unit":
        assert scaled.min() == 0
        assert scaled.max() == 1
        assert found.bounded
    if scaling in ("standardise", "log1p"):
        assert np.allclose(scaled.mean(axis=0), 0, atol=1e-6)
        assert np.allclose(scaled.std(axis=0), 1, atol=1e-5)


def test_counts_are_recognised_and_shown_as_counts(read: Read) -> None:
    counts = np.random.default_rng(0).negative_binomial(1, 0.01, (40, 6)) * (
        np.arange(240) % 3 > 0
    ).reshape(40, 6)
    text = "a,b,c,d,e,f\n" + "\n".join(",".join(map(str, row)) for row in counts)
    found = read(text)
    assert found.scaling.kind == "log1p"
    assert np.allclose(
        found.scaling.undo(found.scaling.apply(found.samples)), counts, rtol=1e-4, atol=1e-3
    )


def test_pixels_are_seen_in_0_to_1(read: Read) -> None:
    rows = "\n".join(f"{i % 2},{i * 5},0,255" for i in range(20))
    found = read(f"label,pixel0,pixel1,pixel2\n{rows}\n")
    assert found.bounded
    assert found.scaling.apply(found.samples).max() == 1


def test_negative_counts_have_no_logarithm(read: Read) -> None:
    with pytest.raises(DataError, match=r"data\.scaling=log1p: 'v' goes down to -2"):
        read("u,v\n0,-2\n30,400\n5,7\n", scaling="log1p")


# ── what is no table ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "Dear reader,\nthis is a letter.\nIt has words; no numbers.\n",
        "import numpy\n\nx = 1\n",
        "{}",
    ],
)
def test_text_that_is_no_table_is_not_taken_for_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "some").write_text(text)
    with pytest.raises(DataError, match="is of no kind"):
        format_of(tmp_path / "some")


SEEDS = (IRIS, GENES, HOLES, "a;b;k\n1,5;2;x\n3,25;4;y\n", 'u v\n1 2\n3 "4"\n')


def mutated(text: str, generator: np.random.Generator) -> bytes:
    """A text with a few bytes changed, cut out or doubled, or its end lost."""
    content = bytearray(text.encode())
    for _ in range(generator.integers(1, 6)):
        place = int(generator.integers(0, len(content) or 1))
        match generator.integers(0, 5):
            case 0:
                content[place : place + 1] = bytes(generator.integers(0, 256, 1).tolist())
            case 1:
                del content[place : place + int(generator.integers(1, 9))]
            case 2:
                content[place:place] = content[place : place + 8]
            case 3:
                content[place:place] = generator.choice([b'"', b",", b"\n", b";", b"1e999", b"NA"])
            case _:
                del content[place:]
    return bytes(content)


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_mutated_table_is_read_or_refused_and_never_breaks_its_reader(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "say", lambda word: None)
    generator = np.random.default_rng(count)
    path, refused = tmp_path / "own.csv", []
    for number in range(count):
        path.write_bytes(mutated(SEEDS[number % len(SEEDS)], generator))
        try:
            reading.read(path, {}, reader.Sink(tmp_path, 2**30))
        except DataError as error:
            refused.append(str(error))
    assert len(refused) > count // 10
    assert max(map(len, refused)) < 600


@pytest.mark.parametrize(
    "word", ["=1+1", "+a", "-a", "@a", "'=1+1", "''-b", "it's", "'quoted'", "=a,b", '=cmd|"x"']
)
def test_words_that_were_kept_from_being_formulas_come_back(read: Read, word: str) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([neutral(word), "length", "label"])
    for row in range(4):
        writer.writerow([row * row + 0.5, row % 3, neutral(word) if row % 2 else "other"])
    assert not re.search(r"(^|[,\"])[=+@-]", buffer.getvalue(), re.MULTILINE)
    found = read(buffer.getvalue())
    assert found.feature_names == (word, "length")
    assert set(found.class_names) == {word, "other"}
