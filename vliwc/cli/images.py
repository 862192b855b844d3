"""Memory images in files: a list of words as JSON, as a numpy array, or as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from vliwc.cli.files import read_text, write_whole
from vliwc.errors import DataError, UsageError

if TYPE_CHECKING:
    from vliwc.ir.ops import Lanes

MAX_WORD = 0xFFFF_FFFF
SUFFIXES = (".json", ".npy", ".txt")


def require_image_suffix(path: Path) -> None:
    """Raises UsageError unless the name of `path` tells an image format."""
    if path.suffix not in SUFFIXES:
        raise UsageError(f"cannot tell the image format of {path}", help=f"name it *{', *'.join(SUFFIXES)}")


def read_image(path: Path) -> Lanes:
    """The memory image in `path`: 1-D, u32.

    `.json` holds one list of words, `.txt` words in decimal or hexadecimal separated by white space, `.npy` a
    one-dimensional array of integers. Raises UsageError if the file cannot be read, DataError if it is something else.
    """
    require_image_suffix(path)
    if path.suffix == ".npy":
        return _read_npy(path)
    text = read_text(path, "memory image")
    return _words(path, _json_list(path, text) if path.suffix == ".json" else _numbers(path, text))


def write_image(path: Path, image: Lanes) -> None:
    """Writes a memory image in the format that the name of `path` tells, whole or not at all. Raises UsageError."""
    require_image_suffix(path)
    if path.suffix == ".npy":
        import io

        import numpy as np

        buffer = io.BytesIO()
        np.save(buffer, image)
        write_whole(path, buffer.getvalue())
    elif path.suffix == ".json":
        write_whole(path, json.dumps(image.tolist()) + "\n")
    else:
        write_whole(path, "".join(f"{word}\n" for word in image.tolist()))


def _json_list(path: Path, text: str) -> list[object]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no JSON: {error}") from None
    if not isinstance(data, list):
        raise DataError(f"{path} holds no list of words", help="an image is one JSON list of integers")
    return data


def _numbers(path: Path, text: str) -> list[object]:
    words: list[object] = []
    for line, row in enumerate(text.splitlines(), 1):
        for number in row.split():
            try:
                words.append(int(number, 0))
            except ValueError:
                raise DataError(f"{path}:{line}: {number!r} is no integer") from None
    return words


def _words(path: Path, values: list[object]) -> Lanes:
    import numpy as np

    for address, value in enumerate(values):
        if type(value) is not int or not 0 <= value <= MAX_WORD:
            raise DataError(f"{path}: word {address} is {value!r}", help="words are integers from 0 to 2^32 - 1")
    return np.array(values, dtype=np.uint32)


def _read_npy(path: Path) -> Lanes:
    import numpy as np

    try:
        # mapped, so that a header that promises more words than the file has costs no memory
        array = np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        raise UsageError(f"no such memory image: {path}") from None
    except OSError as error:
        raise UsageError(f"cannot read the memory image {path}: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"{path} is no numpy array: {error}") from None
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise DataError(f"{path} holds a {array.ndim}-D array of {array.dtype}", help="an image is 1-D, of integers")
    if array.size and not 0 <= int(array.min()) <= int(array.max()) <= MAX_WORD:
        raise DataError(f"{path} holds integers outside 0 … 2^32 - 1")
    return array.astype(np.uint32)
