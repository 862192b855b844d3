"""The fast simulator: faults, late results, traces, runs that part, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.machine.test_simulator import FAULTS, IMAGE, LOAD, TAKEHOME, WIDE, const, program, slot, splat
from vliwc.errors import DataError, InternalError
from vliwc.ir.ops import BINARY, PURE
from vliwc.machine import Bundle, Machine, ProgramError, Result, Simulation, SimulationFault, Slot, simulate
from vliwc.machine.fast import FastSimulator, native
from vliwc.machine.fast.packed import OPCODES, pack
from vliwc.machine.fast.state import Group
from vliwc.machine.faults import CycleLimitReached
from vliwc.machine.slots import FORMATS, Effect


def both(*bundles: Bundle | Slot, machine: Machine = TAKEHOME, strict: bool = True, image: object = IMAGE) -> Result:
    """Runs on both simulators, which have to agree, and returns what the fast one says."""
    code = program(*bundles)
    expected = simulate(code, machine, image, strict=strict)  # type: ignore[arg-type]
    found = FastSimulator(code, machine, strict=strict).run_one(image)  # type: ignore[arg-type]
    assert found.memory.tolist() == expected.memory.tolist()
    assert found.scratch.tolist() == expected.scratch.tolist()
    assert found.trace_buffer == expected.trace_buffer
    assert (found.cycles, found.executed, found.state) == (expected.cycles, expected.executed, expected.state)
    assert found.next_bundle == expected.next_bundle
    return found


@pytest.mark.parametrize(("bundles", "message"), FAULTS, ids=[f[1][-40:] for f in FAULTS])
def test_faults_are_those_of_the_strict_simulator(bundles: tuple[Slot, ...], message: str) -> None:
    outcomes = FastSimulator(program(*bundles), TAKEHOME).run([IMAGE, IMAGE], max_cycles=50)
    for number in range(2):
        with pytest.raises(SimulationFault) as caught:
            outcomes.result(number)
        assert str(caught.value) == message
        assert outcomes.cycles[number] == caught.value.cycle
        assert outcomes.next_bundle[number] == caught.value.bundle


def test_the_limit_is_a_fault_of_its_own_kind() -> None:
    outcomes = FastSimulator(program(slot("flow", "jump", 0)), TAKEHOME).run([IMAGE], max_cycles=7)
    assert isinstance(outcomes.faults[0], CycleLimitReached)
    assert FastSimulator(program(const(0, 1)), TAKEHOME).run([IMAGE], max_cycles=1 << 70).faults == [None]


def test_every_arithmetic_slot_of_the_table_has_compiled_code() -> None:
    used = {fmt.meaning.name for fmt in FORMATS.values() if fmt.effect is Effect.COMPUTE and fmt.meaning is not None}
    assert used <= set(OPCODES) <= set(PURE)
    assert len(set(OPCODES.values())) == len(OPCODES)


@pytest.mark.parametrize("op", BINARY)
def test_arithmetic_at_the_edges(op: str) -> None:
    """Every pair of edge values: on 16 runs side by side, and in the lanes of one run."""
    edges = [0, 1, 2, 31, 32, 33, 63, 64, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFFFF_FFFE, 0xFFFF_FFFF, 3, 5, 7]
    word = BINARY[op].word
    assert word is not None
    load = (Bundle((const(0, 0), const(1, 1))), Bundle((slot("load", "load", 2, 0), slot("load", "load", 3, 1))))
    scalar = FastSimulator(program(*load, slot("alu", op, 4, 2, 3)), TAKEHOME)
    vector = FastSimulator(program(*load, splat(8, 2), splat(16, 3), slot("valu", op, 24, 8, 16)), TAKEHOME)
    pairs = [(a, b) for a in edges for b in edges if b or not BINARY[op].can_fault]
    images = np.array(pairs, np.uint32)
    expected = [word(a, b) for a, b in pairs]
    assert scalar.run(images).touched_scratch[:, 4].tolist() == expected
    assert (vector.run(images).touched_scratch[:, 24:32] == np.array(expected)[:, np.newaxis]).all()


def test_slots_read_the_state_from_before_the_bundle() -> None:
    swap = Bundle((slot("alu", "+", 0, 1, 2), slot("alu", "+", 1, 0, 2)))
    assert both(Bundle((const(0, 5), const(1, 6))), const(2, 0), swap).scratch[:2].tolist() == [6, 5]
    store = Bundle((slot("store", "store", 0, 0), slot("load", "load", 0, 0), slot("flow", "jump_indirect", 0)))
    result = both(const(0, 3), Bundle((), ("alu",)), store, const(9, 9))
    assert (result.memory[3], result.scratch[0], result.scratch[9]) == (3, 103, 9)


def test_late_results() -> None:
    """On the wide machine a load takes two cycles."""
    copy = slot("flow", "add_imm", 2, 1, 0)
    start = (Bundle((const(0, 3), const(1, 42))), LOAD)
    assert both(*start, copy, machine=WIDE).scratch[2] == 42
    assert both(*start, Bundle(()), copy, machine=WIDE).scratch[2] == 42
    assert both(*start, Bundle((), ("alu",)), copy, machine=WIDE).scratch[2] == 103
    assert both(*start, machine=WIDE).scratch[1] == 103
    after_a_jump = (const(0, 3), Bundle((LOAD, slot("flow", "jump", 2))), Bundle((), ("alu",)), copy)
    assert both(*after_a_jump, machine=WIDE).scratch[2] == 103, "what has landed late was written"
    overtaken = replace(WIDE, latencies={("load", "load"): 4, ("flow", "add_imm"): 2})
    waits = [slot("flow", "add_imm", word, 0, 0) for word in range(2, 7)]
    assert both(const(0, 3), LOAD, *waits, machine=overtaken).scratch[1:7].tolist() == [103, 3, 3, 3, 3, 3]
    with pytest.raises(SimulationFault, match="reads scratch word 1, which was never written"):
        FastSimulator(program(const(0, 3), LOAD, copy), WIDE).run_one(IMAGE)


IDLE = Bundle((), ("alu",))
COPY = slot("flow", "add_imm", 2, 1, 0)


@pytest.mark.parametrize(
    ("bundles", "checked", "written"),
    [
        ((), 0, []),
        ((const(0, 3), LOAD, IDLE, COPY), 4, [1, 1, 1]),
        ((const(0, 3), LOAD, COPY), 2, [1, 0, 0]),
        ((const(0, 3), LOAD, Bundle(()), COPY), 3, [1, 0, 0]),
        ((const(0, 3), slot("flow", "jump", 2), LOAD), 2, [1, 0]),
        ((const(0, 3), slot("flow", "pause"), slot("flow", "add_imm", 1, 0, 1)), 3, [1, 1]),
        ((splat(1, 0),), 0, [0] * 9),
        ((const(0, 3), splat(4, 0)), 2, [1, 0, 0, 0, *[1] * 8]),
    ],
)
def test_how_far_reads_are_looked_at_in_advance(
    bundles: tuple[Bundle | Slot, ...], checked: int, written: list[int]
) -> None:
    """Up to a jump, or to a word that is read before it was written; a load takes two cycles."""
    machine = replace(WIDE, lanes=8, latencies={("load", "load"): 2})
    packed = pack(program(*bundles), machine, strict=True)
    assert (packed.checked, packed.written_first.tolist()) == (checked, written)
    assert packed.scratch_words == len(written)
    loose = pack(program(*bundles), machine, strict=False)
    assert (loose.checked, loose.written_first.tolist()) == (len(bundles), [0] * len(written))


def test_how_much_room_a_program_needs() -> None:
    machine = replace(TAKEHOME, latencies={("valu", "vbroadcast"): 3, ("flow", "add_imm"): 2})
    small = pack(program(const(0, 1)), TAKEHOME, strict=True)
    assert (small.results, small.most_traced, small.late, small.stride) == (1, 0, 0, 0)
    late = slot("flow", "add_imm", 2, 0, 0)
    wide = Bundle((splat(8, 0), splat(16, 0), late, slot("store", "store", 0, 0), const(1, 1)))
    large = pack(program(const(0, 1), wide, const(3, 1), slot("flow", "trace_write", 0)), machine, strict=True)
    assert (large.results, large.most_traced, large.late, large.stride) == (8 + 8 + 1 + 1 + 1, 1, 3 * 3, 8)
    assert pack(program(const(0, 1), late), machine, strict=True).stride == 1


def test_runs_side_by_side_have_words_of_their_own() -> None:
    """Odd words, and an immediate: each run reads its own one."""
    load = (slot("load", "load", 3, 0), slot("load", "load", 5, 1))
    vectors = Bundle((splat(9, 3), splat(17, 5), splat(25, 6)))
    code = program(
        Bundle((const(0, 0), const(1, 1))),
        Bundle(load),
        slot("flow", "add_imm", 6, 3, 10),
        vectors,
        slot("valu", "multiply_add", 33, 9, 17, 25),
    )
    images = [[2, 3], [5, 7], [11, 13]]
    found = FastSimulator(code, TAKEHOME).run(images).touched_scratch
    assert found[:, 6].tolist() == [a + 10 for a, _ in images]
    assert found[:, 33:41].tolist() == [[a * b + a + 10] * 8 for a, b in images]


@pytest.mark.parametrize("access", [slot("load", "vload", 8, 1), slot("store", "vstore", 1, 8)])
def test_the_end_of_the_image_is_looked_at_run_by_run(access: Slot) -> None:
    code = program(const(0, 0), slot("load", "load", 1, 0), splat(8, 0), access)
    faults = FastSimulator(code, TAKEHOME).run([[first, *range(11)] for first in (0, 4, 5, 3)]).faults
    assert [fault is None for fault in faults] == [True, True, False, True]


@pytest.mark.parametrize("target", [3, 4, 5])
def test_relative_jumps(target: int) -> None:
    jump = slot("flow", "cond_jump_rel", 0, target - 2)
    assert both(const(0, 1), jump, const(1, 1), const(2, 1), const(3, 1)).executed == 7 - target


@pytest.mark.parametrize("idle", [0, 1])
def test_late_results_that_land_in_one_word_one_after_the_other(idle: int) -> None:
    waits = [IDLE] * idle
    again = slot("load", "load", 1, 2)
    start = Bundle((const(0, 3), const(2, 4)))
    assert both(start, *waits, LOAD, again, IDLE, machine=WIDE).scratch[1] == 104
    machine = replace(WIDE, latencies={("load", "load"): 4, ("flow", "add_imm"): 2})
    assert both(start, *waits, LOAD, slot("flow", "add_imm", 1, 2, 5), *[IDLE] * 4, machine=machine).scratch[1] == 103


@pytest.mark.parametrize(("words", "size"), [(50, 32), (135_300, 31), (135_301, 30), (5_000_000, 1)])
def test_how_many_runs_are_side_by_side(words: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as one group has room for, all of its words counted: image, scratch, results and late results."""
    machine = replace(TAKEHOME, latencies={("valu", "vbroadcast"): 3})
    late = program(const(0, 1), splat(1, 0), IDLE, slot("flow", "trace_write", 0))
    groups: list[int] = []

    def run(group: Group) -> int:
        groups.append(int(group.state["runs"].sum()))
        assert len(group.state) == 1
        assert len(group.trace) == 1024 * groups[-1], "room for as many steps of the trace"
        return native.STOPPED

    monkeypatch.setattr(native, "run", run)
    runs = size + 2
    FastSimulator(late, machine).run(np.zeros((runs, words - 9 - 8 - 3 * 8), np.uint32))
    assert groups == [size, 2] if size > 1 else [1, 1, 1]


