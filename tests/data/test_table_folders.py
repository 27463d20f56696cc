"""Several tables as one: a folder of them, and the pair of the TensorBoard projector."""

from pathlib import Path

import pytest

from aeviz import data
from aeviz.data.dataset import DataError
from aeviz.data.own import format_of
from aeviz.data.previewing import preview


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "samples"
    made.mkdir()
    (made / "ill.csv").write_text("u,v,w,site\n1,2,3,A\n4,5,6,B\n7,8,8,A\n")
    (made / "well.tsv").write_text("w\tv\tz\n30\t20\t1\n60\t50\t1\n")
    (made / "notes.md").write_text("These were measured in May, by hand.\n")
    return made


def test_tables_are_joined_by_feature_and_the_file_is_the_label(folder: Path) -> None:
    assert format_of(folder).name == "folder of tables"
    found = data.load(str(folder), folder)
    assert found.feature_names == ("v", "w")
    assert found.samples.tolist() == [[2, 3], [5, 6], [8, 8], [20, 30], [50, 60]]
    assert found.class_names == ("ill", "well")
    assert found.labels is not None
    assert found.labels.tolist() == [0, 0, 0, 1, 1]
    assert found.columns[0].names == ("A", "B")
    assert found.columns[0].values.tolist() == [0, 1, 0, -1, -1]
    assert any("left out: 'u', 'z'" in remark for remark in found.remarks)


def test_a_column_can_be_the_label_and_the_file_a_colour(folder: Path) -> None:
    (folder / "well.tsv").write_text("w\tv\tsite\n30\t20\tB\n60\t50\tB\n")
    found = data.load(str(folder), folder, {"label": "site"})
    assert found.class_names == ("A", "B")
    assert [column.name for column in found.columns] == ["file"]


def test_what_is_wrong_with_one_of_them_names_it(folder: Path) -> None:
    (folder / "well.tsv").write_text("w\tv\n30\t20\n60\t50\t1\n")
    with pytest.raises(DataError, match=r"well\.tsv: line 3 has 3 values"):
        data.load(str(folder), folder)
    (folder / "well.tsv").write_text("a\tb\n30\t20\n60\t50\n")
    with pytest.raises(DataError, match="no feature stands in all its tables"):
        data.load(str(folder), folder)


def test_the_first_of_them_is_looked_at(folder: Path) -> None:
    found = preview(str(folder), {}, lambda share, phrase: None)
    assert "2 tables are joined" in found["remarks"][0]
    assert found["rows"][0] == ["1", "2", "3", "A"]


def test_features_in_rows_are_joined_too(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("gene\tS1\tS2\nP\t1\t2\nQ\t3\t4\n")
    (tmp_path / "b.tsv").write_text("gene\tT1\nQ\t9\nP\t8\n")
    found = data.load(str(tmp_path), tmp_path)
    assert found.samples.tolist() == [[1, 3], [2, 4], [8, 9]]
    assert found.sample_names == ("S1", "S2", "T1")


# ── the projector ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def projector(tmp_path: Path) -> Path:
    (tmp_path / "vectors.tsv").write_text("0\t1.5\n1\t2\n2\t0.5\n")
    (tmp_path / "metadata.tsv").write_text("name\tlabel\tyears\nann\tx\t1.5\nbob\ty\t2\ncy\tx\t4\n")
    return tmp_path


@pytest.mark.parametrize("opened", ["", "vectors.tsv"])
def test_vectors_are_read_with_their_metadata(projector: Path, opened: str) -> None:
    found = data.load(str(projector / opened), projector)
    assert found.samples.tolist() == [[0, 1.5], [1, 2], [2, 0.5]]
    assert found.class_names == ("x", "y")
    assert found.sample_names == ("ann", "bob", "cy")
    assert found.columns[0].name == "years"
    assert found.columns[0].values.tolist() == [1.5, 2, 4]


def test_a_single_column_of_metadata_has_no_name(projector: Path) -> None:
    (projector / "metadata.tsv").write_text("x\ny\nx\n")
    assert data.load(str(projector), projector).class_names == ("x", "y")
    (projector / "metadata.tsv").write_text("king\nqueen\npawn\n")
    found = data.load(str(projector), projector)
    assert found.sample_names == ("king", "queen", "pawn")
    assert found.labels is None


def test_a_configuration_names_the_files(projector: Path) -> None:
    (projector / "vectors.tsv").rename(projector / "v.tsv")
    (projector / "projector_config.pbtxt").write_text(
        'embeddings {\n tensor_path: "v.tsv"\n metadata_path: "metadata.tsv"\n}\n'
    )
    assert data.load(str(projector), projector).class_names == ("x", "y")


@pytest.mark.parametrize("name", ["../secret.tsv", "/etc/passwd", "gone.tsv"])
def test_a_configuration_does_not_lead_out_of_its_folder(projector: Path, name: str) -> None:
    (projector.parent / "secret.tsv").write_text("1\t2\n")
    (projector / "projector_config.pbtxt").write_text(f'tensor_path: "{name}"\n')
    with pytest.raises(DataError, match=r"leads out of its folder|is not there"):
        data.entry(str(projector))


def test_both_files_need_as_many_rows(projector: Path) -> None:
    (projector / "metadata.tsv").write_text("x\ny\n")
    with pytest.raises(
        DataError, match=r"metadata\.tsv describes 2 samples, and vectors\.tsv has 3"
    ):
        data.load(str(projector), projector)
