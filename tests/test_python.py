"""The Python interface as PRODUCT.md has it: every example runs, every promise holds."""

import doctest
import inspect
import os
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import aeviz
from aeviz import api, asked, entrances, kept, paths, reporting, script
from aeviz.errors import DrawError, EpochError, PathError
from aeviz.plane import Plane, two_dimensions

ROOT = Path(__file__).resolve().parent.parent
HELP = paths.resources() / "help"


@pytest.fixture(scope="module")
def demo() -> aeviz.Run:
    return aeviz.load(paths.demo())


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> aeviz.Run:
    """A table, three latent dimensions, one of them left alone by a large β."""
    out = tmp_path_factory.mktemp("python") / "wine"
    options = {"model.widths": [16]}
    return aeviz.train("wine", "vae", latent=3, epochs=2, options=options, out=out, progress=False)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that the window was asked to show, which it does not."""
    found: list[str] = []
    monkeypatch.setattr("aeviz.app.explore", found.append)
    return found


# ── examples ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("module", [api, asked, kept, entrances, reporting, script])
def test_the_examples_of_docstrings_run(
    module: types.ModuleType, demo: aeviz.Run, elsewhere: Path
) -> None:
    told = {"run": demo, "folder": paths.demo(), "np": np, "aeviz": aeviz}
    found = doctest.testmod(module, extraglobs=told, report=True)
    assert found.attempted > 0
    assert not found.failed


def public_methods() -> Iterator[tuple[str, Any]]:
    for name in aeviz.__all__:
        thing = getattr(aeviz, name)
        if inspect.isfunction(thing):
            yield name, thing
    for name, thing in inspect.getmembers(aeviz.Run):
        if not name.startswith("_") and (inspect.isfunction(thing) or isinstance(thing, property)):
            yield name, thing


def test_everything_public_is_described_and_typed() -> None:
    for name, thing in public_methods():
        assert inspect.getdoc(thing), name
        function = thing.fget if isinstance(thing, property) else thing
        told = inspect.get_annotations(function)
        assert "return" in told, name
        given = [each for each in inspect.signature(function).parameters if each != "self"]
        assert set(given) <= set(told), name
    assert (Path(aeviz.__file__).parent / "py.typed").is_file()


def blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def run_block(source: str, scope: dict[str, Any]) -> None:
    scope.setdefault("__builtins__", __builtins__)
    types.FunctionType(compile(source, "page", "exec"), scope)()


def test_the_examples_of_the_help_page_run(elsewhere: Path, opened: list[str]) -> None:
    scope: dict[str, Any] = {}
    sources = blocks(HELP / "python.md")
    assert len(sources) >= 5
    for source in sources:
        run_block(source, scope)
    assert opened == [str(scope["run"].path)]
    for name in re.findall(r'"([\w-]+\.(?:png|npz|csv|html))"', "\n".join(sources)):
        assert (elsewhere / name).stat().st_size > 100, name


def test_the_example_of_the_readme_runs(elsewhere: Path, opened: list[str]) -> None:
    (source,) = (b for b in blocks(ROOT / "README.md") if 'out="runs/first"' in b)
    scope: dict[str, Any] = {}
    run_block(source.replace("epochs=20", "epochs=3"), scope)
    assert scope["x"].shape == (1, 8, 8, 1)
    assert opened == [str(Path("runs/first"))]


def test_every_line_of_the_contract_holds(elsewhere: Path, opened: list[str]) -> None:
    run = aeviz.train("digits", "vae", epochs=3, out="runs/first", progress=False)
    run = aeviz.load("runs/first")
    images = np.asarray(run.samples[:6])
    z = run.encode(images)
    x = run.decode(z)
    assert (z.shape, z.dtype) == ((6, 2), np.float32)
    assert (x.shape, x.dtype) == ((6, 8, 8, 1), np.float32)
    assert run.latents(epoch=3).shape == (len(run.index), 2)
    assert all(values.shape == (4,) for values in run.metrics.values())
    aeviz.explore(run)
    aeviz.explore(
        encoder=lambda rows: rows.flatten(1)[:, :2],
        decoder=lambda z: z.repeat(1, 32).reshape(-1, 1, 8, 8),
        data=images / np.float32(16),
        labels=np.arange(6),
    )
    assert len(opened) == 2


# ── the map ───────────────────────────────────────────────────────────────────────────────────


def test_a_sweep_has_the_largest_second_coordinate_on_top(demo: aeviz.Run) -> None:
    sweep = demo.sweep((4, 3), 5, region=(-1, 2, -1, 1))
    assert sweep.z.shape == (3, 4, 2)
    np.testing.assert_array_equal(sweep.z[0, 0], [-1, 1])
    np.testing.assert_array_equal(sweep.z[-1, -1], [2, -1])
    np.testing.assert_allclose(sweep.x[1, 2], demo.decode(sweep.z[1, 2:3], 5)[0], atol=1e-6)
    middles = demo.sweep(5, over="prior").z
    assert middles[2, 2].tolist() == [0, 0]


def test_a_sweep_above_two_dimensions_lies_on_the_plane(wine: aeviz.Run) -> None:
    laid = wine.plane()
    sweep = wine.sweep(3)
    off = (sweep.z.reshape(-1, 3) - laid.mean) @ np.linalg.svd(laid.axes)[0][:, 2]
    np.testing.assert_allclose(off, 0, atol=1e-5)
    flat = wine.sweep(3, plane=two_dimensions(0, 2, base=(0.5, 0.25, 0.5)))
    np.testing.assert_allclose(flat.z[..., 1], 0.25, atol=1e-6)
    learned = wine.sweep(2, plane=Plane("tsne"))
    assert np.isfinite(learned.x).all()
    with pytest.raises(ValueError, match="fitted map"):
        wine.density("gmm", plane=Plane("tsne"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"grid": 0}, "one decode or more"),
        ({"region": (1, 0, 0, 1)}, "x from, x to"),
        ({"region": (0, 1)}, "x from, x to"),
    ],
)
def test_what_makes_no_sweep_is_said(demo: aeviz.Run, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        demo.sweep(**arguments)


def test_quantiles_of_the_prior_are_of_two_dimensions(wine: aeviz.Run) -> None:
    with pytest.raises(ValueError, match="two latent dimensions"):
        wine.sweep(3, over="prior")


@pytest.mark.parametrize("kind", ["histogram", "prior", "posterior", "gmm"])
def test_a_density_over_everything_has_all_its_mass(demo: aeviz.Run, kind: Any) -> None:
    found = demo.density(kind, region=(-9, 9, -9, 9))
    assert found.mass == pytest.approx(1, abs=0.02)
    assert (found.counted == 0) == (kind == "prior")
    assert np.isfinite(found.rare) == (kind == "gmm")


def test_a_picture_of_the_map_shows_points_where_they_are(demo: aeviz.Run) -> None:
    region, size = (-4.0, 4.0, -3.0, 3.0), (400, 300)
    plain = demo.map_picture(30, region=region, size=size, title="", legend=False, scale=1)
    assert plain.shape == (300 + 16 + 48, 400 + 62 + 16, 3)
    one = demo.map_picture(
        30, region=region, size=size, title="", legend=False, scale=1, only=[demo.index[7]]
    )
    inked = np.argwhere(one[16:316, 64:462].min(axis=2) < 180) + np.array([16, 64])
    x, y = demo.latents(30)[7]
    place = (16 + (3 - y) / 6 * 300, 62 + (x + 4) / 8 * 400)
    np.testing.assert_allclose(inked.mean(axis=0), place, atol=1.5)
    assert (plain != one).any()


def test_a_map_says_which_layers_and_colours_there_are(demo: aeviz.Run) -> None:
    with pytest.raises(ValueError, match="histogram, prior"):
        demo.map_picture(layers=["fog"])
    with pytest.raises(ValueError, match="label, part"):
        demo.map_picture(colour="mood")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="reconstruction_mse"):
        demo.loss_picture("joy")


def test_words_of_strangers_do_not_break_a_picture(wine: aeviz.Run) -> None:
    title = "two\nlines \N{WHITE SMILING FACE} " * 60
    picture = wine.map_picture(title=title, size=(200, 150), layers=["gmm"], scale=1)
    assert picture.shape[1] < 700


def test_what_is_known_in_advance_is_a_line_of_the_losses(elsewhere: Path) -> None:
    run = aeviz.train("wine", "linear", epochs=2, out="linear", progress=False)
    with_line = run.loss_picture("reconstruction_mse", title="")
    row = run.folder.info.model["truths"]
    run.folder.info.model["truths"] = []
    without = run.loss_picture("reconstruction_mse", title="")
    assert row[0]["title"].startswith("PCA optimum")
    assert with_line.shape == without.shape
    assert (with_line != without).mean() > 1e-3


# ── paths, dimensions, draws ──────────────────────────────────────────────────────────────────


def test_a_path_goes_through_samples_and_places(demo: aeviz.Run) -> None:
    first, last = int(demo.index[3]), int(demo.index[90])
    path = demo.along([first, (0.5, 1.0), last], 9, 20, method="spline")
    np.testing.assert_array_equal(path.z[[0, -1]], demo.latents_of([first, last], 20))
    np.testing.assert_allclose(path.x, demo.decode(path.z, 20), atol=1e-6)
    assert path.length >= np.linalg.norm(path.change.sum()) * 0.99
    assert np.isfinite(path.log_density).all()
    np.testing.assert_array_equal(
        demo.walk([first, last], 9, 20), demo.along([first, last], 9, 20).z
    )
    closed = demo.along([first, last], 9, closed=True)
    np.testing.assert_array_equal(closed.z[0], closed.z[-1])


def test_a_drawn_line_is_bent_through_its_anchors(demo: aeviz.Run) -> None:
    line = np.array([[0, 0], [1, 1], [2, 0]])
    path = demo.along([(0, 0), (2, 2)], 5, method="freehand", drawn=line, measured=False)
    np.testing.assert_allclose(path.z[2, 1], 2 * path.z[2, 0], rtol=1e-6)
    np.testing.assert_array_equal(path.z[-1], [2, 2])
    assert np.isnan(path.length)


@pytest.mark.parametrize(
    ("anchors", "said"),
    [
        ([(0.0, 0.0)], "two anchors"),
        ([99_999, 1], "no sample 99999"),
        ([0.5, 0.5], "numbers of samples"),
        ([(0.0, 0.0, 1.0), (0.0, 0.0, 0.0)], r"\(A, 2\)"),
    ],
)
def test_what_makes_no_path_is_said(demo: aeviz.Run, anchors: Any, said: str) -> None:
    with pytest.raises(PathError, match=said):
        demo.along(anchors)


def test_an_epoch_that_is_not_there_is_no_error_of_the_path(demo: aeviz.Run) -> None:
    with pytest.raises(EpochError, match="0 to 30"):
        demo.along([(0.0, 0.0), (1.0, 0.0)], epoch=99)


def test_a_traversal_goes_through_the_place_it_is_told(wine: aeviz.Run) -> None:
    found = wine.traverse(5, at=(0.1, 0.2, 0.3))
    for row, dimension in enumerate(found.order):
        others = np.delete(found.z[row], dimension, axis=1)
        expected = np.delete([0.1, 0.2, 0.3], dimension)
        np.testing.assert_allclose(others, np.tile(expected, (5, 1)), rtol=1e-6)
    assert wine.decode(found.z).shape == (3, 5, 13)
    with pytest.raises(ValueError, match=r"at must be \(3,\)"):
        wine.traverse(at=(0.0, 0.0))
    with pytest.raises(DrawError, match="no sample"):
        wine.traverse(sample=10_000)


def test_pale_rows_of_a_picture_are_paler(wine: aeviz.Run) -> None:
    x = wine.decode(wine.traverse(4).z)
    full, pale = wine.picture(x), wine.picture(x, pale=[False, True, False])
    high = len(full) // 3
    np.testing.assert_array_equal(full[:high], pale[:high])
    assert pale[high : 2 * high].mean() > full[high : 2 * high].mean()
    with pytest.raises(ValueError, match=r"\(N, 13\)"):
        wine.picture(np.zeros((2, 5)))


def test_pictures_of_images_keep_their_pixels(demo: aeviz.Run) -> None:
    x = demo.decode(demo.latents()[:3])
    sheet = demo.picture(x, 2)
    factor = sheet.shape[0] // 16
    assert sheet.shape == (16 * factor, 16 * factor, 3)
    cells = sheet[factor // 2 :: factor, factor // 2 :: factor, 0]
    expected = np.rint(np.clip(x[1, :, :, 0], 0, 1) * 255)
    np.testing.assert_array_equal(cells[:8, 8:], expected)
    assert (cells[8:, 8:] == 255).all()


def test_a_question_is_asked_by_its_name(demo: aeviz.Run) -> None:
    found = demo.ask("posteriors", 30, rows=[0, 1], axes=np.eye(2))
    assert found.arrays["mu"].shape == (2, 2)
    with pytest.raises(ValueError, match="there is no question 'mood'"):
        demo.ask("mood")


def test_pictures_can_be_saved(demo: aeviz.Run, tmp_path: Path) -> None:
    Image.fromarray(demo.loss_picture()).save(tmp_path / "losses.png")
    assert os.path.getsize(tmp_path / "losses.png") > 1000