def test_two_results_that_land_together() -> None:
    clash = (const(0, 3), Bundle((LOAD, slot("flow", "jump", 2))), const(1, 7))
    assert both(*clash, machine=WIDE, strict=False).scratch[1] == 7
    outcomes = FastSimulator(program(*clash), WIDE).run([IMAGE, IMAGE])
    text = "cycle 2, bundle 2: two results land in scratch word 1 at the end of this cycle"
    assert [str(fault) for fault in outcomes.faults] == [text, text]
    late = replace(WIDE, latencies={("load", "load"): 3, ("flow", "add_imm"): 2})
    clash = (const(0, 3), Bundle((LOAD, slot("flow", "jump", 2))), slot("flow", "add_imm", 1, 0, 5))
    both(*clash, machine=late)  # at the end nothing is looked for
    with pytest.raises(SimulationFault, match="two results land in scratch word 1"):
        FastSimulator(program(*clash, Bundle((), ("alu",))), late).run_one(IMAGE)


@pytest.mark.parametrize("first", [3, 1])
def test_runs_that_part_go_on_alone(first: int) -> None:
    """Each image says how often its run goes round the loop; one of them faults after it."""
    body = Bundle((slot("alu", "-", 1, 1, 2), slot("flow", "trace_write", 1)))
    code = program(
        Bundle((const(0, 0), const(2, 1))),
        slot("load", "load", 1, 0),
        body,
        slot("flow", "cond_jump", 1, 2),
        slot("load", "load", 3, 2),
        slot("alu", "//", 4, 2, 3),
        slot("store", "store", 0, 4),
    )
    images = [[rounds, divisor] for rounds, divisor in ((first, 1), (1, 1), (3, 0), (7, 2), (3, 1))]
    outcomes = FastSimulator(code, TAKEHOME).run(images)
    for number, image in enumerate(images):
        if image[1] == 0:
            assert "division by zero" in str(outcomes.faults[number])
            continue
        result, expected = outcomes.result(number), simulate(code, TAKEHOME, image)
        assert result.memory.tolist() == expected.memory.tolist()
        assert (result.cycles, result.trace_buffer) == (expected.cycles, expected.trace_buffer)
        assert len(result.trace_buffer) == image[0]


