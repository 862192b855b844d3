"""Bounds and schedules of instances for people and for scripts: why no schedule can be shorter, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from vliwc.backend.bounds import Argument, Chain, Circuit, Lemma, Orders, Tariff, Window
from vliwc.backend.bounds.argument import ranges
from vliwc.backend.generated import Segment
from vliwc.backend.problem import Operation, Problem
from vliwc.backend.solution import Solution, solution_record
from vliwc.bounding import Bounded
from vliwc.machine.description import Machine
from vliwc.report.layout import facts
from vliwc.report.schema import Record, head
from vliwc.transform.attempts import Attempt

_MOST_NAMED = 8
"""How many ranges of operations, links of a chain, or lemmas are named before the rest is only counted."""


# -- records


def segment_record(segment: Segment) -> Record:
    """A segment: its size, cycles and bounds (each of one run), and the argument for the best bound."""
    bound = segment.bound
    return {
        "operations": len(segment.problem.operations),
        "times": segment.times,
        "cycles": segment.cycles,
        "bounds": {"best": bound.best, "resource": bound.resource, "critical_path": bound.critical_path},
        "slots": dict(bound.slots),
        "argument": bound.argument.as_json() if bound.argument else None,
    }


def way_record(attempt: Attempt | None, cautious: bool) -> Record:
    """What leads to the same segments again, beside the options."""
    return {"attempt": attempt.as_json() if attempt else None, "cautious": cautious}


def bound_record(bounded: Bounded, proved: int) -> Record:
    """The report of `vliwc bound --json`; `proved` is what the checker has verified."""
    return {
        **head("bound"),
        "name": bounded.name,
        "machine": bounded.machine.name,
        "bound": bounded.best,
        "verified": proved,
        **way_record(bounded.attempt, bounded.cautious),
        "segments": [segment_record(segment) for segment in bounded.segments],
    }


def schedule_record(solution: Solution) -> Record:
    """The report of `vliwc schedule --json`, which is a solution for `--check` as well."""
    argument = solution.bound.argument
    return {
        **head("schedule"),
        "instance": solution.instance.name,
        "operations": len(solution.instance.problem.operations),
        "how": solution.how,
        "bound": solution.proved,
        "gap": solution.gap,
        "optimal": solution.optimal,
        "seconds": solution.seconds,
        "argument": argument.as_json() if argument else None,
        **solution_record(solution.schedule),
    }


# -- words


def bound_text(bounded: Bounded, proved: int, checked: str | None) -> RenderableType:
    """The bound of a run and the argument for each of its segments; `checked` is the file that arguments came from."""
    parts: list[RenderableType] = []
    for number, segment in enumerate(bounded.segments):
        parts += [facts(_segment_rows(number, segment, bounded.machine)), Text()]
    origin = f"the arguments in {checked}" if checked else "the arguments"
    parts.append(
        facts(
            [
                ("bound", f"{bounded.best:,} cycles for {bounded.name} on {bounded.machine.name}"),
                ("check", f"{origin} prove {proved:,} cycles"),
            ]
        )
    )
    return Group(*parts)


def solution_text(solution: Solution) -> RenderableType:
    """The summary of an instance's schedule."""
    schedule, problem = solution.schedule, solution.instance.problem
    status = "optimal" if solution.optimal else f"gap {solution.gap * 100:.1f} %"
    rows: list[tuple[str, RenderableType]] = [
        ("instance", f"{solution.instance.name}: {len(problem.operations):,} operations on {problem.machine.name}"),
        ("cycles", f"{schedule.cycles:,} ({solution.how}, {solution.seconds:.2f} s); the checker has verified them"),
        ("bound", f"{solution.proved:,}; {status}"),
    ]
    if schedule.copies:
        rows.append(("made again", f"{len(schedule.copies)} constants or broadcasts"))
    best = solution.instance.best
    if best is not None:
        rows.append(("best known", f"{best.cycles:,} ({best.how})"))
    if solution.bound.argument is not None:
        rows.append(("why", "\n".join(sentences(solution.bound.argument, problem))))
    return facts(rows)


