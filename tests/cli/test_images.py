"""Memory images in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vliwc.cli.images import read_image, require_image_suffix, write_image
from vliwc.errors import DataError, UsageError, VliwcError

WORDS = np.array([0, 1, 0xFFFF_FFFF, 12], dtype=np.uint32)


@pytest.mark.parametrize("suffix", [".json", ".npy", ".txt"])
def test_images_round_trip(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"image{suffix}"
    write_image(path, WORDS)
    found = read_image(path)
    assert found.dtype == np.uint32
    assert found.tolist() == WORDS.tolist()


def test_text_images_may_be_hexadecimal(tmp_path: Path) -> None:
    (tmp_path / "image.txt").write_text("1 0x10\n\n  7\n")
    assert read_image(tmp_path / "image.txt").tolist() == [1, 16, 7]


def test_integer_arrays_of_any_width_are_taken(tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", WORDS.astype(np.int64))
    assert read_image(tmp_path / "image.npy").tolist() == WORDS.tolist()


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("a.json", "[1, 2", DataError, "is no JSON"),
        ("a.json", "[" * 100_000, DataError, "is no JSON"),
        ("a.json", '{"a": 1}', DataError, "holds no list of words"),
        ("a.json", "[1, -1]", DataError, "word 1 is -1"),
        ("a.json", "[1.5]", DataError, r"word 0 is 1\.5"),
        ("a.json", "[true]", DataError, "word 0 is True"),
        ("a.json", "[4294967296]", DataError, "word 0 is 4294967296"),
        ("a.txt", "1 2\nthree", DataError, r"a\.txt:2: 'three' is no integer"),
        ("a.npy", "not an array", DataError, "is no numpy array"),
        ("a.csv", "1,2", UsageError, "cannot tell the image format"),
    ],
)
def test_bad_images(name: str, text: str, error: type[VliwcError], message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(error, match=message):
        read_image(path)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2), dtype=np.uint32), "holds a 2-D array of uint32"),
        (np.zeros(2), "holds a 1-D array of float64"),
        (np.array([-1]), "integers outside"),
        (np.array([2**32]), "integers outside"),
    ],
)
def test_bad_arrays(array: np.ndarray, message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError, match=message):
        read_image(tmp_path / "a.npy")


def test_arrays_with_objects_are_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="is no numpy array"):
        read_image(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["a.json", "a.npy", "a.txt"])
def test_missing_images(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such memory image"):
        read_image(tmp_path / name)


def test_unreadable_arrays(tmp_path: Path) -> None:
    (tmp_path / "a.npy").mkdir()
    with pytest.raises(UsageError, match="cannot read the memory image"):
        read_image(tmp_path / "a.npy")


def test_unknown_formats_are_refused_early() -> None:
    with pytest.raises(UsageError, match="cannot tell the image format"):
        require_image_suffix(Path("memory.bin"))