def test_computed_jumps_part_by_their_target() -> None:
    code = program(const(0, 0), slot("load", "load", 1, 0), slot("flow", "jump_indirect", 1), const(2, 7), const(3, 8))
    outcomes = FastSimulator(code, TAKEHOME).run([[3], [4], [5]])
    assert outcomes.touched_scratch[:, 2:4].tolist() == [[7, 8], [0, 8], [0, 0]]


def test_a_run_longer_than_a_slice_of_compiled_code() -> None:
    rounds = native.SLICE // 2 + 10
    loop = Bundle((slot("alu", "-", 0, 0, 1), slot("flow", "cond_jump_rel", 0, 0)))
    code = program(Bundle((const(0, rounds), const(1, 1))), loop, slot("flow", "cond_jump", 0, 1))
    assert FastSimulator(code, TAKEHOME).run_one([]).cycles == 1 + 2 * rounds


def test_a_trace_longer_than_its_buffer() -> None:
    loop = Bundle((slot("flow", "trace_write", 0), slot("alu", "-", 0, 0, 1)))
    code = program(Bundle((const(0, 3000), const(1, 1))), loop, slot("flow", "cond_jump", 0, 1))
    assert FastSimulator(code, TAKEHOME).run_one([]).trace_buffer == tuple(range(3000, 0, -1))


