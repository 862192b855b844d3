"""What is mutated by `benchmarks.mutation`: the modules that everything rests on, and the tests that must notice.

Of the certifier, `describe` and `failure` are left out: they only word messages. Where values live (`placement`,
`pressure`, `spilling`), and the compiled twin of the scratch allocator, are not trusted: what they get wrong, the
certifier refuses.
"""

from __future__ import annotations

_RANDOM = "tests/machine/test_simulator_random.py::test_non_strict_runs_agree_with_the_slow_simulator[wide]"
_LOOPS = [
    "tests/certifier/test_loops.py",
    "tests/certifier/test_invariants.py",
    "tests/certifier/test_overlapped.py::test_overlapped_loops_are_proven",
]
_FAST = [
    "tests/machine/test_fast.py",
    "tests/machine/test_fast_random.py::test_every_run_of_a_batch_is_as_on_the_strict_simulator[slow]",
    "tests/machine/test_fast_random.py::test_short_slices_and_a_full_trace_change_nothing",
    "--deselect=tests/machine/test_fast.py::test_a_run_longer_than_a_slice_of_compiled_code",  # too long in Python
    "--deselect=tests/machine/test_fast.py::test_numba_is_imported_only_with_the_fast_simulator",
]

TARGETS = {
    "vliwc.machine.validate": ["tests/machine/test_validate.py"],
    "vliwc.machine.simulator": ["tests/machine/test_simulator.py", _RANDOM],
    "vliwc.machine.decode": ["tests/machine/test_simulator.py", _RANDOM],
    "vliwc.machine.slots": [
        "tests/machine/test_slots.py",
        "tests/machine/test_validate.py",
        "tests/machine/test_simulator.py",
    ],
    "vliwc.machine.faults": ["tests/machine/test_faults.py"],
    "vliwc.machine.program": [
        "tests/machine/test_slots.py",
        "tests/machine/test_simulator.py",
        "tests/machine/test_interchange.py",
        "tests/machine/test_assembly.py",
    ],
    "vliwc.machine.fast.simulator": _FAST,
    "vliwc.machine.fast.packed": _FAST,
    "vliwc.machine.fast.native": _FAST,
    "vliwc.backend.scratch": ["tests/backend/test_scratch.py"],
    "vliwc.backend.certifier.wellformed": ["tests/certifier/test_execution.py", "tests/certifier/test_straight.py"],
    "vliwc.backend.certifier.execution": [
        "tests/certifier/test_execution.py",
        "tests/certifier/test_straight.py",
        "tests/certifier/test_loops.py",
    ],
    "vliwc.backend.certifier.expressions": ["tests/certifier/test_expressions.py", "tests/certifier/test_algebra.py"],
    "vliwc.backend.certifier.memory": ["tests/certifier/test_memory.py", "tests/certifier/test_loops.py"],
    "vliwc.backend.certifier.loops": _LOOPS,
    "vliwc.backend.certifier.frame": _LOOPS,
    "vliwc.backend.certifier.iterations": ["tests/certifier/test_iterations.py", "tests/certifier/test_overlapped.py"],
    "vliwc.backend.certifier.overlapped": [
        "tests/certifier/test_overlapped.py::test_overlapped_loops_are_proven",
        "tests/certifier/test_overlapped.py::test_wrong_evidence_is_refused",
        "tests/certifier/test_overlapped.py::test_ghosts_must_compute_what_they_stand_for",
        "tests/certifier/test_overlapped.py::test_wrong_iterations_are_found",
        "tests/certifier/test_overlapped.py::test_each_slot_of_prologue_kernel_and_epilogue_counts",
    ],
    "vliwc.backend.certifier.order": ["tests/certifier/test_order.py", "tests/certifier/test_iterations.py"],
    "vliwc.backend.certifier.algebra": [
        "tests/certifier/test_algebra.py::test_what_a_backend_does_is_seen_through",
        "tests/certifier/test_algebra.py",
        "tests/certifier/test_straight.py",
    ],
    "vliwc.backend.certifier.intervals": ["tests/certifier/test_intervals.py"],
    "vliwc.backend.certifier.latch": ["tests/certifier/test_latch.py", "tests/certifier/test_loops.py"],
    "vliwc.backend.certifier.comparison": ["tests/certifier/test_straight.py", "tests/certifier/test_execution.py"],
    "vliwc.backend.certifier.meaning": [
        "tests/certifier/test_straight.py",
        "tests/certifier/test_execution.py",
        "tests/certifier/test_loops.py",
        "tests/certifier/test_memory.py",
    ],
    "vliwc.backend.certifier.liveness": ["tests/certifier/test_liveness.py", "tests/certifier/test_loops.py"],
    "vliwc.backend.certifier.witness": [
        "tests/certifier/test_loops.py",
        "tests/certifier/test_overlapped.py::test_trips_of_an_overlapped_loop",
    ],
    "vliwc.backend.certifier.addresses": ["tests/certifier/test_addresses.py", "tests/certifier/test_memory.py"],
    "vliwc.backend.certifier.proof": ["tests/certifier/test_straight.py", "tests/certifier/test_loops.py"],
}
"""The modules that everything rests on, each with the tests that must notice a change of it."""
