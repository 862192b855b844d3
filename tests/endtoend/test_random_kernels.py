"""Random kernels: text, interpreter, graph and program agree, for every scheduler, level and machine.

The kernels are the same in every run. The default test command tests at least `KERNELS` of them, no two combinations of
options on the same ones. A plain generator draws them, which takes little time; `vliwc reduce` shrinks what fails.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.effort import little
from tests.endtoend.pipeline import LEVELS, MACHINES, assert_compiled_right
from tests.kernels import kernels
from vliwc.backend import schedule_names
from vliwc.driver import Options
from vliwc.fuzz.expressions import DIVISIONS, WRAPPING
from vliwc.fuzz.files import random_kernel
from vliwc.language import syntax
from vliwc.language.parser import parse
from vliwc.language.unparse import unparse
from vliwc.source import Source

KERNELS = 1000
COMBINATIONS = tuple(product(LEVELS, schedule_names(), MACHINES))
WEIGHTS = {"cpsat": 1, "list": 4, "naive": 10}
"""How many kernels a scheduler gets, by what one takes: most of the compiler is the same for all of them."""
SHARE = -(-KERNELS // sum(WEIGHTS[schedule] for _, schedule, _ in COMBINATIONS))


@pytest.mark.usefixtures("hardly_any_search")
@pytest.mark.parametrize(("level", "schedule", "machine"), COMBINATIONS)
def test_random_kernels(
    level: int, schedule: str, machine: str, record_property: Callable[[str, object], None]
) -> None:
    options = Options(optimise=level, schedule=schedule, machine=machine, effort=little(schedule))
    choices = Random(f"{level} {schedule} {machine}")
    tested: set[str] = set()
    while len(tested) < SHARE * WEIGHTS[schedule]:
        text = unparse(random_kernel(choices))
        if text not in tested:  # only different ones count
            _assert_right(text, options)
            tested.add(text)
    record_property("inputs", len(tested))


def _assert_right(text: str, options: Options) -> None:
    """Shows the kernel if it is compiled wrong, however that comes out."""
    try:
        assert_compiled_right(Source("random.vk", text), options)
    except Exception as error:
        error.add_note(text)
        raise


def test_random_trees_survive_their_text_and_have_every_construct() -> None:
    seen: set[str] = set()

    @seed(0)
    @settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(kernels())
    def survive(file: syntax.File) -> None:
        assert _plain(parse(Source("random.vk", unparse(file)))) == _plain(file)
        seen.update(_constructs(file))

    survive()
    operators = {*WRAPPING, *DIVISIONS, "min", "max", "<", "<=", ">", ">=", "==", "!=", "&&", "||", "~", "!"}
    statements = {"for", "par", "static for", "static if", "if", "let", "=", *(f"{op}=" for op in WRAPPING)}
    declarations = {"param", "const", "table", "fn", "&", "assume", "2-D", "in", "inout", "out", "consumed"}
    assert operators | statements | declarations | {"?:", "lookup", "call"} <= seen


def _plain(node: object) -> object:
    """A syntax tree as nested tuples, without spans."""
    if isinstance(node, tuple):
        return tuple(_plain(item) for item in node)
    if isinstance(node, syntax.Node):
        return type(node).__name__, *(_plain(getattr(node, f)) for f in node.__dataclass_fields__ if f != "span")
    return node


def _constructs(file: syntax.File) -> set[str]:
    """What stands in a file, by the words and signs that a reader would look for."""
    seen: set[str] = set()
    for node, _ in syntax.walk(file):
        match node:
            case syntax.Unary() | syntax.Binary():
                seen.add(node.op)
            case syntax.Call():
                seen |= {node.name.text, "call"} if node.name.text.startswith("f") else {node.name.text}
            case syntax.Index() if node.name.text.startswith("t"):
                seen.add("lookup")
            case syntax.Assign():
                seen.add(f"{node.op}=")
            case syntax.If():
                seen.add("static if" if node.static else "if")
            case syntax.Loop():
                seen.add(node.kind)
            case syntax.Array():
                seen |= {node.mode.text, "2-D"} if len(node.sizes) == 2 else {node.mode.text}
        seen.add(_NAMES.get(type(node), ""))
    return seen


_NAMES: dict[type, str] = {
    syntax.Param: "param",
    syntax.Const: "const",
    syntax.Table: "table",
    syntax.Function: "fn",
    syntax.Address: "&",
    syntax.Assume: "assume",
    syntax.Let: "let",
    syntax.Conditional: "?:",
}
