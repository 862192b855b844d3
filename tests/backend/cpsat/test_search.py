"""The search: it betters schedules, keeps what it has when interrupted, and repeats itself exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event

import pytest

from benchmarks.families import make
from tests.effort import ENOUGH
from vliwc.backend import solution
from vliwc.backend.bound_check import check_argument
from vliwc.backend.bounds import SMALL_TARIFF, segment_bound
from vliwc.backend.bounds.argument import Tariff
from vliwc.backend.instance import Instance as NamedProblem
from vliwc.backend.problem import DATA, Operation, Problem, Schedule, Step
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import cpsat, listing, multistart
from vliwc.backend.schedulers.cpsat import exact, search
from vliwc.backend.schedulers.cpsat.incumbent import Incumbent
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.neighbourhood import Range, inside, lateness, shorten, tidy
from vliwc.backend.schedulers.cpsat.placing import place
from vliwc.backend.schedulers.cpsat.room import room
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.cpsat.start import start
from vliwc.backend.schedulers.cpsat.timetable import Timetable, timetable
from vliwc.backend.schedulers.effort import Effort, Meter
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency
from vliwc.errors import UsageError
from vliwc.machine import load_machine

MACHINE = load_machine("narrow")
WORK = Effort(seconds=None, work=3.0, workers=1)


def step(engine: str, slots: int = 1, latency: int = 1) -> tuple[Step, ...]:
    return (Step(engine, "op", (), slots, latency),)


def problem_of(operations: list[Operation], widths: list[int], words: int = 512) -> Problem:
    """Every reader waits for the writer of what it reads."""
    writer = {o.writes: k for k, o in enumerate(operations) if o.writes >= 0}
    successors: list[list[tuple[int, int]]] = [[] for _ in operations]
    for k, o in enumerate(operations):
        for v in o.reads:
            successors[writer[v]].append((k, DATA))
    return Problem(replace(MACHINE, scratch_words=words), operations, successors, widths, {}, frozenset())


def chains(count: int, words: int = 512) -> Problem:
    """Load, a vector operation on valu or lane by lane on alu, store; several times."""
    operations = []
    for n in range(count):
        operations += [
            Operation(3 * n, (step("load"),), (), 2 * n),
            Operation(3 * n + 1, (step("valu"), step("alu", 4)), (2 * n,), 2 * n + 1),
            Operation(3 * n + 2, (step("store"),), (2 * n + 1,), -1),
        ]
    return problem_of(operations, [4] * (2 * count), words)


def trap() -> Problem:
    """The list scheduler takes the flow slot, which two operations want, for the one that could go to alu."""
    select, other = Operation(0, (step("flow"),), (), 0), Operation(1, (step("flow"), step("alu", 4)), (), 1)
    ends = [Operation(2, (step("store"),), (0,), -1), Operation(3, (step("store"),), (1,), -1)]
    return problem_of([other, select, *ends], [4, 4])


def slow(problem: Problem) -> Timetable:
    """One operation after the other, each in its first form, with an idle cycle between them."""
    instance = Instance(problem)
    found = cpsat.schedule(problem, effort=WORK)
    assert found is not None
    slots = [tuple(i._replace(cycle=3 * i.cycle) for i in issues) for issues in timetable(instance, found).slots]
    return Timetable(instance, slots)


def test_scratch_binds_and_the_proof_counts_it() -> None:
    """With room for one chain's two values at a time, a chain after the other; the word of a last read is free."""
    plenty, tight = chains(4), chains(4, words=8)
    fast, found = cpsat.schedule(plenty, effort=ENOUGH), cpsat.schedule(tight, effort=ENOUGH)
    assert fast is not None
    assert found is not None
    check_schedule(tight, found)
    assert (fast.cycles, fast.bound) == (6, 6)
    assert found.peak <= 8
    assert found.cycles == found.bound


def test_the_shortest_form_is_not_always_the_first() -> None:
    problem = trap()
    found = cpsat.schedule(problem, effort=ENOUGH)
    assert found is not None
    check_schedule(problem, found)
    assert found.cycles == found.bound == 3


def test_a_list_schedule_at_the_bound_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("nothing is to be solved")

    monkeypatch.setattr(exact.Exact, "decide", refuse)
    monkeypatch.setattr(Solver, "solve", refuse)
    problem = chains(1)
    plain, found = multistart.schedule(problem), cpsat.schedule(problem)
    assert plain is not None and found is not None and found.argument is not None
    assert found.argument.bound == plain.cycles
    assert found == replace(plain, bound=plain.cycles, argument=found.argument)


def test_shortening_saves_a_cycle() -> None:
    table = slow(chains(3))
    move = shorten(table, Range(0, table.cycles), room(table.instance.problem, split=True))
    assert move is not None
    answer = Solver(Meter(WORK), 0).solve(move.model.cp, most=1.0)
    assert answer.solution is not None
    after = move.after(answer.solution)
    assert after.cycles < table.cycles
    found = place(after)
    assert found is not None
    check_schedule(table.instance.problem, found)