def _segment_rows(number: int, segment: Segment, machine: Machine) -> list[tuple[str, RenderableType]]:
    bound, problem = segment.bound, segment.problem
    times = "once" if segment.times == 1 else f"{segment.times:,} times"
    rows: list[tuple[str, RenderableType]] = [
        (f"segment {number}", f"{len(problem.operations):,} operations, executed {times}"),
        ("bound", f"{bound.best:,} cycles (resources {bound.resource:,}, critical path {bound.critical_path:,})"),
    ]
    if segment.cycles:
        rows.append(("found", f"{segment.cycles:,} cycles: {_distance(segment.cycles, bound.best)}"))
    if bound.slots:
        rows.append(("busiest", _slack(bound.slots, machine, bound.best)))
    if bound.argument is not None:
        loop = segment.kernel.cyclic.operations if segment.kernel else ()
        rows.append(("why", "\n".join(sentences(bound.argument, problem, loop))))
    return rows


def _distance(cycles: int, bound: int) -> str:
    return "optimal" if cycles <= bound else f"{cycles - bound:,} above the bound"


def _slack(slots: dict[str, float], machine: Machine, cycles: int) -> str:
    """The busiest engine in a balanced choice of forms, and how many of its slots are left over."""
    engine = max(slots, key=lambda name: slots[name] / machine.slots(name))
    offered = machine.slots(engine) * cycles
    return f"{engine}: {slots[engine]:,.0f} of {offered:,} slots; slack {offered - slots[engine]:,.0f} slots"


def sentences(argument: Argument, problem: Problem, loop: Sequence[Operation] = ()) -> list[str]:
    """The argument as sentences, each of which can be checked by hand; `loop` is the body of an overlapped loop."""
    lines = [_lemma(lemma, problem) for lemma in argument.lemmas[:_MOST_NAMED]]
    if len(argument.lemmas) > _MOST_NAMED:
        lines.append(f"{len(argument.lemmas) - _MOST_NAMED} more lemmas of this kind: see --json.")
    if isinstance(argument.conclusion, Chain):
        return [*lines, _chain(argument.conclusion, argument.bound, problem)]
    if isinstance(argument.conclusion, Circuit):
        return [*lines, _circuit(argument.conclusion, loop)]
    if isinstance(argument.conclusion, Tariff):
        return [*lines, _tariff(argument.conclusion)]
    if isinstance(argument.conclusion, Orders):
        return [*lines, _orders(argument.conclusion, problem)]
    window = argument.conclusion
    return [*lines, f"{_who(argument)} {_work(window, problem.machine)}", *_own(window), _sum(window)]


def _chain(chain: Chain, bound: int, problem: Problem) -> str:
    """A chain, if it is long its two ends."""
    names = _few([_name(k, problem.operations) for k in chain.operations])
    return f"Each of these waits for the one before, {bound:,} cycles in all: {' → '.join(names)}."


def _circuit(circuit: Circuit, loop: Sequence[Operation]) -> str:
    """A circle of waits between operations of a loop's body."""
    names = _few([_name(k, loop) for k in (circuit.waits[0][0], *(later for _, later, _, _ in circuit.waits))])
    return (
        f"Each of these operations of an iteration waits for the one before, once around {circuit.delay:,} cycles and "
        f"{circuit.distance:,} {'iteration' if circuit.distance == 1 else 'iterations'}: {' → '.join(names)}. "
        f"A trip is {circuit.iterations:,} of them: {circuit.iterations:,} · {circuit.delay:,} / {circuit.distance:,} "
        f"are {circuit.value:,} cycles or more, however they overlap."
    )


