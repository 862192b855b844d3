"""The compiled list scheduler makes the same schedules as the plain one, word for word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.families import make
from tests.backend.problems import problems
from tests.backend.test_parts import groups, problem_of
from vliwc.backend.legalise import legalise
from vliwc.backend.placement import place
from vliwc.backend.problem import Issue, Problem, Schedule
from vliwc.backend.regions import plan
from vliwc.backend.schedulers import listing
from vliwc.backend.schedulers.compiled import Compiled, Limits
from vliwc.backend.schedulers.making import Plain
from vliwc.backend.schedulers.urgency import Settings, portfolio, rescues
from vliwc.backend.selection import Selector
from vliwc.driver import Options, optimise_source
from vliwc.resources import data_path
from vliwc.source import Source

SETTINGS = st.builds(
    Settings,
    stagger=st.sampled_from([0.0, 0.04, 0.3]),
    drift=st.sampled_from([0.0, 0.5, 4.0]),
    strands=st.sampled_from([1, 2, 1 << 30]),
    reserve=st.sampled_from([0, 1, 8]),
    window=st.sampled_from([1, 3, 20, 1 << 30]),
    noise=st.integers(0, 3),
)


def plain(problem: Problem, compiled: Compiled, setting: Settings) -> Schedule | None:
    return listing.run(problem, compiled.shapes, compiled.urgency, setting)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(), SETTINGS)
def test_equal_schedules_of_random_problems(problem: Problem, setting: Settings) -> None:
    compiled = Compiled(problem)
    assert compiled.schedule(setting) == plain(problem, compiled, setting)


def walk_problem() -> Problem:
    """The straight code of the tree walk, for few walkers."""
    path = data_path("examples") / "tree_walk.vk"
    front = optimise_source(Source(path.name, path.read_text()), Options(defines={"batch": 64, "height": 6}))
    legal = legalise(front.graph, front.machine)
    cut = plan(legal)
    return Selector(legal, cut, place(legal, cut), front.machine).problem(0, {})


def test_equal_schedules_of_the_tree_walk() -> None:
    problem = walk_problem()
    compiled = Compiled(problem)
    tried = [*portfolio(problem, compiled.urgency, 0)[:4], *rescues(compiled.urgency)[:2], Settings(window=8, noise=7)]
    for setting in tried:
        assert compiled.schedule(setting) == plain(problem, compiled, setting)


def test_chains_of_operations_without_slots_are_as_deep_as_they_like() -> None:
    problem = problem_of(groups(1))
    first = problem.operations[0]
    count = 5000
    chain = [replace(first, forms=(), reads=(), writes=-1, needs=()) for _ in range(count)]
    long = replace(
        problem,
        operations=[*chain, replace(first, reads=())],
        successors=[*[[(k + 1, 1)] for k in range(count)], []],
        entry={},
        held=frozenset(),
    )
    compiled = Compiled(long)
    found = compiled.schedule(Settings())
    assert found is not None
    assert found.issues == [Issue(0, count, 0, 0, 0, 1)]


def test_the_measure_is_of_the_schedule() -> None:
    compiled = Compiled(problem_of(groups(12)))
    _, order = compiled.urgency.ranks(Settings())
    schedule = compiled.run(np.array(order))
    outcome = compiled.measure(np.array(order), target=10)
    assert schedule is not None
    assert outcome is not None
    assert outcome.cycles == schedule.cycles
    machine, late = compiled.problem.machine, 0.0
    for issue in schedule.issues:
        engine = compiled.problem.operations[issue.operation].forms[issue.form][issue.step].engine
        late += max(0, issue.cycle - 10) * issue.slots / machine.slots(engine)
    assert outcome.late == pytest.approx(late)


def test_orders_are_those_of_the_settings() -> None:
    for problem in (problem_of(groups(12)), make("strands", 300, 0), make("few_strands", 300, 0)):
        compiled = Compiled(problem)
        for setting in (
            Settings(),
            Settings(stagger=0.07, drift=0.5),
            Settings(stagger=0.07, noise=3),
            Settings(0.0, 4.0, noise=3),
            Settings(0.0, 0.5, tails=True),
            Settings(window=7),
        ):
            plainly = Plain(problem, compiled.urgency, compiled.shapes).order(setting)
            assert compiled.order(setting).tolist() == plainly.tolist() == compiled.urgency.ranks(setting)[1]


def test_other_preferences_give_other_forms() -> None:
    """Preferring single slots, the first addition of vectors goes to valu in place of alu."""
    compiled = Compiled(problem_of(groups(12)))
    _, order = compiled.urgency.ranks(Settings())
    every = [range(len(choices)) for choices in compiled.shapes.choices]
    usual = compiled.run(np.array(order), Limits(), compiled.menu(every))
    other = compiled.run(np.array(order), Limits(), compiled.menu([forms[::-1] for forms in every]))
    assert usual is not None
    assert other is not None
    assert usual == compiled.run(np.array(order))
    assert [i.form for i in usual.issues] != [i.form for i in other.issues]
