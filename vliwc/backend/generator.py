"""From a graph to a program: the backend's steps in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from vliwc.backend.bounds import segment_bound, total
from vliwc.backend.certifier.witness import Induction, LoopWitness, Place, Witness
from vliwc.backend.dead_memory import dead_arrays
from vliwc.backend.emission import bundle, slots_by_cycle
from vliwc.backend.evaluator import Selected
from vliwc.backend.generated import Generated, Segment, Stats
from vliwc.backend.legalise import Legal, legalise
from vliwc.backend.pipelining.choice import choose
from vliwc.backend.pipelining.evidence import pipeline_witness
from vliwc.backend.pipelining.kernel import kernel_bound, kernel_schedule
from vliwc.backend.pipelining.pipeliner import Kernel
from vliwc.backend.placement import Placement, place
from vliwc.backend.pressure import NoRoom, no_room
from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.regions import Plan, plan
from vliwc.backend.relief import relieve
from vliwc.backend.rematerialisation import with_copies
from vliwc.backend.schedulers import SCHEDULERS, schedule_names, scheduler, searches
from vliwc.backend.schedulers.effort import Effort
from vliwc.backend.selection import Selector
from vliwc.backend.sinking import sink_constants
from vliwc.backend.spilling import spill
from vliwc.errors import UsageError
from vliwc.ir.graph import Graph
from vliwc.machine.description import Machine
from vliwc.machine.program import Bundle, Program, Slot

Progress = Callable[[str], None]

QUICK = "list"
"""The scheduler that tells whether an overlapped loop is worth it."""

FOOT = "naive"
"""The scheduler that everything is compared with: it gets the loops as they are."""

MOST_LISTED = 400
"""The most operations of a kernel for which the list scheduler may step in where the modulo schedule does not fit."""

_SPILL_RESERVES = (1, 2, 4)
"""How many vectors of scratch spilling leaves free, for what it needs itself: tried in turn."""


class Searcher(Protocol):
    """Looks for a better schedule of a segment than the list scheduler's, such as `vliwc.tune.session`."""

    def begin(self) -> None:
        """Generation begins, or begins again."""

    def schedule(
        self, number: int, share: float, problem: Problem, scheduler: Callable[[Problem], Schedule | None]
    ) -> Schedule | None:
        """The schedule of segment `number`, which has this share (0 … 1) of the run's work; None if there is no room
        in scratch for any."""


class _Part(NamedTuple):
    """Segment `number` of so many `segments`, with this share (0 … 1) of the run's work."""

    number: int
    share: float
    segments: int


_Run = Callable[[Legal, Mapping[int, Kernel]], "_Generator"]
"""Generates a program with these loops overlapped."""


