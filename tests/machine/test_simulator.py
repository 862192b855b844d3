"""The simulator: its faults, its clock, pauses, debug slots, latencies."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from vliwc.errors import DataError
from vliwc.machine import (
    Bundle,
    Operand,
    Program,
    ProgramError,
    Result,
    Simulation,
    SimulationFault,
    Slot,
    State,
    load_machine,
    simulate,
)
from vliwc.source import Span

TAKEHOME, WIDE = load_machine("takehome"), load_machine("wide")
SPAN = Span(7, 5, 7, 9)
IMAGE = list(range(100, 120))


def slot(engine: str, op: str, *operands: Operand) -> Slot:
    return Slot(engine, op, operands, SPAN)


def const(word: int, value: int) -> Slot:
    return slot("load", "const", word, value)


def program(*bundles: Bundle | Slot) -> Program:
    made = tuple(b if isinstance(b, Bundle) else Bundle((b,)) for b in bundles)
    return Program("takehome", made, 100, "saxpy")


def run(*bundles: Bundle | Slot, **options: object) -> Result:
    return simulate(program(*bundles), TAKEHOME, IMAGE, **options)  # type: ignore[arg-type]


def splat(word: int, source: int) -> Slot:
    return slot("valu", "vbroadcast", word, source)


FAULTS = [
    (
        (const(0, 20), slot("load", "load", 1, 0)),
        "cycle 1, bundle 1, load slot 's[1] = mem[s[0]]' (from saxpy, .vk line 7): "
        "memory address 20 outside the image of 20 words",
    ),
    (
        (const(0, 13), slot("load", "vload", 8, 0)),
        "cycle 1, bundle 1, load slot 'v[8] = mem[s[0]..]' (from saxpy, .vk line 7): "
        "memory addresses 13 to 20 outside the image of 20 words",
    ),
    (
        (const(0, -1), slot("store", "store", 0, 0)),
        "cycle 1, bundle 1, store slot 'mem[s[0]] = s[0]' (from saxpy, .vk line 7): "
        "memory address 4294967295 outside the image of 20 words",
    ),
    (
        (const(0, 13), splat(8, 0), slot("store", "vstore", 0, 8)),
        "cycle 2, bundle 2, store slot 'mem[s[0]..] = v[8]' (from saxpy, .vk line 7): "
        "memory addresses 13 to 20 outside the image of 20 words",
    ),
    (
        (const(0, 0), slot("alu", "//", 1, 0, 0)),
        "cycle 1, bundle 1, alu slot 's[1] = s[0] // s[0]' (from saxpy, .vk line 7): division by zero",
    ),
    (
        (
            const(0, 1),
            const(30, 0),
            splat(8, 0),
            splat(16, 0),
            slot("alu", "+", 18, 30, 30),
            slot("valu", "%", 24, 8, 16),
        ),
        "cycle 5, bundle 5, valu slot 'v[24] = v[8] % v[16]' (from saxpy, .vk line 7): division by zero in lane 2",
    ),
    (
        (slot("alu", "+", 1, 0, 0),),
        "cycle 0, bundle 0, alu slot 's[1] = s[0] + s[0]' (from saxpy, .vk line 7): "
        "reads scratch word 0, which was never written",
    ),
    (
        (const(0, 5), Bundle((slot("store", "store", 0, 0), slot("store", "store", 0, 0)))),
        "cycle 1, bundle 1, store slot 'mem[s[0]] = s[0]' (from saxpy, .vk line 7): memory word 5 is written twice in "
        "one cycle, also by bundle 1, store slot 'mem[s[0]] = s[0]' (from saxpy, .vk line 7)",
    ),
    (
        (const(0, 5), slot("flow", "jump_indirect", 0)),
        "cycle 1, bundle 1, flow slot 'jump s[0]' (from saxpy, .vk line 7): goes to bundle 5; the program has 2",
    ),
    ((slot("flow", "jump", 0),), "cycle 50, bundle 0: still running after 50 cycles"),
]


@pytest.mark.parametrize(("bundles", "message"), FAULTS, ids=[f[1][-40:] for f in FAULTS])
def test_faults(bundles: tuple[Slot, ...], message: str) -> None:
    with pytest.raises(SimulationFault) as caught:
        run(*bundles, max_cycles=50)
    assert str(caught.value) == message
    assert caught.value.exit_code == 6
    assert message.startswith(f"cycle {caught.value.cycle}, bundle {caught.value.bundle}")


def test_what_only_strict_runs_refuse() -> None:
    unwritten = run(slot("alu", "+", 1, 0, 0), strict=False)
    assert unwritten.scratch[1] == 0
    words = run(Bundle((const(3, 7), slot("alu", "==", 3, 0, 0))), strict=False)
    assert words.scratch[3] == 1, "the later slot wins"
    stores = Bundle((slot("store", "store", 0, 0), slot("store", "store", 0, 1)))
    memory = run(Bundle((const(0, 5), const(1, 9))), stores, strict=False)
    assert memory.memory[5] == 9
    beyond = run(const(0, 5), slot("flow", "jump_indirect", 0), strict=False)
    assert (beyond.state, beyond.cycles) == (State.STOPPED, 2)


def test_stores_that_only_touch_are_no_double_write() -> None:
    start = (Bundle((const(0, 0), const(1, 8))), splat(8, 0))
    both = Bundle((slot("store", "vstore", 0, 8), slot("store", "store", 1, 1)))
    assert run(*start, both).memory.tolist() == [0] * 8 + [8] + IMAGE[9:]
    words = Bundle((slot("store", "store", 0, 0), slot("store", "store", 1, 1)))
    assert run(Bundle((const(0, 5), const(1, 6))), words).memory.tolist() == [*IMAGE[:5], 5, 6, *IMAGE[7:]]


def test_wrong_programs_do_not_start() -> None:
    with pytest.raises(ProgramError, match="scratch word 0 is written twice"):
        run(Bundle((const(0, 1), const(0, 2))))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ([0, -1], "memory image, word 1: expected an integer from 0 to 4294967295, found -1"),
        ([1 << 32], "memory image, word 0: expected an integer from 0 to 4294967295, found 4294967296"),
        ([True], "memory image, word 0: expected an integer from 0 to 4294967295, found True"),
        (np.zeros((2, 2), np.uint32), "a memory image is 1-D and of integers, not 2-D and of uint32"),
        (np.zeros(2), "a memory image is 1-D and of integers, not 1-D and of float64"),
    ],
)
def test_images_that_are_none(image: object, message: str) -> None:
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        simulate(program(), TAKEHOME, image)  # type: ignore[arg-type]


def test_images_too_large_for_the_machine() -> None:
    small = type(TAKEHOME)("small", "", 8, 128, 4, TAKEHOME.engines, {})
    with pytest.raises(DataError, match=r"^the image has 5 words; small has 4 of memory$"):
        simulate(program(), small, [0] * 5)


def test_the_image_is_copied() -> None:
    image = np.arange(20, dtype=np.uint32)
    result = simulate(program(const(0, 3), slot("store", "store", 0, 0)), TAKEHOME, image)
    assert image[3] == 3
    assert result.memory.dtype == np.uint32
    list_result = simulate(program(const(0, 3), slot("store", "store", 0, 0)), TAKEHOME, image.tolist())
    assert np.array_equal(result.memory, list_result.memory)


@pytest.mark.parametrize(
    ("bundle", "cycles"),
    [
        (Bundle(()), 0),
        (Bundle((), ("debug",)), 0),
        (Bundle((slot("debug", "comment", "x"),)), 0),
        (Bundle((), ("alu",)), 1),
        (Bundle((slot("debug", "comment", "x"),), ("flow",)), 1),
        (Bundle((const(0, 1), const(1, 1))), 1),
    ],
)
def test_what_a_bundle_costs(bundle: Bundle, cycles: int) -> None:
    result = run(bundle, bundle)
    assert (result.cycles, result.executed) == (2 * cycles, 2)


def test_slots_read_the_state_from_before_the_bundle() -> None:
    swap = Bundle((slot("alu", "+", 0, 1, 2), slot("alu", "+", 1, 0, 2)))
    assert run(Bundle((const(0, 5), const(1, 6))), const(2, 0), swap).scratch[:2].tolist() == [6, 5]


def test_a_store_and_a_load_of_one_word_in_one_bundle() -> None:
    both = Bundle((slot("store", "store", 0, 0), slot("load", "load", 1, 0)))
    result = run(const(0, 3), both)
    assert (result.memory[3], result.scratch[1]) == (3, 103)


def test_a_counting_loop() -> None:
    body = Bundle((slot("alu", "+", 0, 0, 1), slot("flow", "cond_jump_rel", 0, -1)))
    result = run(Bundle((const(0, -9), const(1, 1))), body, slot("flow", "trace_write", 0))
    assert result.trace_buffer == (1,), "the jump sees the counter from before the bundle"
    assert result.cycles == 1 + 10 + 1


def test_halt_lands_its_bundle_and_stops_for_good() -> None:
    simulation = Simulation(program(Bundle((slot("flow", "halt"), const(0, 4)))), TAKEHOME, IMAGE)
    first, second = simulation.run(), simulation.run()
    assert (first.scratch[0], first.cycles, first.state) == (4, 1, State.STOPPED)
    assert (first.executed, first.next_bundle) == (1, 1)
    assert second.cycles == 1


def test_pauses() -> None:
    paused = program(Bundle((slot("flow", "pause"), const(0, 1))), const(1, 2), slot("flow", "pause"))
    assert simulate(paused, TAKEHOME, IMAGE).cycles == 3
    assert Simulation(paused, TAKEHOME, IMAGE).run().state is State.STOPPED
    simulation = Simulation(paused, TAKEHOME, IMAGE, pauses=True)
    seen = [simulation.run() for _ in range(4)]
    assert [r.state for r in seen] == [State.PAUSED, State.PAUSED, State.STOPPED, State.STOPPED]
    assert [r.cycles for r in seen] == [1, 3, 3, 3]
    assert [r.next_bundle for r in seen] == [1, 3, 3, 3]
    assert seen[0].scratch[:2].tolist() == [1, 0]


KEYS = tuple(("lane", i) for i in range(8))
DEBUGGED = (const(0, 5), splat(8, 0), Bundle((slot("debug", "compare", 0, "x"), slot("debug", "vcompare", 8, KEYS))))
TRACED: dict[Operand, int] = {"x": 5} | dict.fromkeys(KEYS, 5)


def test_debug_slots_are_ignored_without_a_reference() -> None:
    assert run(*DEBUGGED).cycles == run(*DEBUGGED, reference=TRACED).cycles == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": 6}, 'debug slot \'compare s[0] "x"\' (from saxpy, .vk line 7): scratch word 0 is 5, but "x" is 6'),
        ({("lane", 3): 6}, 'scratch word 11 is 5, but ["lane", 3] is 6'),
        (None, 'debug slot \'compare s[0] "x"\' (from saxpy, .vk line 7): there is no traced value for "x"'),
    ],
)
def test_debug_faults(change: dict[Operand, int] | None, message: str) -> None:
    reference = TRACED | change if change else {}
    with pytest.raises(SimulationFault) as caught:
        run(*DEBUGGED, reference=reference)
    assert str(caught.value).startswith("cycle 2, bundle 2, debug slot")
    assert str(caught.value).endswith(message)


def test_slots_behind_a_debug_slot_are_checked() -> None:
    comment = slot("debug", "comment", "x")
    with pytest.raises(SimulationFault, match="reads scratch word 0, which was never written"):
        run(Bundle((comment, slot("alu", "+", 1, 0, 0))))
    with pytest.raises(SimulationFault, match="scratch word 0 is 5, but"):
        run(const(0, 5), Bundle((comment, const(1, 1), slot("debug", "compare", 0, "sum"))), reference={"sum": 6})
    assert run(const(0, 5), Bundle((comment, slot("debug", "compare", 9, "x")))).cycles == 1


def test_the_tracer_sees_every_bundle() -> None:
    seen: list[tuple[int, int]] = []
    run(const(0, 1), Bundle(()), slot("flow", "halt"), const(0, 1), trace=lambda *step: seen.append(step))
    assert seen == [(0, 0), (1, 1), (1, 2)]


LOAD = slot("load", "load", 1, 0)


def on_wide(*bundles: Bundle | Slot, strict: bool = True) -> Result:
    return simulate(program(*bundles), WIDE, IMAGE, strict=strict)


def test_a_late_result_is_not_there_yet_in_the_next_cycle() -> None:
    """On the wide machine a load takes two cycles."""
    copy = slot("flow", "add_imm", 2, 1, 0)
    start = (Bundle((const(0, 3), const(1, 42))), LOAD)
    assert on_wide(*start, copy).scratch[2] == 42
    assert on_wide(*start, Bundle(()), copy).scratch[2] == 42, "a free bundle is no cycle"
    assert on_wide(*start, Bundle((), ("alu",)), copy).scratch[2] == 103
    with pytest.raises(SimulationFault, match="reads scratch word 1, which was never written"):
        on_wide(const(0, 3), LOAD, copy)


@pytest.mark.parametrize("waits", range(5))
def test_a_result_of_latency_4_is_there_in_the_fourth_cycle(waits: int) -> None:
    slow = replace(WIDE, latencies={("load", "load"): 4})
    code = program(
        Bundle((const(0, 3), const(1, 42))), LOAD, *[Bundle((), ("alu",))] * waits, slot("flow", "add_imm", 2, 1, 0)
    )
    assert simulate(code, slow, IMAGE).scratch[2] == (103 if waits >= 3 else 42)


def test_late_results_land_when_the_program_ends() -> None:
    result = on_wide(const(0, 3), LOAD)
    assert (result.scratch[1], result.cycles) == (103, 2)


def test_two_results_that_land_together() -> None:
    """The jump keeps the validator from seeing it."""
    clash = (const(0, 3), Bundle((LOAD, slot("flow", "jump", 2))), const(1, 7))
    assert on_wide(*clash, strict=False).scratch[1] == 7, "the later slot wins"
    with pytest.raises(SimulationFault) as caught:
        on_wide(*clash)
    assert str(caught.value) == "cycle 2, bundle 2: two results land in scratch word 1 at the end of this cycle"
