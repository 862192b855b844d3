"""Every code has an example, and each example gives exactly the text in its snapshot.

An example is errors/VKxxxx[_what].vk; lines `# -D name=value` at its beginning set params. With
VLIWC_UPDATE_SNAPSHOTS=1 in the environment the snapshots are written anew; read the difference before you keep it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from vliwc.language import Diagnostic, KernelErrors, load_kernel, render
from vliwc.language.codes import CODES
from vliwc.source import Source, Span

HERE = Path(__file__).parent
ERRORS = sorted((HERE / "errors").glob("*.vk"))
DOCS = HERE.parents[1] / "docs" / "diagnostics.md"
INTRODUCTION = """# Diagnostics

Everything that can be wrong with a kernel, by code. `vliwc explain VK0101` shows an entry on the command line.
All errors that can be found are reported in one run, in the order of the text; the exit code is 3. Errors in the syntax
end the run before names are looked at, since what could not be read would be missed everywhere.

Each entry has an example of the message. The first two digits group the codes: 00 text and syntax, 01 names,
02 constants, 03 memory and tables, 04 loads, stores and assignments, 05 functions, 06 loops and sizes, 07 independence
of `par`.
"""
UPDATE = os.environ.get("VLIWC_UPDATE_SNAPSHOTS") == "1"


def errors_of(path: Path) -> KernelErrors:
    text = path.read_bytes().decode()
    defines = {name: int(value) for name, value in re.findall(r"^# -D (\w+)=(\d+)$", text, re.MULTILINE)}
    with pytest.raises(KernelErrors) as caught:
        load_kernel(Source(path.name, text), defines)
    return caught.value


@pytest.mark.parametrize("path", ERRORS, ids=lambda p: p.stem)
def test_snapshot(path: Path) -> None:
    errors = errors_of(path)
    snapshot = HERE / "snapshots" / f"{path.stem}.txt"
    shown = errors.render() + "\n"
    if UPDATE:
        snapshot.write_text(shown, encoding="utf-8")
    assert shown == snapshot.read_text(encoding="utf-8")
    assert path.stem[:6] in {d.code for d in errors.diagnostics}


def test_every_snapshot_has_its_example() -> None:
    assert {p.stem for p in (HERE / "snapshots").glob("*.txt")} == {p.stem for p in ERRORS}


def test_every_code_has_an_example() -> None:
    assert {p.stem[:6] for p in ERRORS} == set(CODES)


def document() -> str:
    """docs/diagnostics.md: the table of codes, each with the first error of its first snapshot."""
    text = INTRODUCTION
    for code in CODES.values():
        example = next(p for p in ERRORS if p.stem.startswith(code.code))
        first = next(d for d in errors_of(example).diagnostics if d.code == code.code)
        shown = render(first, errors_of(example).source)
        text += f"\n### {code.code}: {code.title}\n\n{code.cause}\nWhat to do: {code.help}.\n\n```text\n{shown}\n```\n"
    return text


def test_every_code_is_documented_with_an_example() -> None:
    text = document()
    if UPDATE:
        DOCS.write_text(text, encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == text


def test_no_terminal_names_in_messages() -> None:
    for path in ERRORS:
        for diagnostic in errors_of(path).diagnostics:
            words = set(re.findall(r"\b[A-Z_]{4,}\b", diagnostic.message)) - {"NULL"}
            assert not words, f"{path.name}: {diagnostic.message}"


def test_errors_are_in_source_order_and_counted() -> None:
    errors = errors_of(HERE / "errors" / "VK0101.vk")
    places = [(d.span.line, d.span.column) for d in errors.diagnostics]
    assert places == sorted(places)
    assert len(places) == 5
    assert "(and 4 more errors)" in str(errors)
    assert errors.exit_code == 3


def test_carets_stand_right_behind_tabs_and_wide_characters() -> None:
    source = Source("k.vk", "\tx = 日本 y")
    shown = render(Diagnostic("VK0001", "m", Span(1, 9, 1, 10), "here"), source).splitlines()
    assert shown[3] == "1 |     x = 日本 y"
    assert shown[4] == "  |               ^ here".replace("               ^", " " * 14 + "^")


def test_a_span_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    shown = render(Diagnostic("VK0001", "m", Span(1, 3, 2, 2)), Source("k.vk", "ab(cd\n e)")).splitlines()
    assert shown[4] == "  |   ^^^"


def test_a_place_behind_the_end_still_has_a_caret() -> None:
    shown = render(Diagnostic("VK0002", "m", Span(1, 4, 1, 5)), Source("k.vk", "abc")).splitlines()
    assert shown[4] == "  |    ^"


def test_control_characters_are_not_printed() -> None:
    shown = render(Diagnostic("VK0001", "m", Span(1, 2, 1, 3)), Source("k.vk", "a\x1b[31m\ufeffb"))
    assert "\x1b" not in shown
    assert "\ufeff" not in shown
