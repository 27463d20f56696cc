"""Own files: told by their content, and what is no data is refused with a way out."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from aeviz.data.dataset import DataError
from aeviz.data.own import format_of, is_path, own_entry


@pytest.mark.parametrize("name", ["own.npz", "own.dat", "no-ending", "own.csv"])
def test_the_format_is_told_by_the_content_not_by_the_name(name: str, tmp_path: Path) -> None:
    with (tmp_path / name).open("wb") as file:
        np.save(file, np.zeros((3, 2)))
    assert format_of(tmp_path / name).name.startswith("NumPy")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is an empty file"),
        (pickle.dumps([1, 2, 3]), "is a pickle, which could run any program"),
        (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
        (b"\n <!DOCTYPE html><p>Not found", "is a web page"),
        (b"\x89PNG\r\n\x1a\n", "is one picture"),
        (b"%PDF-1.7", "is a PDF document"),
        (b"\x7fELF\x02\x01", "is a program"),
        (b"PK\x03\x04" + bytes(26) + b"archive/data.pkl", "is a file of torch.save"),
        (bytes(range(1, 200)), "is of no kind that can be read"),
    ],
)
@pytest.mark.parametrize("ending", [".npy", ".bin"])
def test_what_is_no_data_is_refused_with_what_it_looks_like(
    content: bytes, said: str, ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"strange{ending}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        own_entry(str(path))
    assert str(path) in str(caught.value)


def test_pipes_and_absent_files_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        own_entry(str(tmp_path / "pipe.npy"))
    (tmp_path / "loop.npy").symlink_to("loop.npy")
    with pytest.raises(DataError, match="cannot be read"):
        own_entry(str(tmp_path / "loop.npy"))
    with pytest.raises(DataError, match="there is no such file"):
        own_entry(str(tmp_path / "absent.npy"))
    with pytest.raises(DataError, match="folder without"):
        own_entry(str(tmp_path))


def test_a_name_is_a_path_when_it_is_written_like_one(tmp_path: Path) -> None:
    assert is_path("folder/own")
    assert is_path("own.csv")
    assert is_path(str(tmp_path))
    assert not is_path("digits")
