"""What is written is what is read, and nothing else is."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz.plane import PCA
from aeviz.runs.atomic import SaveError, array_bytes
from aeviz.runs.reading import RunError
from aeviz.sessions import file
from aeviz.sessions.archive import SESSION_JSON, SessionError, pack, unpack
from aeviz.sessions.content import to_content
from aeviz.sessions.link import link_row
from aeviz.shown import Shown, is_same
from tests.runs.making import make_run
from tests.sessions.making import SAMPLES, make_path, make_session, make_shown

WHERE = "a.aeviz"


def test_everything_that_is_shown_comes_back() -> None:
    made = make_session()
    read = file.from_bytes(file.to_bytes(made), WHERE)
    for field in fields(Shown):
        assert is_same(getattr(read.shown, field.name), getattr(made.shown, field.name)), field.name
    assert read.link == made.link


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"pin": None, "selection": None, "masked": None, "path": None, "region": None},
        {"condition": 3, "plane": PCA, "groups": (), "attributes": (), "docks": ()},
        {"condition": None, "path": make_path(line=None, knots=(), method="straight")},
        {"selection": np.empty(0, np.int64)},
    ],
)
def test_saved_opened_and_saved_again_is_the_same_to_the_byte(changed: dict[str, Any]) -> None:
    first = file.to_bytes(make_session(**changed))
    assert file.to_bytes(file.from_bytes(first, WHERE)) == first


def test_the_bytes_do_not_depend_on_when_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    first = file.to_bytes(make_session())
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert file.to_bytes(make_session()) == first


def test_the_arrays_can_be_read_as_npz() -> None:
    with np.load(io.BytesIO(file.to_bytes(make_session()))) as arrays:
        np.testing.assert_array_equal(arrays["selection"], [1, 5, 11])


def test_a_file_is_written_beside_its_run_and_found_again(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", 3)
    shown = make_shown()
    file.save(tmp_path / "a.aeviz", run, shown)
    read = file.read(tmp_path / "a.aeviz")
    assert is_same(read.shown, shown)
    assert read.link.path == "run"
    first = (tmp_path / "a.aeviz").read_bytes()
    file.save(tmp_path / "a.aeviz", run, read.shown)
    assert (tmp_path / "a.aeviz").read_bytes() == first
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".tmp")] == []


def test_a_run_that_is_gone_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.aeviz"
    path.write_bytes(b"old")
    with pytest.raises(RunError, match=r"run\.json"):
        file.save(path, tmp_path / "gone", make_shown())
    assert path.read_bytes() == b"old"


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    run, path = make_run(tmp_path / "run", 2), tmp_path / "a.aeviz"
    path.write_bytes(b"old")
    with pytest.raises(SessionError, match="selection"):
        file.save(path, run, make_shown(selection=np.array([99])))
    assert path.read_bytes() == b"old"


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", 2)
    with pytest.raises(SaveError, match=r"nowhere.a\.aeviz"):
        file.save(tmp_path / "nowhere" / "a.aeviz", run, make_shown())


# ── fields ────────────────────────────────────────────────────────────────────────────────────


def content() -> tuple[dict[str, Any], dict[str, Any]]:
    made = make_session()
    row, arrays = to_content(made.shown)
    return json.loads(json.dumps({"run": link_row(made.link), **row})), arrays


def places(row: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in the JSON."""
    inner = (
        row.items() if isinstance(row, dict) else enumerate(row) if isinstance(row, list) else ()
    )
    for key, value in inner:
        yield (*before, key)
        yield from places(value, (*before, key))