def test_shortening_moves_what_comes_behind() -> None:
    """The idle cycles before the last operations go, although these are not free."""
    table = slow(chains(3))
    cycles = Range(0, 4)
    move = shorten(table, cycles, None)
    assert move is not None
    assert len(move.free) < 9
    answer = Solver(Meter(WORK), 0).solve(move.model.cp, most=1.0)
    assert answer.solution is not None
    after = move.after(answer.solution)
    assert after.sound()
    assert after.cycles == table.cycles - 1


def test_tidying_brings_work_forward() -> None:
    table = slow(chains(3))
    prices = {"load": 2, "valu": 1}
    cycles = Range(0, table.cycles)
    move = tidy(table, inside(table, cycles), cycles, room(table.instance.problem, split=True), prices)
    answer = Solver(Meter(WORK), 0).solve(move.model.cp, most=1.0)
    assert answer.solution is not None
    after = move.after(answer.solution)
    problem = table.instance.problem
    assert lateness(problem, after.slots, prices) < lateness(problem, table.slots, prices)
    assert after.sound()


def test_unsound_timetables_are_known() -> None:
    table = slow(chains(2))
    late = [tuple(i._replace(cycle=0) for i in issues) for issues in table.slots]
    assert table.sound()
    assert not Timetable(table.instance, late).sound()


def test_a_longer_timetable_is_no_offer() -> None:
    problem = chains(3)
    found = multistart.schedule(problem)
    assert found is not None
    incumbent = Incumbent(found, timetable(Instance(problem), found), 0, None)
    assert not incumbent.offer(slow(problem))
    assert incumbent.schedule is found


def test_no_place_is_no_schedule() -> None:
    """Five vectors at once do not fit into four blocks."""
    problem = problem_of([Operation(k, (step("valu"),), (), k) for k in range(5)], [4] * 5, words=20)
    problem.held = frozenset(range(5))
    found = multistart.schedule(problem)
    assert found is not None
    problem.machine = replace(problem.machine, scratch_words=19)
    assert place(timetable(Instance(problem), found)) is None


def hard() -> Problem:
    """More than the list scheduler solves at its bound."""
    operations = []
    for n in range(12):
        operations += [
            Operation(2 * n, (step("flow"), step("alu", 5 + n % 3)), (), 2 * n),
            Operation(2 * n + 1, (step("load"), step("valu", 3), step("alu", 7)), (2 * n,), 2 * n + 1),
        ]
    return problem_of(operations, [4, 1] * 12, words=30)


@pytest.mark.parametrize("make", [hard, trap])
def test_equal_seeds_give_equal_schedules(make: Callable[[], Problem]) -> None:
    first, second = (cpsat.schedule(make(), 3, None, WORK) for _ in range(2))
    assert first is not None
    assert first == second


def test_two_workers_find_schedules_too() -> None:
    problem = hard()
    found = cpsat.schedule(problem, 0, None, replace(WORK, workers=2))
    assert found is not None
    check_schedule(problem, found)


def test_progress_tells_cycles_bound_and_gap() -> None:
    messages: list[str] = []
    table, quick = slow(chains(2)), multistart.schedule(chains(2))
    begin = place(table)
    assert begin is not None
    assert quick is not None
    incumbent = Incumbent(begin, table, 3, messages.append)
    assert incumbent.offer(timetable(table.instance, quick))
    incumbent.raise_bound(2)
    incumbent.raise_bound(quick.cycles)
    gap = 100 * (quick.cycles / 3 - 1)
    assert messages == [
        f"cpsat: {quick.cycles} cycles, bound 3, gap {gap:.1f} %",
        f"cpsat: {quick.cycles} cycles, bound {quick.cycles}, gap 0.0 %",
    ]
    assert incumbent.optimal


