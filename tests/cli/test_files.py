"""Reading and writing files: clear errors, and nothing half-written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import KERNEL, Vliwc
from vliwc.cli import files
from vliwc.errors import UsageError


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "program.vasm"
    files.write_whole(path, "bündle\n")
    assert files.read_text(path, "program") == "bündle\n"
    files.write_whole(path, b"other")
    assert path.read_bytes() == b"other"
    assert list(tmp_path.iterdir()) == [path]


def test_new_files_obey_the_umask_and_old_ones_keep_their_mode(tmp_path: Path) -> None:
    path = tmp_path / "program.vasm"
    before = os.umask(0o027)
    try:
        files.write_whole(path, "one")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o600)
        files.write_whole(path, "two")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_links_are_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    files.write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_special_files_are_written_in_place() -> None:
    files.require_writable(Path("/dev/null"))
    files.write_whole(Path("/dev/null"), "gone")
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_failed_write_leaves_the_old_file(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "program.vasm"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", fail)
    expected = UsageError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected, match="No space left" if isinstance(error, OSError) else None):
        files.write_whole(path, "new")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


def test_unwritable_places_are_found_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="there is no directory"):
        files.require_writable(tmp_path / "nowhere" / "a.vasm")
    with pytest.raises(UsageError, match="it is a directory"):
        files.require_writable(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="no permission"):
        files.require_writable(tmp_path / "a.vasm")


def test_nothing_is_written_over_what_is_read(vliwc: Vliwc, kernel: Path) -> None:
    Path("link.vasm").symlink_to(kernel)
    Path("hard.vasm").hardlink_to(kernel)
    for arguments in (
        ("compile", kernel, "-o", kernel, "--emit", "asm"),
        ("compile", kernel, "-o", f"./{kernel}", "--emit", "asm"),
        ("compile", kernel, "-o", "link.vasm"),
        ("compile", kernel, "-o", "hard.vasm"),
        ("compile", kernel, "--budget-evals", "5", "--save-search", kernel),
        ("reduce", kernel, "--check", "true", "-o", kernel),
        ("schedule", kernel, "-o", kernel),
        ("schedule", "instance.json", "--check", kernel, "-o", kernel),
    ):
        outcome = vliwc(*arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert ": it is read, too\n  help: give the output another name\n" in outcome.err
    Path("words.txt").write_text("1 2")
    assert "it is read, too" in vliwc("run", "words.txt", "-o", "words.txt").err
    assert kernel.read_text(encoding="utf-8") == KERNEL


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "saxpy.vk").write_text("")
    (tmp_path / "bytes.vk").write_bytes(b"ab\xff")
    with pytest.raises(UsageError, match="no such kernel") as missing:
        files.read_kernel(tmp_path / "sxapy.vk")
    assert missing.value.help == f"did you mean {tmp_path / 'saxpy.vk'}?"
    with pytest.raises(UsageError, match="no such kernel") as nowhere:
        files.read_kernel(tmp_path / "no" / "sxapy.vk")
    assert nowhere.value.help == f"there is no directory {tmp_path / 'no'}"
    with pytest.raises(UsageError, match="no UTF-8 text: byte 2 is 0xff"):
        files.read_kernel(tmp_path / "bytes.vk")
    with pytest.raises(UsageError, match="cannot read the kernel"):
        files.read_kernel(tmp_path)