def _tariff(tariff: Tariff) -> str:
    """What a tariff says; its numbers are for a machine to check."""
    prices = sum(map(len, tariff.prices.values()))
    return (
        f"There is no schedule of {tariff.cycles:,} cycles: at {prices:,} prices of slots that depend on the cycle, "
        f"and {len(tariff.tolls):,} tolls that an operation pays to what it waits for, all operations would pay more "
        f"than there are slots to sell, each with its slots where they are cheapest for it: see --json."
    )


def _orders(orders: Orders, problem: Problem) -> str:
    """What orders of an engine's operations say."""
    count = sum(1 for operation in problem.operations if operation.least_slots(orders.engine))
    return (
        f"There is no schedule of {orders.cycles:,} cycles: {count:,} operations need slots of {orders.engine} in any "
        f"form, and in whatever order it takes them up, one is late for that, even if nothing else waits for a slot."
    )


def _few(names: list[str]) -> list[str]:
    """The names, if they are many those of the two ends."""
    if len(names) <= _MOST_NAMED:
        return names
    return [*names[: _MOST_NAMED // 2], f"… ({len(names) - _MOST_NAMED} more) …", *names[-_MOST_NAMED // 2 :]]


def _lemma(lemma: Lemma, problem: Problem) -> str:
    window = lemma.window
    work = f"{window.count:,} operations {_work(window, problem.machine)}"
    if lemma.side == "head":
        return (
            f"{_name(lemma.operation, problem.operations).capitalize()} cannot begin before cycle {window.value:,}: "
            f"before it, from cycle {window.after:,} on and {window.before:,} or more cycles away, {work}"
        )
    return (
        f"From {_name(lemma.operation, problem.operations)} to the end are {window.value:,} cycles or more: behind it, "
        f"{window.before:,} or more cycles away and {window.after:,} or more from the end, {work}"
    )


def _who(argument: Argument) -> str:
    """The operations of the concluding window."""
    spans = [f"{first}" if first == last else f"{first}–{last}" for first, last in ranges(argument.operations)]
    more = f" and {len(spans) - _MOST_NAMED} more ranges" if len(spans) > _MOST_NAMED else ""
    return f"{len(argument.operations):,} operations ({', '.join(spans[:_MOST_NAMED])}{more})"


def _work(window: Window, machine: Machine) -> str:
    """What the operations of a window cost, and how long that takes."""
    prices = _list(f"{price} for a slot of {engine}" for engine, price in sorted(window.prices.items()))
    offer = " + ".join(f"{machine.slots(engine)} · {price}" for engine, price in sorted(window.prices.items()))
    total = "" if "·" in offer and offer.endswith(f"· {window.capacity}") else f" = {window.capacity}"
    return (
        f"cost {window.work:,} by their cheapest forms at {prices}; a cycle offers {offer}{total}"
        f"{' at most' if window.own else ''}, so they take {window.cycles:,} cycles."
    )


def _own(window: Window) -> list[str]:
    """A sentence for each engine with a window of its own."""
    return [
        f"Of these cycles, {engine} is of no use in the first {after - window.after:,} "
        f"and the last {before - window.before:,}: nothing that is ready then can use it."
        for engine, (after, before) in sorted(window.own.items())
    ]


def _sum(window: Window) -> str:
    begin = f"None of them can have a slot before cycle {window.after:,}" if window.after else "They may begin at once"
    last = window.before - 1
    end = (
        f"each leaves {last:,} {'cycle' if last == 1 else 'cycles'} to do after its last slot"
        if last
        else "nothing need come after them"
    )
    return f"{begin}, and {end}: {window.after:,} + {window.cycles:,} + {last:,} = {window.value:,} cycles."


def _name(k: int, operations: Sequence[Operation]) -> str:
    forms = operations[k].forms
    return f"operation {k} ({forms[0][0].op})" if forms else f"join {k}"


def _list(items: Iterable[str]) -> str:
    parts: Sequence[Any] = list(items)
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