def test_scratch_that_the_program_does_not_touch_is_there() -> None:
    result = both(const(0, 4))
    assert (result.scratch.dtype, len(result.scratch), result.scratch.sum()) == (np.uint32, 1536, 4)
    empty = both(image=[])
    assert (empty.cycles, len(empty.memory), len(empty.scratch)) == (0, 0, 1536)


def test_images_are_copied() -> None:
    images = np.arange(40, dtype=np.uint32).reshape(2, 20)
    outcomes = FastSimulator(program(const(0, 3), slot("store", "store", 0, 0)), TAKEHOME).run(images)
    assert images[:, 3].tolist() == [3, 23]
    assert outcomes.memory[:, 3].tolist() == [3, 3]
    assert outcomes.memory.dtype == np.uint32
    assert FastSimulator(program(), TAKEHOME).run([]).memory.shape == (0, 0)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([[1], [2, 3]], "the memory images of one batch must have one size"),
        (np.zeros(3, np.uint32), "a batch of memory images is 2-D, not 1-D"),
        (np.zeros((2, 2)), "a memory image is 1-D and of integers, not 1-D and of float64"),
        ([[1, -1]], "memory image, word 1: expected an integer from 0 to 4294967295, found -1"),
        (np.zeros((0, 5), np.uint32), "the image has 5 words; small has 4 of memory"),
        ([[0] * 5], "the image has 5 words; small has 4 of memory"),
    ],
)
def test_images_that_are_none(images: object, message: str) -> None:
    small = replace(TAKEHOME, name="small", memory_words=4)
    with pytest.raises(DataError) as caught:
        FastSimulator(program(), small).run(images)  # type: ignore[arg-type]
    assert caught.value.message == message


def test_wrong_programs_do_not_start() -> None:
    double = program(Bundle((const(0, 1), const(0, 2))))
    with pytest.raises(ProgramError, match="scratch word 0 is written twice"):
        FastSimulator(double, TAKEHOME)
    assert FastSimulator(double, TAKEHOME, strict=False).run_one([]).scratch[0] == 2


def test_a_fault_that_only_the_fast_simulator_sees_is_an_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Simulation, "step", lambda *_: None)
    with pytest.raises(InternalError, match="the simulators disagree at bundle 1, cycle 1"):
        FastSimulator(program(const(0, 99), LOAD), TAKEHOME).run([IMAGE])


def test_numba_is_imported_only_with_the_fast_simulator() -> None:
    code = "import sys, vliwc.machine, vliwc.differential, vliwc.driver; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