def generate(
    graph: Graph,
    machine: Machine,
    *,
    schedule: str = "list",
    seed: int = 0,
    progress: Progress | None = None,
    searcher: Searcher | None = None,
    effort: Effort | None = None,
    pipeline: bool = True,
    cautious: bool = False,
) -> Generated:
    """The program of a vectorised or scalar graph without `par`; a `searcher` may better the scheduler's schedules.
    `effort` is for schedulers that search; by default `Effort()`.

    With `pipeline`, iterations of innermost machine loops overlap where that makes the run shorter, as list schedules
    tell; the `schedule` or `searcher` that was asked for then has the program with the loops that are overlapped. The
    naive scheduler never does that. A `cautious` program has no such loops either, and its memory accesses wait for
    each other wherever only ranges tell that they cannot meet: it is easier to prove.

    Raises UsageError for a scheduler that does not exist, and DoesNotFit if the machine lacks an operation or scratch
    words that the graph needs. Equal arguments give equal programs.
    """
    if schedule not in SCHEDULERS:
        known = ", ".join(schedule_names())
        raise UsageError(f"there is no scheduler '{schedule}'", help=f"it is one of: {known}")

    whole = effort or Effort()
    looks = searches(schedule) or searcher is not None

    made: dict[int, tuple[Problem, Schedule | None]] = {}

    def listed(problem: Problem, _: _Part | None = None) -> Schedule | None:
        if id(problem) not in made:
            made[id(problem)] = problem, SCHEDULERS[QUICK](problem, seed, progress)
        return made[id(problem)][1]

    def solve(problem: Problem, part: _Part) -> Schedule | None:
        if searcher is None and schedule == QUICK:
            return listed(problem)
        first = None
        if searcher is not None:
            first = searcher.schedule(part.number, part.share, problem, listed)
            if first is None or not searches(schedule):
                return first
        return scheduler(schedule, whole.part(part.share, part.segments), first)(problem, seed, progress)

    def full(legal: Legal, kernels: Mapping[int, Kernel]) -> _Generator:
        if searcher is not None:
            searcher.begin()
        return _Generator(graph, legal, machine, solve, adviser, kernels, cautious).run()

    def quick(legal: Legal, kernels: Mapping[int, Kernel]) -> _Generator:
        return _Generator(graph, legal, machine, listed, adviser, kernels, cautious).run()

    adviser = None if schedule == FOOT else listed
    legal = legalise(graph, machine)
    overlaps = pipeline and not cautious and schedule != FOOT and bool(legal.origin)
    try:
        plain = (quick if overlaps else full)(legal, {})
    except NoRoom:
        if not legal.origin:
            raise
        return full(sink_constants(legal), {}).generated()
    if not overlaps:
        return plain.generated()
    best, reports = choose(plain, _if_room(quick), (effort or Effort()).for_one_loop() if searches(schedule) else None)
    if looks:
        found = _if_room(full)(best.legal, best.kernels)
        best = found if found is not None and found.total <= best.total else best
    return replace(best.generated(), loops=reports)


def _if_room(run: _Run) -> Callable[[Legal, Mapping[int, Kernel]], _Generator | None]:
    """The same, but None if there is no room in scratch."""

    def attempt(legal: Legal, kernels: Mapping[int, Kernel]) -> _Generator | None:
        try:
            return run(legal, kernels)
        except NoRoom:
            return None

    return attempt


@dataclass(frozen=True, slots=True)
class _Scheduled:
    """A segment with its schedule. Bounds are computed only for the program that is kept."""

    problem: Problem
    found: Schedule
    kernel: Kernel | None
    times: int

    @property
    def proved(self) -> int:
        """The cycles that the scheduler has proved: of a kernel nothing, since it sees one overlap of many."""
        return 0 if self.kernel else self.found.bound

    def segment(self) -> Segment:
        """The segment with its bound. A kernel's holds for every overlap of the loop."""
        cycles = self.found.cycles
        if self.kernel:
            bound = kernel_bound(self.problem, self.kernel)
        else:
            bound = segment_bound(self.problem, cycles).with_argument(self.found.argument)
        return Segment(self.problem, bound, cycles, self.times, self.kernel)


