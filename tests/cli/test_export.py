"""`aeviz export`: models for other programs, the projector's folder, the report."""

import base64
import io
import json
import os
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aeviz
from aeviz import data
from aeviz.api import load
from tests.cli.conftest import Command

# ── models ────────────────────────────────────────────────────────────────────────────────────


def test_onnx_answers_as_the_python_interface_in_the_same_units(
    command: Command, wine_run: Path, tmp_path: Path
) -> None:
    import onnxruntime

    run = load(wine_run)
    assert run.folder.samples is not None
    own = np.asarray(run.folder.samples[:7], np.float32)
    for part, given in (("encoder", own), ("decoder", run.encode(own))):
        out = tmp_path / f"{part}.onnx"
        outcome = command("export", wine_run, "--part", part, "-o", out)
        assert outcome.code == 0
        assert "largest relative difference" in outcome.err
        session = onnxruntime.InferenceSession(out)
        (first,) = session.get_inputs()
        answer = session.run(None, {first.name: given})[0]
        wanted = run.encode(own) if part == "encoder" else run.decode(given)
        assert np.abs(answer - wanted).max() / max(1, np.abs(wanted).max()) < 1e-5
        about = session.get_modelmeta().custom_metadata_map
        assert about["part"] == part
        assert json.loads(about["features"]) == list(run.feature_names)


