"""Selected operations mean what their graph means, in all of their forms."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from tests.backend.harness import builder, image_of, with_scratch
from vliwc.backend import Generated, generate
from vliwc.backend.evaluator import Selected, Semantics, evaluate_selected
from vliwc.backend.problem import Immediate
from vliwc.driver import Options, compile_source
from vliwc.errors import InternalError
from vliwc.ir.graph import Access, Mode
from vliwc.language import interpret, make_image
from vliwc.machine import load_machine, machine_names
from vliwc.resources import data_path
from vliwc.source import Source


@pytest.mark.parametrize("machine", machine_names())
@pytest.mark.parametrize(("name", "sizes"), [("tree_walk", {"height": 3, "rounds": 5, "batch": 19}), ("gcd", {})])
def test_examples(name: str, sizes: dict[str, int], machine: str) -> None:
    path = data_path("examples") / f"{name}.vk"
    for level in (0, 2):
        options = Options(optimise=level, machine=machine, defines=sizes)
        compilation = compile_source(Source(path.name, path.read_text(encoding="utf-8")), options)
        kernel = compilation.front.kernel
        image = make_image(kernel, np.random.default_rng(5), "random")
        kept = image.copy()
        expected = interpret(kernel, image)
        for choices in (None, Random(1), Random(2)):
            found = evaluate_selected(compilation.generated.selected, image, choices)
            for array in kernel.arrays.values():
                if array.mode is not Mode.CONSUMED:
                    assert (found[array.base :][: array.length] == expected[array.base :][: array.length]).all()
        assert (image == kept).all()


def many_values() -> Generated:
    """A program that spills: all words of an array are kept in scratch before they are stored in reverse order."""
    b = builder(8, a=(64, Mode.IN), spare=(64, Mode.CONSUMED), r=(64, Mode.OUT))
    words = [b.emit("vload", b.const(k), attr=Access("a")) for k in range(0, 64, 8)]
    for k, word in enumerate(reversed(words)):
        b.emit("vstore", b.const(8 * k), word, attr=Access("r"))
    return generate(b.finish(), with_scratch(48))


def test_spills() -> None:
    generated = many_values()
    image = image_of(generated.selected.graph)
    found = evaluate_selected(generated.selected, image)
    assert (found[128:].reshape(8, 8) == image[:64].reshape(8, 8)[::-1]).all()


def small(op: str, divisor: int) -> Selected:
    b = builder(8, a=(8, Mode.INOUT))
    word = b.emit("load", b.const(3), attr=Access("a"))
    b.emit("store", b.const(3), b.emit(op, word, b.emit("load", b.const(divisor), attr=Access("a"))), attr=Access("a"))
    return generate(b.finish(), load_machine("takehome")).selected


def changed(selected: Selected, op: str, number: int) -> Selected:
    """The same with other immediates in all operations `op`, or without these operations if the number is negative."""
    (problem,) = selected.problems
    operations = []
    for operation in problem.operations:
        forms = tuple(
            tuple(replace(s, operands=(s.operands[0], Immediate(number))) if s.op == op else s for s in form)
            for form in operation.forms
        )
        gone = number < 0 and operation.forms[:1] and operation.forms[0][0].op == op
        operations.append(replace(operation, forms=() if gone else forms, needs=()))
    return replace(selected, problems=(replace(problem, operations=operations),))


def test_a_division_by_0_is_an_error() -> None:
    with pytest.raises(InternalError, match="divide by 0"):
        evaluate_selected(small("div", 5), np.zeros(8, np.uint32))


def test_an_access_outside_the_image_is_an_error() -> None:
    with pytest.raises(InternalError, match="access word 8 of an image of 8"):
        evaluate_selected(changed(small("add", 5), "const", 8), np.zeros(8, np.uint32))


def test_an_unwritten_word_is_an_error() -> None:
    with pytest.raises(InternalError, match="before it is written"):
        evaluate_selected(changed(small("add", 5), "const", -1), np.zeros(8, np.uint32))


def test_semantics_are_abstract() -> None:
    semantics: Semantics[int] = Semantics()
    for call in (
        lambda: semantics.constant(1),
        lambda: semantics.apply("add", 1, 2),
        lambda: semantics.load(0, 0),
        lambda: semantics.store(0, 0, 1),
        lambda: semantics.holds(1),
    ):
        with pytest.raises(NotImplementedError):
            call()
