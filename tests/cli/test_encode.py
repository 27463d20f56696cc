"""`aeviz encode`: the latents of a data set, the same in every format, read back by others."""

import csv
from pathlib import Path

import numpy as np
import pytest

from aeviz import data
from aeviz.api import load
from aeviz.export.latents import Encoded, ExportError
from tests.cli.conftest import Command

NAMES = ("=cmd|'/c calc'!A0", "<img src=x>", "\u202egnp")


@pytest.fixture
def hostile() -> Encoded:
    """Three samples, one without a label, with names and classes that mean something elsewhere."""
    return Encoded(
        z=np.array([[0.1, -2], [1 / 3, 4], [5, 6]], np.float32),
        index=np.array([4, 7, 9]),
        labels=np.array([0, -1, 1]),
        class_names=("@a", "b"),
        names=NAMES,
        epoch=3,
    )


def test_a_csv_has_every_sample_of_the_run(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "z.csv"
    outcome = command("encode", wine_run, "-o", out)
    assert (outcome.code, outcome.out) == (0, f"{out}\n")
    header, *rows = csv.reader(out.read_text().splitlines())
    assert header == ["index", "label", "z1", "z2", "z3"]
    assert len(rows) == 178
    run = load(wine_run)
    order = np.argsort(run.index)
    found = np.array([row[2:] for row in rows], np.float32)
    np.testing.assert_allclose(found[run.index[order]], run.latents()[order], atol=1e-5)
    assert rows[0][:2] == ["0", "Barolo"]


def test_another_table_is_encoded_by_the_names_of_its_features(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    run = load(wine_run)
    assert run.folder.samples is not None
    own = np.asarray(run.folder.samples[:5])
    lines = [",".join(reversed(run.feature_names))]
    lines += [",".join(f"{value:.9g}" for value in row[::-1]) for row in own]
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n")
    out = tmp_path / "z.npz"
    assert command("encode", wine_run, "--data", tmp_path / "own.csv", "-o", out).code == 0
    with np.load(out) as arrays:
        np.testing.assert_allclose(arrays["z"], run.encode(own), atol=1e-5)
        assert int(arrays["epoch"]) == 1


def test_every_format_says_the_same(hostile: Encoded, tmp_path: Path) -> None:
    import h5py
    from pyarrow import parquet

    for kind in ("csv", "npz", "parquet", "h5ad"):
        hostile.save(tmp_path / f"z.{kind}")
    header, *rows = csv.reader((tmp_path / "z.csv").read_text().splitlines())
    assert header == ["index", "label", "z1", "z2", "name"]
    assert rows[0][0] == "4"
    assert rows[0][1] == "'@a"
    assert rows[0][4] == "'" + NAMES[0]
    assert rows[1][1] == ""
    np.testing.assert_array_equal(np.float32([row[2:4] for row in rows]), hostile.z)
    table = parquet.read_table(tmp_path / "z.parquet")
    assert table.column("label").to_pylist() == ["@a", None, "b"]
    assert table.column("name").to_pylist() == list(NAMES)
    np.testing.assert_array_equal(table.column("z2").to_numpy(), hostile.z[:, 1])
    with h5py.File(tmp_path / "z.h5ad") as file:
        np.testing.assert_array_equal(file["obsm/X_aeviz"][()], hostile.z)
        assert file["obs/label/codes"][()].tolist() == [0, -1, 1]
        assert file["obs"].attrs["column-order"].tolist() == ["sample", "label"]


def test_anndata_reads_what_was_written(hostile: Encoded, tmp_path: Path) -> None:
    anndata = pytest.importorskip("anndata")
    hostile.save(tmp_path / "z.h5ad")
    found = anndata.read_h5ad(tmp_path / "z.h5ad")
    np.testing.assert_array_equal(found.obsm["X_aeviz"], hostile.z)
    assert found.obs["label"].tolist()[0] == "@a"
    assert list(found.obs_names) == list(NAMES)


def test_our_own_reader_reads_the_words_back(hostile: Encoded, tmp_path: Path) -> None:
    hostile.save(tmp_path / "z.csv")
    options = {"label": "label", "features": "z1,z2", "name": "name"}
    found = data.load(str(tmp_path / "z.csv"), tmp_path, options)
    np.testing.assert_array_equal(found.samples, hostile.z)
    assert found.sample_names == NAMES
    assert found.labels is not None
    assert [found.class_names[label] if label >= 0 else "" for label in found.labels] == [
        "@a",
        "",
        "b",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "z.txt"], ".npz, .csv, .parquet, .h5ad"),
        (["-o", "z.csv", "--data", "digits"], "this run's are (13,)"),
        (["-o", "z.csv", "--data", "absent.csv"], "absent.csv"),
        (["-o", "z.csv", "--data", "wine", "--part", "train"], "--part"),
        (["-o", "z.csv", "--epoch", "9"], "there is no epoch 9"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    arguments: list[str], said: str, command: Command, wine_run: Path, tmp_path: Path
) -> None:
    arguments[1] = str(tmp_path / arguments[1])
    outcome = command("encode", wine_run, *arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert not list(tmp_path.iterdir())


def test_unknown_endings_are_refused(hostile: Encoded, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"z\.xlsx: latents are written as \.csv"):
        hostile.save(tmp_path / "z.xlsx")


def test_all_samples_can_be_told_the_same(command: Command, told_run: Path, tmp_path: Path) -> None:
    run, out = load(told_run), tmp_path / "z.npz"
    assert run.folder.samples is not None
    own = np.asarray(run.folder.samples)
    np.savez(tmp_path / "own.npz", x=own)
    (tmp_path / "own.csv").write_text(
        "\n".join([",".join(run.feature_names), *(",".join(map(str, row)) for row in own)])
    )
    for more in ((), ("--data", tmp_path / "own.npz"), ("--data", tmp_path / "own.csv")):
        outcome = command("encode", told_run, *more, "--condition", "Barbera", "-o", out)
        assert outcome.code == 0, outcome.err
        with np.load(out) as arrays:
            wanted = run.encode(own, condition="Barbera")
            rows = run.index if not more else slice(None)
            np.testing.assert_allclose(arrays["z"][rows], wanted, atol=1e-5)
    refused = command("encode", told_run, "--condition", "Merlot", "-o", out)
    assert refused.code == 2
    assert "Barbera" in refused.err