@pytest.mark.parametrize("busy", ["solving.wait", "start.iterated"])
def test_an_interrupt_keeps_the_best(busy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{cpsat.__name__}.{busy}", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cpsat.schedule(hard(), effort=WORK)
    ended = replace(WORK, interrupted=Event())
    found, plain = cpsat.schedule(hard(), effort=ended), multistart.schedule(hard())
    assert isinstance(found, Schedule)
    assert plain is not None
    assert found.bound <= found.cycles <= plain.cycles
    assert ended.over()
    assert cpsat.schedule(hard(), effort=ended.part(0.5, 2)) == plain  # nothing is searched any more


def test_an_interrupt_keeps_what_list_schedules_have_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before there is anything that neighbourhoods could begin with."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    problem = make("few_strands", 1_000, 3)
    plain = multistart.schedule(problem)
    assert plain is not None
    monkeypatch.setattr(f"{cpsat.__name__}.start.iterated", interrupt)
    ended = Effort(seconds=None, work=20.0, workers=1, interrupted=Event())
    found = cpsat.schedule(problem, effort=ended, first=plain)
    assert found is not None and ended.over()
    check_schedule(problem, found)
    assert found.cycles < plain.cycles


def test_after_a_stop_nothing_is_solved() -> None:
    solver = Solver(Meter(WORK), 0)
    solver.stop()
    table = slow(chains(2))
    move = shorten(table, Range(0, table.cycles), None)
    assert move is not None
    answer = solver.solve(move.model.cp, most=1.0)
    assert (answer.solution, answer.infeasible, answer.finished) == (None, False, False)


def test_no_room_is_no_schedule() -> None:
    assert cpsat.schedule(chains(2, words=3), effort=WORK) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 1.0), "exclude each other"),
        ((None, None), "exclude each other"),
        ((0.0, None), "more than 0"),
        ((None, 0.0), "more than 0"),
        ((float("nan"), None), "more than 0"),
        ((1.0, None, 0), "at least one worker"),
    ],
)
def test_efforts_that_are_none(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Effort(*arguments)


def test_parts_of_an_effort_are_the_whole() -> None:
    shares = [0.7, 0.2, 0.1, 0.0]
    for whole in (Effort(seconds=8.0), Effort(seconds=None, work=8.0)):
        parts = [whole.part(share, len(shares)) for share in shares]
        assert sum((p.work if whole.work else p.seconds) or 0 for p in parts) == pytest.approx(8.0)


def tangle(strands: int) -> Problem:
    """Strands of unequal lengths that want the same engines in another order each."""
    engines = ("load", "valu", "flow", "store")
    operations: list[Operation] = []
    for n in range(strands):
        for position in range(3 + n % 5):
            engine = engines[(n * position + n) % 4]
            reads = (len(operations) - 1,) if position else ()
            operations.append(
                Operation(len(operations), (step(engine, 1 + (n + position) % 2),), reads, len(operations))
            )
    return problem_of(operations, [1] * len(operations))


def test_the_start_is_a_schedule_and_no_longer() -> None:
    problem = tangle(20)
    found = listing.run(problem, Shapes(problem), Urgency(problem), Settings(window=1))
    assert found is not None
    better = start(Instance(problem), found, 1, 0.1, 0)
    check_schedule(problem, better)
    assert better.cycles < found.cycles
    assert better == start(Instance(problem), found, 1, 0.1, 0)


def test_windows_help_where_scratch_is_tight() -> None:
    """The list scheduler ends with the program order; windows find room for more at a time."""
    problem = chains(40, words=40)
    found = listing.run(problem, Shapes(problem), Urgency(problem), Settings(window=1))
    assert found is not None
    better = start(Instance(problem), found, 0, 0.1, 0)
    check_schedule(problem, better)
    assert better.cycles < found.cycles


def test_a_larger_linear_program_raises_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """But only where there is time for it."""
    problem = make("strands", 300, 0)
    found = multistart.schedule(problem)
    assert found is not None
    windows = segment_bound(problem, found.cycles)
    monkeypatch.setattr(search, "_LARGER_TARIFF", 2000)
    for work, raised in ((10.0, False), (60.0, True)):
        run = search._begun(problem, found, windows, 0, None, Effort(seconds=None, work=work, workers=1))
        run._find_tariff()
        argument = run.incumbent.argument
        assert (run.incumbent.bound > windows.best) == raised
        assert argument is not None and isinstance(argument.conclusion, Tariff) == raised
        assert (run.meter.work > 0) == raised


@pytest.mark.parametrize("variables", [0, SMALL_TARIFF])
def test_what_a_scheduler_proves_comes_with_its_argument(monkeypatch: pytest.MonkeyPatch, variables: int) -> None:
    """Nobody else looks for it again."""
    problem = make("strands", 300, 0)
    found = multistart.schedule(problem)
    assert found is not None
    scheduled = replace(found, argument=segment_bound(problem, found.cycles, variables).argument)
    monkeypatch.setattr(solution, "scheduler", lambda *_: lambda *_: scheduled)
    monkeypatch.setattr(solution, "SMALL_TARIFF", 0)
    bound = solution.solve(NamedProblem("strands", "", problem), "list").bound
    assert bound.argument is not None
    assert isinstance(bound.argument.conclusion, Tariff) == (variables > 0)


def test_orders_prove_few_strands_optimal() -> None:
    """One engine decides: the order in which it loads is found as if there were no others, and so is the bound."""
    problem = make("few_strands", 300, 3)
    found = multistart.schedule(problem)
    assert found is not None and found.cycles > 142
    best = cpsat.schedule(problem, effort=Effort(seconds=None, work=2.0, workers=1))
    assert best is not None and best.argument is not None
    check_schedule(problem, best)
    assert (best.cycles, best.bound, best.argument.kind) == (142, 142, "orders")
    assert check_argument(problem, best.argument.as_json()) == 142
