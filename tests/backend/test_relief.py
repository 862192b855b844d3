"""Problems that ask for less scratch: broadcasts where they are used, and nothing for forms that are left out."""

from __future__ import annotations

import pytest

from tests.backend.harness import builder, run, with_scratch
from vliwc.backend import generate, generator
from vliwc.backend.problem import DATA, ORDER, Problem
from vliwc.backend.relief import (
    broadcast_at_use,
    broadcasts,
    relieved,
    short_of_scratch,
    used_by_strands,
    without_alternatives,
)
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import multistart
from vliwc.backend.strands import SHARED, find_strands
from vliwc.ir.graph import Access, Graph, Mode
from vliwc.machine import load_machine

A, C = Access("a"), Access("c")


def chains(groups: int, constants: int) -> Graph:
    """Groups of lanes that go through operations with the same constants, each in its own order, and look words up."""
    out = builder(8, a=(64, Mode.IN), c=(8 * groups, Mode.OUT))
    for group in range(groups):
        x = out.emit("vload", out.const(group), attr=A)
        for k in range(constants):
            number = (k + 7 * group) % constants
            x = out.emit(("mul", "xor", "add")[number % 3], x, out.const(1000 + 17 * number, 8))
            if k % 4 == 3:
                x = out.emit("xor", x, out.emit("gather", out.emit("and", x, out.const(63, 8)), attr=A))
        out.emit("vstore", out.const(8 * group), x, attr=C)
    return out.finish()


def choices(groups: int) -> Graph:
    """Groups that choose between two words which all lanes share, by a bit."""
    out = builder(8, a=(8 * groups + 2, Mode.IN), c=(8 * groups, Mode.OUT))
    p, q = (out.emit("splat", out.emit("load", out.const(8 * groups + k), attr=A)) for k in range(2))
    for group in range(groups):
        x = out.emit("vload", out.const(8 * group), attr=A)
        bit = out.emit("and", x, out.const(1, 8))
        out.emit("vstore", out.const(8 * group), out.emit("xor", x, out.emit("select", bit, p, q)), attr=C)
    return out.finish()


def problem_of(graph: Graph) -> Problem:
    (segment,) = generate(graph, load_machine("takehome")).segments
    return segment.problem


def new_value(problem: Problem, width: int) -> int:
    problem.widths.append(width)
    return len(problem.widths) - 1


@pytest.mark.parametrize("graph", [chains(6, 9), choices(6)], ids=["chains", "choices"])
def test_each_user_has_a_broadcast_of_its_own(graph: Graph) -> None:
    problem = problem_of(graph)
    first, users, made = len(problem.widths), used_by_strands(problem), broadcasts(problem)
    assert users
    result = broadcast_at_use(problem, users, lambda width, _: new_value(problem, width))
    copies = {o.writes: k for k, o in enumerate(result.operations) if o.writes >= first}
    assert len(copies) == sum(map(len, users.values()))
    of_node = {problem.operations[made[v]].node: v for v in users}
    names = {v: of_node[result.operations[k].node] for v, k in copies.items()}
    left = [(o.node, o.renamed(names).reads) for o in result.operations if o.writes < first]
    assert left == [(o.node, o.reads) for o in problem.operations if o.writes not in users]
    assert all(result.operations[k].reads == problem.operations[made[names[v]]].reads for v, k in copies.items())
    assert not {v for o in result.operations for needs in o.needs for v in needs} & users.keys()


def test_a_broadcast_is_not_made_before_its_user_may_begin() -> None:
    problem = problem_of(chains(6, 9))
    first = len(problem.widths)
    result = broadcast_at_use(problem, used_by_strands(problem), lambda width, _: new_value(problem, width))
    strand, before = find_strands(result), list[dict[int, int]]()
    for k in range(len(result.operations)):
        before.append({p: kind for p in range(k) for t, kind in result.successors[p] if t == k})
    for k in range(len(result.operations)):
        others = {p for p, kind in before[k].items() if kind == DATA and strand[p] != SHARED}
        own = {p for p in others if result.operations[p].writes >= first}
        for copy in own:
            assert {p for p, kind in before[copy].items() if kind == ORDER} == others - own
    found = multistart.schedule(result)
    assert found is not None
    check_schedule(result, found)


def test_forms_that_alone_need_a_value_are_left_out() -> None:
    problem = problem_of(choices(8))
    fewer = without_alternatives(problem)
    engines = [{form[0].engine for form in o.forms} for o in problem.operations if o.forms]
    assert engines.count({"flow", "valu"}) == 8
    assert [{form[0].engine for form in o.forms} for o in fewer.operations if o.forms].count({"flow"}) == 8
    assert len(broadcasts(fewer)) == len(broadcasts(problem)) - 1, "the difference of the words is not made"
    assert len(fewer.operations) == len(problem.operations) - 2
    assert without_alternatives(fewer) is fewer


def test_scratch_is_short_only_where_few_strands_have_room() -> None:
    problem = problem_of(chains(10, 20))
    assert not short_of_scratch(problem)
    assert short_of_scratch(problem.with_scratch(200))
    assert not short_of_scratch(problem_of(chains(1, 20)).with_scratch(200)), "one strand needs what it needs"


def test_no_more_is_made_again_than_engines_have_time_for() -> None:
    problem = problem_of(chains(10, 20))
    (half, most) = relieved(problem, lambda width, _: new_value(problem, width))
    assert len(problem.operations) < len(half.operations) <= len(most.operations)
    assert multistart.schedule(problem.with_scratch(150)) is None, "20 vectors are 160 words"
    assert multistart.schedule(most.with_scratch(150)) is not None


def test_programs_are_shorter_and_right(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, machine = chains(10, 20), with_scratch(150)
    short = len(run(graph, machine=machine).program.bundles)
    monkeypatch.setattr(generator, "relieve", lambda problem, schedule, new_value: problem)
    assert short < len(run(graph, machine=machine).program.bundles)