def test_a_package_of_torch_answers_the_same_for_images(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    import torch

    out = tmp_path / "encoder.pt2"
    assert command("export", digits_run, "--part", "encoder", "-o", out).code == 0
    images = np.random.default_rng(0).uniform(0, 1, (6, 8, 8, 1)).astype(np.float32)
    module = torch.export.load(out).module()
    found = module(torch.from_numpy(images)).detach().numpy()
    np.testing.assert_allclose(found, load(digits_run).encode(images), atol=1e-5)


def test_safetensors_hold_the_weights_that_the_part_uses(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    from safetensors import safe_open

    names = {}
    for part in ("encoder", "decoder"):
        out = tmp_path / f"{part}.safetensors"
        assert command("export", digits_run, "--part", part, "-o", out).code == 0
        with safe_open(out, "numpy") as file:
            names[part] = set(file.keys())
            assert file.metadata()["output"].startswith("float32")
            assert "/" not in file.metadata()["settings"]
    assert names["encoder"]
    assert names["decoder"]
    assert not names["encoder"] & names["decoder"]


def test_a_conditional_model_takes_its_condition(
    command: Command, told_run: Path, tmp_path: Path
) -> None:
    import torch

    out = tmp_path / "decoder.pt2"
    assert command("export", told_run, "--part", "decoder", "-o", out).code == 0
    run, z = load(told_run), np.zeros((3, 2), np.float32)
    module = torch.export.load(out).module()
    found = module(torch.from_numpy(z), torch.tensor([0, 1, 2])).detach().numpy()
    wanted = run.decode(z, condition=["Barolo", "Grignolino", "Barbera"])
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize("kind", ["onnx", "pt2", "safetensors"])
def test_a_part_names_its_epoch_and_no_folder(
    kind: str, command: Command, told_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / f"decoder.{kind}"
    assert command("export", told_run, "--part", "decoder", "--epoch", "0", "-o", out).code == 0
    content = out.read_bytes()
    if zipfile.is_zipfile(out):
        with zipfile.ZipFile(out) as archive:
            content += b"".join(archive.read(name) for name in archive.namelist())
    assert b"epoch" in content
    for place in (Path(aeviz.__file__).parent, Path(np.__file__).parents[1], Path.home(), tmp_path):
        assert f"{place}{os.sep}".encode() not in content
    assert b'.py", line' not in content


# ── the projector ─────────────────────────────────────────────────────────────────────────────


def test_the_projector_s_folder_can_be_read_back(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "projector"
    assert command("export", digits_run, "--projector", folder).code == 0
    run = load(digits_run)
    np.testing.assert_array_equal(
        np.loadtxt(folder / "tensors.tsv", np.float32, delimiter="\t"), run.latents()
    )
    head, *lines = (folder / "metadata.tsv").read_text().splitlines()
    assert head == "index\tlabel"
    assert [int(line.split("\t")[0]) for line in lines] == run.index.tolist()
    config = (folder / "projector_config.pbtxt").read_text()
    for name in re.findall(r'_path: "([^"]+)"', config):
        assert (folder / name).is_file()
    high, wide = (int(side) for side in re.findall(r"single_image_dim: (\d+)", config)[::-1])
    with Image.open(folder / "sprite.png") as sprite:
        size = sprite.size
    side = int(np.ceil(np.sqrt(len(lines))))
    assert size == (side * wide, side * high)
    assert max(size) <= 8192
    found = data.load(str(folder), tmp_path)
    np.testing.assert_allclose(found.samples, run.latents(), rtol=1e-6)


# ── the report ────────────────────────────────────────────────────────────────────────────────


class Page(HTMLParser):
    """Counts what a page has, and fails on what it must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.images: list[bytes] = []
        self.circles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "iframe", "link", "object")
        self.circles += tag == "circle"
        for name, value in attrs:
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert value is not None
                assert value.startswith("data:image/png;base64,")
                self.images.append(base64.b64decode(value.partition(",")[2]))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def test_a_report_is_one_file_with_everything(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    assert command("export", digits_run, "--report", out).code == 0
    page = read(out)
    run = load(digits_run)
    assert page.circles == len(run.latents())
    assert len(page.images) == 2
    sizes = [Image.open(io.BytesIO(image)).size for image in page.images]
    assert sizes[0][0] == sizes[0][1]
    text = " ".join(" ".join(page.text).split())
    for words in ("Deep autoencoder", "Reconstruction error", "aeviz train --data digits", "Seed"):
        assert words in text
    assert str(tmp_path) not in text
    assert str(digits_run.parent) not in text


def test_words_of_strangers_are_only_words(tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    np.savez(
        tmp_path / "own.npz",
        x=np.random.default_rng(0).normal(size=(40, 3)),
        y=np.arange(40) % 2,
        class_names=np.array([hostile, "=1+1"]),
        feature_names=np.array(["<b>", "b", "c"]),
    )
    run = aeviz.train(
        str(tmp_path / "own.npz"), "linear", epochs=1, out=tmp_path / "run", progress=False
    )
    aeviz.report(run, tmp_path / "report.html", measures=False)
    page = read(tmp_path / "report.html")
    assert hostile in " ".join(page.text)
    assert str(tmp_path) not in " ".join(page.text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to export"),
        (["--part", "encoder"], "-o FILE.onnx"),
        (["--part", "middle", "-o", "x.onnx"], "encoder or decoder"),
        (["--part", "encoder", "-o", "x.pth"], ".onnx, .pt2, .safetensors"),
        (["--part", "encoder", "--report", "x.html"], "say what to export"),
        (["--report", "x.pdf"], ".html"),
        (["--projector", "."], "not an empty folder"),
        (["--sprites", "x.jpg"], ".png"),
        (["--sprites", "x.png"], "this run has none"),
        (["--sprites", "x.png", "--columns", "0"], "--columns 0"),
        (["--report", "x.html", "--columns", "3"], "together with --sprites"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    arguments: list[str], said: str, command: Command, wine_run: Path
) -> None:
    outcome = command("export", wine_run, *arguments)
    assert outcome.code == 2
    assert said in outcome.err


def test_a_sheet_of_samples_says_its_columns(
    command: Command, digits_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "samples.png"
    outcome = command("export", digits_run, "--sprites", out, "--columns", "50")
    assert (outcome.code, outcome.out) == (0, f"{out}\n")
    assert "pictures of 8 × 8 pixels in 50 columns" in outcome.err
    run = aeviz.load(digits_run)
    with Image.open(out) as picture:
        assert picture.info["columns"] == "50"
        first = np.asarray(picture)[:8, :8]
    np.testing.assert_array_equal(first, run._images()[0, :, :, 0])
