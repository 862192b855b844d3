"""Reading what the user names, and writing files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from vliwc.errors import DataError, UsageError
from vliwc.source import Source

MAX_KERNEL = 1 << 24
MAX_BYTES = 1 << 25
"""How many bytes are read at most, of a kernel and of any other text: files such as /dev/zero have no end."""


def read_text(path: Path, what: str, limit: int = MAX_BYTES) -> str:
    """The UTF-8 text of `path`, which is a `what` ("kernel", "program").

    Raises UsageError if it cannot be read, DataError if it is longer than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
        require_small(path, len(data), limit)
        return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise UsageError(f"no such {what}: {path}", help=_near(path)) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from None
    except OSError as error:
        raise UsageError(f"cannot read the {what} {path}: {error.strerror}") from None
    except ValueError as error:  # a path with a zero byte in it
        raise UsageError(f"cannot read the {what} {str(path)!r}: {error}") from None


def require_small(path: Path, size: int, limit: int) -> None:
    """Raises DataError if a file of `size` bytes is too large."""
    if size > limit:
        raise DataError(f"{path} is larger than {limit >> 20} MiB", help="that is more than vliwc reads")


def read_kernel(path: Path) -> Source:
    """The kernel source in `path`. Raises UsageError if it cannot be read."""
    return Source(str(path), read_text(path, "kernel", MAX_KERNEL))


def _near(path: Path) -> str | None:
    """A sentence that names a file of a similar name beside `path`, if there is one."""
    from difflib import get_close_matches

    if not path.parent.is_dir():
        return f"there is no directory {path.parent}"
    near = get_close_matches(path.name, [p.name for p in path.parent.iterdir() if p.is_file()], n=1)
    return f"did you mean {path.parent / near[0]}?" if near else None


def require_writable(path: Path, *inputs: Path) -> None:
    """Raises UsageError unless a file can be put at `path`, which is none of `inputs`. Call it before long work."""
    parent = path.absolute().parent
    try:
        for given in inputs:
            if path.is_file() and given.is_file() and path.samefile(given):
                raise UsageError(f"cannot write {path}: it is read, too", help="give the output another name")
        if not parent.is_dir():
            raise UsageError(f"cannot write {path}: there is no directory {parent}", help="make the directory first")
        if path.is_dir():
            raise UsageError(f"cannot write {path}: it is a directory")
        special = path.exists() and not path.is_file()
        if not os.access(path if special else parent, os.W_OK):
            raise UsageError(f"cannot write {path}: no permission in {parent}")
    except OSError as error:  # a name that is too long, for example
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def write_whole(path: Path, data: str | bytes) -> None:
    """Puts `data` at `path` in one step: readers see the old file or the new one, never a part.

    The data go to a temporary file beside it, which then takes its name (os.replace) with the permissions that a
    newly made file would have. A path that exists and is no regular file, such as /dev/stdout, is written directly.
    Raises UsageError if that fails.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        _replace(path.resolve(), content)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or the name may reach the disk before the contents
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
