"""Random scheduling problems, not made from any graph: every shape that the types allow."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from vliwc.backend.problem import DATA, ORDER, Form, Operation, Problem, Step
from vliwc.machine import Machine, load_machine

_ENGINES = ("alu", "valu", "load", "store", "flow")


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """A shipped machine, with little scratch or all of it."""
    machine = load_machine(draw(st.sampled_from(["takehome", "narrow", "wide"])))
    words = draw(st.sampled_from([5, 24, 43, 80, 200, machine.scratch_words]))
    return replace(machine, scratch_words=words)


@st.composite
def _forms(draw: st.DrawFn) -> tuple[Form, ...]:
    step = st.builds(
        Step,
        st.sampled_from(_ENGINES),
        st.just("op"),
        st.just(()),
        st.sampled_from([1, 1, 1, 2, 3, 8, 30]),
        st.sampled_from([1, 1, 1, 2, 5]),
    )
    form = st.lists(step, min_size=1, max_size=3).map(tuple)
    return tuple(draw(st.lists(form, max_size=3)))


@st.composite
def problems(draw: st.DrawFn, most: int = 60) -> Problem:
    """A problem with up to `most` operations, of which some may have no schedule for want of scratch."""
    machine = draw(machines())
    shapes = draw(st.lists(_forms(), min_size=1, max_size=5))
    widths, entry, occupied = _at_the_start(draw, machine)
    operations: list[Operation] = []
    successors: list[list[tuple[int, int]]] = []
    writer: dict[int, int] = {}
    for k in range(draw(st.integers(1, most))):
        readable = [*entry, *writer]
        reads = tuple(sorted(draw(st.sets(st.sampled_from(readable), max_size=3)))) if readable else ()
        forms = draw(st.sampled_from(shapes))
        writes = -1
        if forms and draw(st.booleans()):
            writes = len(widths)
            widths.append(draw(st.sampled_from([1, machine.lanes])))
        needs: tuple[tuple[int, ...], ...] = ()
        if len(forms) > 1 and readable and draw(st.booleans()):
            needs = ((), *[(draw(st.sampled_from(readable)),) for _ in forms[1:]])
        for v in reads:
            if v in writer:
                successors[writer[v]].append((k, DATA))
        if k and draw(st.integers(0, 3)) == 0:
            successors[draw(st.integers(0, k - 1))].append((k, ORDER))
        operations.append(Operation(k, forms, reads, writes, needs))
        successors.append([])
        if writes >= 0:
            writer[writes] = k
    values = list(range(len(widths)))
    held = frozenset(draw(st.sets(st.sampled_from(values), max_size=3))) if values else frozenset()
    tied = {}
    if entry and writer and draw(st.booleans()):
        old, new = draw(st.sampled_from(sorted(entry))), draw(st.sampled_from(sorted(writer)))
        users = [k for k, o in enumerate(operations) if old in o.reads or any(old in need for need in o.needs)]
        if widths[new] == widths[old] and all(k <= writer[new] for k in users):
            tied = {new: old}
            for k in users:
                successors[k] += [(writer[new], ORDER)] * (k < writer[new])
    return Problem(machine, operations, successors, widths, entry, held | frozenset(tied.values()), tied, occupied)


def _at_the_start(draw: st.DrawFn, machine: Machine) -> tuple[list[int], dict[int, int], tuple[tuple[int, int], ...]]:
    """Widths and places of the values that are there, and a range that belongs to others."""
    widths: list[int] = []
    entry: dict[int, int] = {}
    address = draw(st.integers(0, 3))
    blocked = ((0, address),) if address else ()
    for _ in range(draw(st.integers(0, 3))):
        width = draw(st.sampled_from([1, machine.lanes]))
        address = -(-address // width) * width
        if address + width <= machine.scratch_words:
            entry[len(widths)] = address
            widths.append(width)
            address += width
    return widths, entry, blocked
