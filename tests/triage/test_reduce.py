"""Reduction: kernels get small, stay kernels, and keep the property."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels import kernels
from tests.triage.mistakes import KERNEL, break_affine, break_rule
from vliwc.driver import Options
from vliwc.errors import UsageError
from vliwc.language import KernelErrors, load_kernel, syntax
from vliwc.language.parser import parse
from vliwc.language.unparse import unparse, with_parameters
from vliwc.source import Source
from vliwc.triage.edits import at, lists, places, put, simpler, size
from vliwc.triage.failure import find_failure
from vliwc.triage.oracles import command_succeeds, fails_like
from vliwc.triage.reduce import Reducer, reduce


def file_of(text: str) -> syntax.File:
    return parse(Source("k.vk", text))


def test_a_kernel_shrinks_to_what_matters() -> None:
    found = reduce(KERNEL, lambda text: "* 3" in text)
    assert found.count("\n") <= 7
    assert "* 3" in found
    load_kernel(Source("k.vk", found), {})


def test_a_kernel_without_the_property_stays() -> None:
    assert reduce(KERNEL, lambda _: False) == KERNEL


def test_reduction_asks_for_valid_kernels_only_and_each_once() -> None:
    asked: list[str] = []

    def interesting(text: str) -> bool:
        asked.append(text)
        load_kernel(Source("k.vk", text), {})
        return "par" in text

    told: list[str] = []
    found = reduce(KERNEL, interesting, told.append)
    assert len(set(asked)) == len(asked) == len(told)
    assert found in asked


def test_the_best_is_there_when_the_search_is_ended() -> None:
    count = 0

    def interesting(text: str) -> bool:
        nonlocal count
        count += 1
        if count == 20:
            raise KeyboardInterrupt
        return "par" in text

    reducer = Reducer(KERNEL, interesting)
    with pytest.raises(KeyboardInterrupt):
        reducer.run()
    assert len(reducer.best) < len(KERNEL)
    assert "par" in reducer.best


def test_what_is_no_kernel_is_refused() -> None:
    with pytest.raises(KernelErrors):
        reduce("kernel", lambda _: True)


@pytest.mark.parametrize(("mistake", "lines"), [(break_affine, 8), (break_rule, 8)])
def test_miscompiled_kernels_become_a_few_lines(mistake, lines, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    mistake(monkeypatch)
    failure = find_failure(Source("k.vk", KERNEL), Options())
    assert failure is not None
    found = reduce(KERNEL, fails_like(failure, Options()))
    assert found.count("\n") <= lines
    again = find_failure(Source("k.vk", found), Options())
    assert failure.same_as(again)


def test_kernels_must_keep_a_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    break_rule(monkeypatch)
    failure = find_failure(Source("k.vk", KERNEL), Options())
    assert failure is not None
    faulty = "memory { a: u32[9] inout }\nkernel k { a[0] = a[a[1] & 15] & 6 + 1 // a[0] }"
    assert not fails_like(failure, Options())(faulty)


@settings(max_examples=25)
@given(kernels(), st.data())
def test_edits_make_trees_smaller_and_leave_the_rest(file: syntax.File, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(places(file)))
    node = at(file, path)
    assert put(file, path, (node,)) == file
    for new in simpler(node):
        if len(new) == 1 or (path and path[-1][1] >= 0):
            changed = put(file, path, new)
            assert isinstance(changed, syntax.File)
            assert at(changed, path[:-1]) != at(file, path[:-1])
            if not isinstance(node, syntax.Loop):
                assert size(changed) < size(file)
    for name, items in lists(node):
        assert getattr(node, name) == items


def test_names_give_way_to_their_values() -> None:
    text = """
    const k = 3
    memory { a: u32[8] inout }
    fn f(x, y) { return x - y }
    kernel m { let v = k * 2; a[v] = f(a[v], k) }
    """
    found = reduce(text, lambda text: "-" in text and "a[" in text)
    assert not any(word in found for word in ("const", "let", "fn"))


def test_places_reach_every_node() -> None:
    file = file_of(KERNEL)
    assert {id(at(file, path)) for path in places(file)} == {id(node) for node, _ in syntax.walk(file)}


def test_parameters_become_part_of_the_text() -> None:
    text = unparse(with_parameters(file_of(KERNEL), {"n": 12}))
    assert "param n = 12" in text
    assert load_kernel(Source("k.vk", text), {}).params == {"n": 12}


def test_a_command_decides(tmp_path: Path) -> None:
    script = tmp_path / "check.sh"
    script.write_text('grep -q "par i" "$1"\n')
    for command in (f"sh {script}", f"sh {script} {{}}", f"sh '{script}' {{}} ignored"):
        found = reduce(KERNEL, command_succeeds(command))
        assert "par i" in found
        assert found.count("\n") <= 9


def test_a_command_that_takes_too_long_says_no() -> None:
    assert not command_succeeds("sleep 20", seconds=0.05)(KERNEL)


@pytest.mark.parametrize(
    ("command", "message"), [("", "is empty"), ("'", "cannot read the command"), ("/no/such/thing", "cannot run")]
)
def test_bad_commands_are_refused(command: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        command_succeeds(command)(KERNEL)
