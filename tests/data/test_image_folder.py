"""Folders of pictures: which samples they become, what is said of them, what one bad file costs."""

import os
import struct
import zlib
from collections import deque
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from aeviz import data, paths
from aeviz.cli import main
from aeviz.data.apart import Limits
from aeviz.data.dataset import DataError
from aeviz.data.own import format_of, own_entry
from aeviz.data.pictures import kept
from aeviz.data.pictures.decoding import Plan, Unreadable, decode, look, reason
from aeviz.data.pictures.listing import list_pictures
from aeviz.data.pictures.options import Wishes
from aeviz.data.pictures.pool import Pool, processes

GREY = np.add.outer(np.arange(12), np.arange(10)).astype(np.uint8) * 10
COLOURS = np.stack([GREY, GREY.T[:12, :10].mean() + 0 * GREY, 255 - GREY], 2).astype(np.uint8)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def saved(path: Path, pixels: np.ndarray = GREY, **how: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **how)  # type: ignore[arg-type]
    return path


def many(folder: Path, count: int = 6) -> Path:
    """Grey pictures of 10 × 12 in the classes 2 and 10, told apart by their upper left pixel."""
    for number in range(count):
        pixels = GREY.copy()
        pixels[0, 0] = number % 256
        saved(folder / ("2", "10")[number % 2] / f"p{number}.png", pixels)
    return folder