def put(row: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        row = row[key]
    row[place[-1]] = value


def take(row: Any, place: tuple[Any, ...]) -> None:
    for key in place[:-1]:
        row = row[key]
    del row[place[-1]]


ODD = ({}, [], [[]], "x" * 5000, "\0", -(2**60), 2**60, 1e300, True, None, {"a": 1})
"""Values of which none can be right in more than a few places."""


def test_a_field_with_another_value_is_refused_by_name_or_stays_a_sound_session() -> None:
    said = []
    for place in places(content()[0]):
        for value in ODD:
            row, arrays = content()
            put(row, place, value)
            try:
                read = file.from_bytes(pack(row, arrays), WHERE)
            except SessionError as error:
                said.append(str(error))
            else:
                first = file.to_bytes(read)
                assert file.to_bytes(file.from_bytes(first, WHERE)) == first
    assert len(said) > 600
    assert all(each.startswith(WHERE) and "\n" not in each for each in said)


def test_every_field_that_is_missing_is_named() -> None:
    for place in places(content()[0]):
        if isinstance(place[-1], int) or place[:-1] == ("map", "hidden"):
            continue
        row, arrays = content()
        take(row, place)
        with pytest.raises(SessionError, match=rf"{place[-1]}.*is missing"):
            file.from_bytes(pack(row, arrays), WHERE)


def test_fields_of_a_later_program_are_left_alone() -> None:
    row, arrays = content()
    row |= {"colours of the walls": [1, 2]}
    row["map"]["fog"] = 0.5
    read = file.from_bytes(pack(row, {**arrays, "fog": np.ones(3)}), WHERE)
    assert is_same(read.shown, make_shown())


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("samples",), True, "'samples' must be a whole number"),
        (("time", "playhead"), -1, "'time.playhead' must be a number from 0"),
        (("map", "region"), [1, 0, 0, 1], "'map.region' must hold left, right"),
        (("map", "plane", "directions", 0, "numbers"), [3], "'map.plane.directions.0.numbers'"),
        (("run", "kind"), "url", "'run.kind' must be one of relative, absolute, demo"),
        (("path", "steps"), 65, "'path.steps' must be a whole number from 2 to 64"),
        (("groups", 1, "name"), "left", "'groups' has a name that stands twice"),
        (("window", "docks", 0, "area"), "out", "'window.docks.0.area' must be one of"),
    ],
)
def test_a_wrong_field_is_named(place: tuple[Any, ...], value: Any, said: str) -> None:
    row, arrays = content()
    put(row, place, value)
    with pytest.raises(SessionError, match=said.replace(".", r"\.")) as caught:
        file.from_bytes(pack(row, arrays), WHERE)
    assert str(caught.value).startswith(WHERE)


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("pin", np.array([1, 2], np.float32), "'pin' is"),
        ("pin", np.array([1, np.nan, 2], np.float32), "'pin' holds numbers that are not"),
        ("pin", np.array([1, 2, 3], np.float64), "pin holds float64"),
        ("pin", np.array([1, 2, 3e38], np.float32), "'pin' holds numbers beyond"),
        ("selection", np.array([2, 1]), "'selection' must hold rows below 12, in order"),
        ("selection", np.array([-1, 1]), "'selection' must hold rows"),
        ("selection", np.array([1, SAMPLES]), "'selection' must hold rows"),
        ("masked", np.zeros(SAMPLES - 1, bool), "'masked' is"),
        ("path/rows", np.array([-2, 1]), "'path/rows' must hold rows"),
        ("path/rows", np.array([1]), "'path' must have 1 to 50 anchors"),
        ("groups/0", np.array([], np.int64), "'groups.0' has no samples"),
    ],
)
def test_a_wrong_array_is_named(name: str, array: Any, said: str) -> None:
    row, arrays = content()
    with pytest.raises(SessionError, match=said) as caught:
        file.from_bytes(pack(row, {**arrays, name: array}), WHERE)
    assert str(caught.value).startswith(WHERE)


@pytest.mark.parametrize("path", ["//host/share", "\\\\host\\share", "/etc", "C:\\x", "C:x", ""])
def test_a_relative_link_leads_to_no_other_computer_and_no_fixed_place(path: str) -> None:
    row, arrays = content()
    row["run"]["path"] = path
    with pytest.raises(SessionError, match=r"run\.path"):
        file.from_bytes(pack(row, arrays), WHERE)


