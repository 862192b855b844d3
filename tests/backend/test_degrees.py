"""Scratch that is taken away by degrees: shorter schedules where there is little of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import HealthCheck, given, settings

from benchmarks import families
from tests.backend.problems import problems
from vliwc.backend.problem import Problem
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers.compiled import Compiled
from vliwc.backend.schedulers.degrees import Squeezer
from vliwc.backend.schedulers.making import Forms, Made, Maker, Order, Plain
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import NO_LIMITS, RELAXED_STAGGERS, Settings, Urgency, portfolio, squeezes


def order(making: Compiled, setting: Settings) -> Order:
    return np.array(making.urgency.ranks(setting)[1], np.intp)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems())
def test_compiled_ones_are_plain_ones_and_right(problem: Problem) -> None:
    def squeezed(making: Maker) -> object:
        found = Squeezer(making).run(np.arange(len(problem.operations)))
        return found and (found.made.schedule(), found.limits)

    compiled = Squeezer(Compiled(problem)).run(np.arange(len(problem.operations)))
    assert squeezed(Plain(problem, Urgency(problem), Shapes(problem))) == squeezed(Compiled(problem))
    if compiled is not None:
        assert compiled.made.peak <= problem.machine.scratch_words
        check_schedule(problem, compiled.made.schedule())


def test_they_are_shorter_than_what_limits_alone_come_to() -> None:
    problem = families.make("strands", 100, 2).with_scratch(104)
    making, squeezer = Compiled(problem), Squeezer(Compiled(problem))
    limited = [*portfolio(problem, making.urgency, 0), *squeezes(problem, making.urgency)]
    plain = [made.cycles for s in limited if (made := making.make(order(making, s), s)) is not None]
    relaxed = (squeezer.run(order(making, Settings(stagger))) for stagger in RELAXED_STAGGERS)
    found = min((f for f in relaxed if f is not None), key=lambda f: f.made.cycles)
    assert found.made.cycles < min(plain)
    assert found.made.peak <= problem.machine.scratch_words
    check_schedule(problem, found.made.schedule())


@dataclass
class Recording:
    """A maker that remembers with how much scratch each schedule was made."""

    maker: Maker
    words: int
    made_with: list[tuple[Made, int]] = field(default_factory=list)

    @property
    def problem(self) -> Problem:
        return self.maker.problem

    def with_scratch(self, words: int) -> Recording:
        return Recording(self.maker.with_scratch(words), words, self.made_with)

    def make(self, order: Order, settings: Settings = NO_LIMITS, forms: Forms | None = None) -> Made | None:
        made = self.maker.make(order, settings, forms)
        if made is not None:
            self.made_with.append((made, self.words))
        return made


def test_what_takes_few_words_is_still_made_with_the_scratch_there_is() -> None:
    """With more of it, some of these words may be beyond its end."""
    problem = families.make("strands", 100, 2)
    words = problem.machine.scratch_words
    recording = Recording(Plain(problem, Urgency(problem), Shapes(problem)), words)
    found = Squeezer(recording).run(np.arange(len(problem.operations)))
    first, _ = recording.made_with[0]
    assert first.peak < words
    assert found is not None
    assert [words for made, words in recording.made_with if made is found.made] == [words]


def test_what_frees_scratch_follows_what_it_waits_for() -> None:
    """The latest cycle of an operation that frees more than it takes is that after its operands' latest ones."""
    problem = families.make("strands", 100, 2)
    making = Compiled(problem)
    made = making.make(order(making, Settings()))
    assert made is not None
    plain, soon = made.late(), Squeezer(making).late(made)
    assert plain is not None
    assert soon is not None
    assert (soon <= plain).all()
    earlier = np.flatnonzero(soon < plain)
    assert len(earlier)
    waits = {k: [p for p, edges in enumerate(problem.successors) if k in dict(edges)] for k in earlier.tolist()}
    assert all(soon[k] == max(plain[p] for p in before) + 1 for k, before in waits.items())