def bomb(path: Path, side: int) -> Path:
    """A PNG that declares a side and holds next to nothing."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")):
        check = struct.pack(">I", zlib.crc32(kind + body))
        parts.append(struct.pack(">I", len(body)) + kind + body + check)
    path.write_bytes(b"".join(parts))
    return path


# ── a folder as a data set ────────────────────────────────────────────────────────────────────


def test_sub_folders_are_classes_and_pictures_keep_their_bytes(tmp_path: Path) -> None:
    folder = many(tmp_path / "own")
    (folder / "notes.txt").write_text("mine")
    found = data.load(str(folder), tmp_path)
    assert found.class_names == ("2", "10")
    assert found.labels is not None
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.samples.shape == (6, 12, 10, 1)
    assert found.samples[:, 0, 0, 0].tolist() == [0, 2, 4, 1, 3, 5]
    np.testing.assert_array_equal(found.samples[0, 1:, :, 0], GREY[1:])
    assert found.sample_names[3] == "10/p1.png"
    assert found.remarks == ("1 file in it is no picture by name, and left out",)
    assert isinstance(found.samples, np.memmap)


def test_the_second_time_nothing_is_decoded_until_a_picture_changes(tmp_path: Path) -> None:
    folder = many(tmp_path / "own")
    told: list[str] = []
    for _ in range(2):
        told.clear()
        data.load(str(folder), tmp_path, report=lambda share, phrase: told.append(phrase))
    assert told == ["Looking for pictures"]
    assert len(list(kept.folder().iterdir())) == 1
    saved(folder / "2" / "p0.png", GREY + np.uint8(9))
    assert data.load(str(folder), tmp_path).samples[0, 0, 0, 0] == 9
    assert len(list(kept.folder().iterdir())) == 2


def test_mixed_sizes_are_said_and_brought_to_the_most_common_one(tmp_path: Path) -> None:
    folder = many(tmp_path / "own")
    saved(folder / "large.png", np.kron(COLOURS, np.ones((4, 4, 1), np.uint8)))
    found = data.load(str(folder), tmp_path)
    assert found.samples.shape == (7, 12, 10, 3)
    assert found.labels is not None
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1, -1]
    said = " ".join(found.remarks)
    assert "different sizes, 10 × 12 most often (86% of 7 looked at)" in said
    assert "1 of 7 were cut and brought to 10 × 12" in said
    assert "1 picture lies in no sub-folder: without a class" in said
    forced = data.load(str(folder), tmp_path, {"size": "8x6", "colour": "grey", "fit": "stretch"})
    assert forced.samples.shape == (7, 6, 8, 1)
    assert any("1 of 7 have colours that became grey" in remark for remark in forced.remarks)


def test_train_and_test_folders_are_no_classes(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "train/dog/2.png", "test/cat/3.png"):
        saved(tmp_path / "own" / name)
    found = data.load(str(tmp_path / "own"), tmp_path)
    assert found.class_names == ("cat", "dog")
    (column,) = found.columns
    assert [column.names[value] for value in column.values] == ["test", "train", "train"]


def test_a_run_trains_on_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = many(tmp_path / "own", 12)
    monkeypatch.chdir(tmp_path)
    arguments = ["train", "--data", str(folder), "--epochs", "1", "--set", "data.size=8"]
    assert main([*arguments, "--out", str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "run.json").is_file()


# ── what one bad file costs ───────────────────────────────────────────────────────────────────


def test_few_damaged_pictures_are_left_out_and_named(tmp_path: Path) -> None:
    folder = many(tmp_path / "own", 400)
    (folder / "2" / "p4.png").write_bytes((folder / "2" / "p4.png").read_bytes()[:50])
    (folder / "10" / "p1.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    bomb(folder / "10" / "p399.png", 60_000)
    found = data.load(str(folder), tmp_path)
    assert len(found) == 397
    assert found.labels is not None
    assert found.labels.tolist() == [0] * 199 + [1] * 198
    assert found.samples[:3, 0, 0, 0].tolist() == [0, 2, 6]
    assert found.samples[-1, 0, 0, 0] == 397 % 256
    assert found.sample_names[2] == "2/p6.png"
    (remark,) = found.remarks
    assert remark.startswith("3 pictures that cannot be read were left out: 2/p4.png is")
    assert "10/p1.png is no picture of a known kind" in remark
    assert "10/p399.png has 3,600,000,000 pixels, and 100,000,000 can be read" in remark


def test_too_many_damaged_pictures_are_refused_with_the_first_named(tmp_path: Path) -> None:
    folder = many(tmp_path / "own", 30)
    for number in range(5):
        (folder / "10" / f"p{2 * number + 1}.png").write_bytes(b"GIF89a")
    with pytest.raises(DataError, match="5 of 30 pictures cannot be read") as caught:
        data.load(str(folder), tmp_path)
    assert str(folder) in str(caught.value)
    assert "10/p1.png is" in str(caught.value)
    assert "and 2 more" in str(caught.value)
    assert not list(kept.folder().iterdir())


def quiet(share: float, phrase: str) -> None:
    """Hears nothing."""


@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
def test_a_crash_costs_the_file_not_the_load(tmp_path: Path) -> None:
    folder = many(tmp_path / "own", 120)
    Image.new("1", (9_900, 9_900)).save(folder / "2" / "a.png")  # takes a while
    killed = []

    def kill(share: float, phrase: str) -> None:
        if phrase.startswith("Decoded 0") and not killed:
            killed.extend(psutil.Process().children())
            for child in killed:
                child.kill()

    found = data.entry(str(folder)).load(tmp_path, kill, {})
    assert killed
    assert len(found) == 121  # tried alone, no picture crashes anything


@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
def test_a_picture_that_crashes_its_decoder_alone_is_lost(tmp_path: Path) -> None:
    folder = many(tmp_path / "own", 4)
    files = list(enumerate(list_pictures(folder).files))
    Image.new("1", (9_900, 9_900)).save(folder / "2" / "p0.png")
    with Pool(folder, tmp_path, Limits(seconds=20.0), most=1) as pool:
        assert len(list(pool.work({"do": "look", "deep": []}, files, quiet, "Looked at"))) == 4
        (process,) = pool._running
        process.send({"do": "look", "deep": [0]}, [files[0]])
        process.kill()
        answers = [process.heard({}), pool._lost(process, deque())]
    assert answers == [[], [(0, {"error": "crashes its decoder"})]]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_hanging_decoder_is_ended_and_the_others_go_on(tmp_path: Path) -> None:
    folder = many(tmp_path / "own", 4)
    files = list(enumerate(list_pictures(folder).files))
    Image.new("1", (9_900, 9_900)).save(folder / "2" / "p0.png")

    hanging: list[psutil.Process] = []

    def suspend(share: float, phrase: str) -> None:
        if phrase.startswith("Again 0") and not hanging:
            hanging.extend(psutil.Process().children())
            hanging[0].suspend()

    task = {"do": "look", "deep": [0]}
    with Pool(folder, tmp_path, Limits(seconds=2.0), most=1) as pool:
        assert len(list(pool.work(task, files[1:], suspend, "Looked at"))) == 3
        alone = dict(pool.work(task, files[:1], suspend, "Again"))
        answers = dict(pool.work(task, files, quiet, "Once more"))
    assert alone[0]["error"] == "takes over 2 s"
    assert not hanging[0].is_running()
    assert sorted(answers) == [0, 1, 2, 3]


def test_who_does_not_wait_any_more_ends_the_pool_and_leaves_nothing(tmp_path: Path) -> None:
    def give_up(share: float, phrase: str) -> None:
        if phrase.startswith("Decoded"):
            raise TimeoutError

    folder = many(tmp_path / "own", 200)
    with pytest.raises(TimeoutError):
        data.entry(str(folder)).load(tmp_path, give_up, {})
    assert not psutil.Process().children()
    assert not list(kept.folder().iterdir())


def test_one_core_is_left_to_the_person() -> None:
    assert 1 <= processes() <= max(1, (os.cpu_count() or 1) - 1)


# ── kinds of pictures ─────────────────────────────────────────────────────────────────────────

PLAN = Plan(10, 12, 3)


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "gif", "webp", "jpg"])
def test_every_kind_is_decoded(ending: str, tmp_path: Path) -> None:
    how: dict[str, object] = {"lossless": True} if ending == "webp" else {}
    path = saved(tmp_path / f"a.{ending}", COLOURS, **how)
    pixels, _ = decode(path, PLAN)
    worst = 40 if ending == "jpg" else 8 if ending == "gif" else 0
    assert np.abs(pixels.astype(int) - COLOURS).max() <= worst


def test_the_kind_is_told_by_the_content(tmp_path: Path) -> None:
    pixels, _ = decode(saved(tmp_path / "a.jpg", COLOURS, format="PNG"), PLAN)
    np.testing.assert_array_equal(pixels, COLOURS)


def test_what_is_transparent_shows_the_background(tmp_path: Path) -> None:
    alpha = np.zeros_like(GREY)
    alpha[0] = 255
    path = saved(tmp_path / "a.png", np.dstack([COLOURS, alpha]))
    for background, shown in (("black", 0), ("white", 255)):
        pixels, traits = decode(path, Plan(10, 12, 3, background=background))
        assert (pixels[1:] == shown).all()
        np.testing.assert_array_equal(pixels[0], COLOURS[0])
        assert traits == {"transparency"}


def test_palettes_and_inks_become_colours(tmp_path: Path) -> None:
    picture = Image.fromarray(COLOURS)
    picture.quantize(64).save(tmp_path / "p.png")
    pixels, traits = decode(tmp_path / "p.png", PLAN)
    assert traits == {"palette"}
    assert np.abs(pixels.astype(int) - COLOURS).mean() < 8
    picture.convert("CMYK").save(tmp_path / "c.tif")
    pixels, traits = decode(tmp_path / "c.tif", PLAN)
    assert traits == {"CMYK"}
    np.testing.assert_array_equal(pixels, COLOURS)


def test_sixteen_bits_are_scaled_to_the_white_of_the_camera(tmp_path: Path) -> None:
    deep = GREY.astype(np.uint16) * 16
    path = saved(tmp_path / "own" / "a.png", deep)
    assert look(path, deep=True).highest == deep.max()
    found = data.load(str(tmp_path / "own"), tmp_path)
    assert found.remarks == ("pictures: 1 of 1 have more than 8 bits: 4,095 is white",)
    np.testing.assert_array_equal(found.samples[0, ..., 0], np.rint(deep * (255 / 4095)))
    _, traits = decode(path, Plan(10, 12, 1, white=1023))
    assert "clipped" in traits


def test_numbers_with_a_fraction_lie_between_0_and_1(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", GREY.astype(np.float32) / 255)
    np.testing.assert_array_equal(decode(path, Plan(10, 12, 1))[0][..., 0], GREY)
    with pytest.raises(Unreadable, match="numbers outside 0 to 1"):
        decode(saved(tmp_path / "b.tif", GREY.astype(np.float32)), PLAN)


@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(
    orientation: int, ending: str, tmp_path: Path
) -> None:
    upright = Image.fromarray(np.kron(COLOURS, np.ones((8, 8, 1), np.uint8)))
    turn = Image.Transpose
    back = [None, turn.FLIP_LEFT_RIGHT, turn.ROTATE_180, turn.FLIP_TOP_BOTTOM, turn.TRANSPOSE]
    back += [turn.ROTATE_90, turn.TRANSVERSE, turn.ROTATE_270]
    undo = back[orientation - 1]
    exif = Image.Exif()
    exif[274] = orientation
    lying = upright if undo is None else upright.transpose(undo)
    lying.save(tmp_path / f"a.{ending}", exif=exif)
    seen = look(tmp_path / f"a.{ending}", deep=False)
    assert (seen.width, seen.height) == (80, 96)
    pixels, _ = decode(tmp_path / f"a.{ending}", Plan(80, 96, 3))
    assert np.abs(pixels.astype(int) - np.asarray(upright)).mean() < 8


def test_a_grey_picture_saved_in_colours_is_grey(tmp_path: Path) -> None:
    saved(tmp_path / "own" / "a.png", np.dstack([GREY] * 3))
    assert data.load(str(tmp_path / "own"), tmp_path).samples.shape == (1, 12, 10, 1)


def test_of_an_animation_the_first_frame_counts(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((12, 10), value, np.uint8)) for value in range(200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (decode(tmp_path / "a.gif", PLAN)[0] == 0).all()


@pytest.mark.parametrize(
    ("fit", "corner", "middle"), [("crop", 200, 200), ("pad", 0, 200), ("stretch", 200, 200)]
)
def test_other_shapes_are_cut_padded_or_stretched(
    fit: str, corner: int, middle: int, tmp_path: Path
) -> None:
    path = saved(tmp_path / "a.png", np.full((20, 60), 200, np.uint8))
    pixels, traits = decode(path, Plan(16, 16, 1, fit=fit))
    assert pixels.shape == (16, 16, 1)
    assert (pixels[0, 0, 0], pixels[8, 8, 0]) == (corner, middle)
    assert traits == {"resized"}


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/>"]
)
def test_what_is_no_picture_has_a_reason(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(OSError) as caught:
        decode(tmp_path / "a.png", PLAN)
    assert reason(caught.value) == "is no picture of a known kind"


def test_pipes_and_loops_are_no_pictures(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(Unreadable, match="is no file"):
        decode(tmp_path / "pipe.png", PLAN)
    folder = many(tmp_path / "own")
    (folder / "again").symlink_to(folder)
    listing = list_pictures(folder)
    assert len(listing.files) == 6
    assert "1 link to another folder was not followed" in listing.remarks


# ── options, recognising, the cache ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", ["3", "5000", "8x", "x8", "big", "8x9x10", "-8"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(DataError, match=f"data.size={size}: it should be"):
        Wishes.of({"size": size})


def test_folders_are_told_apart(tmp_path: Path) -> None:
    folder = many(tmp_path / "own")
    assert format_of(folder).name == "folder of pictures"
    assert own_entry(str(folder)).kind == "image"
    (folder / "run.json").write_text("{}")
    with pytest.raises(DataError, match="folder without"):
        own_entry(str(folder))


@pytest.fixture
def entries() -> list[str]:
    """Three kept results of 1,128 bytes and a little more, the first used last."""
    for number, key in enumerate(("a", "b", "c")):
        with kept.making() as place:
            np.save(place / kept.SAMPLES, np.zeros((10, 10, 10, 1), np.uint8))
            kept.keep(place, key, {"shape": [10, 10, 10, 1]})
        os.utime(kept.folder() / key / kept.FACTS, (number, number))
    assert kept.find("a") is not None
    return ["a", "b", "c"]


def test_over_the_budget_what_was_used_least_recently_goes(entries: list[str]) -> None:
    with kept.making() as place:
        np.save(place / kept.SAMPLES, np.zeros((10, 10, 10, 1), np.uint8))
        kept.keep(place, "d", {"shape": [10, 10, 10, 1]}, budget=3000)
    assert sorted(each.name for each in kept.folder().iterdir()) == ["a", "d"]


def test_what_is_kept_and_damaged_is_made_anew(entries: list[str]) -> None:
    file = kept.folder() / "b" / kept.SAMPLES
    file.write_bytes(file.read_bytes()[:500])
    assert kept.find("b") is None
    (kept.folder() / "c" / kept.FACTS).write_text("[]")
    assert kept.find("c") is None
    assert paths.cache() in kept.folder().parents