# ── the container ─────────────────────────────────────────────────────────────────────────────


def rezipped(change: Callable[[zipfile.ZipFile, str, bytes], None]) -> bytes:
    """The file with each of its members written in another way."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(file.to_bytes(make_session()))) as old,
        zipfile.ZipFile(buffer, "w") as new,
    ):
        for name in old.namelist():
            change(new, name, old.read(name))
    return buffer.getvalue()


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    def bomb(new: zipfile.ZipFile, name: str, data: bytes) -> None:
        new.writestr(name, data if name == SESSION_JSON else bytes(10**7), zipfile.ZIP_DEFLATED)

    with pytest.raises(SessionError, match="compressed or encrypted"):
        file.from_bytes(rezipped(bomb), WHERE)


def test_names_that_lead_elsewhere_are_never_followed(tmp_path: Path) -> None:
    def add(new: zipfile.ZipFile, name: str, data: bytes) -> None:
        new.writestr(name, data)
        if name == SESSION_JSON:
            new.writestr("../../escaped.npy", b"x")
            new.writestr("/etc/escaped", b"x")

    assert is_same(file.from_bytes(rezipped(add), WHERE).shown, make_shown())
    assert not list(tmp_path.parent.rglob("escaped*"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_twice_is_refused() -> None:
    def twice(new: zipfile.ZipFile, name: str, data: bytes) -> None:
        new.writestr(name, data)
        if name == "pin.npy":
            new.writestr(name, array_bytes(np.zeros(3, np.float32)))

    with pytest.raises(SessionError, match="stand twice"):
        file.from_bytes(rezipped(twice), WHERE)


def test_an_array_that_was_put_in_the_place_of_another_is_noticed() -> None:
    def swap(new: zipfile.ZipFile, name: str, data: bytes) -> None:
        is_pin = name == "pin.npy"
        new.writestr(name, array_bytes(np.ones(3, np.float32)) if is_pin else data)

    with pytest.raises(SessionError, match=r"hash of 'pin\.npy'"):
        file.from_bytes(rezipped(swap), WHERE)


def test_a_newer_format_is_one_sentence() -> None:
    row, arrays = content()
    with pytest.raises(SessionError, match=r"has format 2, written by a newer aeviz.*update aeviz"):
        unpack(pack({**row, "format": 2}, arrays), WHERE)


def test_objects_are_never_unpickled() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}, 1], object), allow_pickle=True)

    def objects(new: zipfile.ZipFile, name: str, data: bytes) -> None:
        new.writestr(name, buffer.getvalue() if name == "pin.npy" else data)

    with pytest.raises(SessionError, match="hash"):
        file.from_bytes(rezipped(objects), WHERE)


@pytest.mark.parametrize("kind", ["empty", "text", "folder", "fifo", "missing"])
def test_what_is_no_session_file_is_a_sentence(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.aeviz"
    if kind == "fifo" and not hasattr(os, "mkfifo"):
        pytest.skip("a FIFO is of POSIX")
    make: dict[str, Callable[[], object]] = {
        "empty": lambda: path.write_bytes(b""),
        "text": lambda: path.write_text("hello"),
        "folder": path.mkdir,
        "fifo": lambda: os.mkfifo(path),
        "missing": lambda: None,
    }
    make[kind]()
    with pytest.raises(SessionError, match=r"a\.aeviz"):
        file.read(path)


def test_a_cut_file_is_refused_wherever_it_is_cut() -> None:
    whole = file.to_bytes(make_session())
    for end in range(1, len(whole), 97):
        with pytest.raises(SessionError):
            file.from_bytes(whole[:end], WHERE)


def test_two_states_are_compared_by_what_they_say() -> None:
    one = make_shown()
    assert is_same(one, make_shown())
    assert not is_same(one, make_shown(pin=np.zeros(3, np.float32)))
    assert not is_same(one, make_shown(path=make_path(at=0.5)))
    assert not is_same(one, make_shown(masked=None))
    assert is_same(one, replace(one, size=(1, 1)), ("size",))