class _Generator:
    def __init__(
        self,
        graph: Graph,
        legal: Legal,
        machine: Machine,
        solve: Callable[[Problem, _Part], Schedule | None],
        quick: Callable[[Problem], Schedule | None] | None,
        kernels: Mapping[int, Kernel],
        cautious: bool,
    ) -> None:
        self.graph = graph
        self.machine = machine
        self.solve = solve
        self.quick = quick
        """Tells which of several problems has the shortest schedule, if it is asked at all."""
        self.legal = legal
        self.kernels = kernels
        self.plan: Plan = plan(legal)
        self.placement: Placement = place(legal, self.plan)
        self.selector = Selector(self.legal, self.plan, self.placement, machine, cautious=cautious)
        self.address: dict[int, int] = {}
        self.cycles: list[list[Slot]] = []
        self.headers: dict[int, int] = {}
        self.witness: list[LoopWitness] = []
        self.scheduled: list[_Scheduled] = []
        self.peak = 0
        self.total = 0
        self.lengths: dict[int, int] = {}
        self.begins: dict[int, dict[int, int]] = {}

    def run(self) -> _Generator:
        """Segment by segment."""
        for number in range(len(self.plan.segments)):
            self._segment(number)
        return self

    def length(self, node: int) -> int:
        """The cycles of a trip of an innermost loop."""
        return self.lengths[node]

    def times(self, node: int) -> int:
        """How often an innermost loop's body is executed in a run."""
        return self._times(next(k for k, span in enumerate(self.plan.loops) if span.node == node))

    def order(self, node: int) -> Mapping[int, int]:
        """The cycle of a trip in which each node in an innermost loop begins."""
        return self.begins[node]

    def generated(self) -> Generated:
        """The program, when all segments are done."""
        idle = min(self.machine.engines)
        bundles: list[Bundle] = [bundle(slots, idle) for slots in self.cycles]
        slots: dict[str, int] = {}
        for b in bundles:
            for s in b.slots:
                slots[s.engine] = slots.get(s.engine, 0) + 1
        segments = tuple(s.segment() for s in self.scheduled)
        operations = sum(len(segment.problem.operations) for segment in segments)
        stats = Stats(len(self.plan.segments), len(self.plan.loops), operations, slots, self.peak)
        program = Program(self.machine.name, tuple(bundles), self._scratch_words(), self.graph.name)
        bounds = total(self.machine, ((segment.bound, segment.times) for segment in segments))
        proved = sum(max(s.proved, g.bound.best) * g.times for s, g in zip(self.scheduled, segments, strict=True))
        bounds = replace(bounds, best=max(bounds.best, proved))
        return Generated(program, Witness(tuple(self.witness)), bounds, stats, segments, self._selected())

    def _selected(self) -> Selected:
        continues = tuple(self.placement.place[self.legal.continues[loop.node]] for loop in self.plan.loops)
        problems = tuple(s.problem for s in self.scheduled)
        return Selected(self.legal.graph, self.plan, problems, continues)

    def _scratch_words(self) -> int:
        widths = self.placement.widths
        return max((address + widths[v] for v, address in self.address.items()), default=0)

    def _segment(self, number: int) -> None:
        segment = self.plan.segments[number]
        loop = segment.loop
        if loop >= 0 and self.plan.loops[loop].first == number:
            self.headers[loop] = len(self.cycles)
        problem, found = self._solve(number)
        if found.copies:
            problem = self._with_copies(problem, found)
        self.peak = max(self.peak, found.peak)
        self.address.update(found.address)
        start = len(self.cycles)
        self.cycles += slots_by_cycle(self.legal.graph, problem, found)
        if segment.latches >= 0:
            self._jump_back(segment.latches, problem, found, start)
            node = self.plan.loops[loop].node
            self.lengths[node] = len(self.cycles) - start
            self.begins[node] = _begins(problem, found)
        times = self._times(loop)
        self.scheduled.append(_Scheduled(problem, found, self._kernel(number), times))
        self.total += (len(self.cycles) - start) * times

    def _kernel(self, number: int) -> Kernel | None:
        """The kernel that a segment is, if its loop is overlapped."""
        loop = self.plan.segments[number].latches
        return self.kernels.get(self.plan.loops[loop].node) if loop >= 0 else None

    def _times(self, loop: int) -> int:
        """How often the body of a loop is executed in a run."""
        times = 1
        while loop >= 0:
            times *= self.legal.graph.loop(self.plan.loops[loop].node).trips
            loop = self.plan.loops[loop].outer
        return times

    def _jump_back(self, loop: int, problem: Problem, found: Schedule, start: int) -> None:
        """Ends a body with its jump: in the last bundle if the condition is there by then and flow has a slot."""
        node = self.plan.loops[loop].node
        condition = self.placement.place[self.legal.continues[node]]
        slot = Slot(
            "flow",
            "cond_jump",
            (self.address[condition.value] + condition.offset, self.headers[loop]),
            self.legal.graph.span[node],
        )
        last = len(self.cycles) - 1
        in_time = last >= start and start + _landing(problem, found, condition.value) <= last
        flow_slots = sum(s.engine == "flow" for s in self.cycles[last]) if in_time else 0
        if in_time and flow_slots < self.machine.slots("flow"):
            self.cycles[last].append(slot)
        else:
            self.cycles.append([slot])
        self.witness.append(self._loop_witness(loop, node))

    def _loop_witness(self, loop: int, node: int) -> LoopWitness:
        origin = self.legal.origin[node]
        if node in self.kernels:
            rotation, graph = self.kernels[node].rotation, self.legal.graph
            new = graph.loop(node).carried
            evidence = pipeline_witness(
                self.graph, self.legal, rotation, lambda k: Place(self._word(new[k]), graph.width[new[k]])
            )
            return LoopWitness(origin, self.headers[loop], len(self.cycles) - 1, pipeline=evidence)
        carried = self.legal.graph.loop(node).carried
        places: list[Place | None] = [None] * len(self.graph.loop(origin).carried)
        for k, c in zip(self.legal.kept[node], carried, strict=False):
            places[k] = Place(self._word(c), self.legal.graph.width[c])
        induction = Induction(self._word(carried[-1]))
        return LoopWitness(origin, self.headers[loop], len(self.cycles) - 1, (induction,), tuple(places))

    def _word(self, node: int) -> int:
        place = self.placement.place[node]
        return self.address[place.value] + place.offset

    def _solve(self, number: int) -> tuple[Problem, Schedule]:
        """A segment's problem and schedule, with spills if there is no other way."""
        problem = self.selector.problem(number, self.address)
        kernel = self._kernel(number)
        if kernel is not None:
            placed = kernel_schedule(problem, kernel.rotation, kernel.cyclic, kernel.modulo)
            if placed is None and len(problem.operations) <= MOST_LISTED:
                placed = self._schedule(number, problem)
            if placed is None:  # a kernel that spills is no better than the loop as it was
                raise no_room(problem, self.legal.graph)
            return problem, placed
        if self.quick is not None:
            problem = relieve(problem, self.quick, self.placement.temporary)
        found = self._schedule(number, problem)
        if found is not None:
            return problem, found
        graph = self.legal.graph
        arrays = dead_arrays(graph, self.plan, number)
        for reserve in _SPILL_RESERVES:
            smaller = spill(problem, graph, arrays, self.placement.temporary, reserve)
            found = self._schedule(number, smaller) if smaller else None
            if smaller is not None and found is not None:
                return smaller, found
        raise no_room(problem, graph)

    def _with_copies(self, problem: Problem, found: Schedule) -> Problem:
        """The problem that a schedule with copies solves; its new values become values of the program."""
        remade = with_copies(problem, found.copies)
        for operation in remade.operations[: len(found.copies)]:
            value = self.placement.temporary(remade.widths[operation.writes], operation.node)
            assert value == operation.writes, "values of copies are the next ones of the program"
        return remade

    def _schedule(self, number: int, problem: Problem) -> Schedule | None:
        work = [len(segment.nodes) * self._times(segment.loop) for segment in self.plan.segments]
        share = work[number] / max(sum(work), 1)
        return self.solve(problem, _Part(number, share, len(work)))


def _begins(problem: Problem, found: Schedule) -> dict[int, int]:
    """The cycle in which each node of a segment begins."""
    begins: dict[int, int] = {}
    for issue in found.issues:
        node = problem.operations[issue.operation].node
        begins[node] = min(begins.get(node, issue.cycle), issue.cycle)
    return begins


def _landing(problem: Problem, found: Schedule, value: int) -> int:
    """The cycle of a segment from which a value can be read; 0 if it was there before."""
    landing = 0
    for issue in found.issues:
        operation = problem.operations[issue.operation]
        if operation.writes == value:
            landing = max(landing, issue.cycle + operation.forms[issue.form][issue.step].latency)
    return landing
