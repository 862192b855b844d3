"""Machine descriptions, for people and for scripts."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType

from vliwc.machine import Machine
from vliwc.report.layout import facts, plain_table


def machine_facts(machine: Machine) -> RenderableType:
    """A machine description: sizes, and what each engine can do."""
    engines = plain_table("engine", "slots", "operations", right=("slots",))
    engines.columns[2].no_wrap = False
    for engine in machine.engines.values():
        engines.add_row(engine.name, str(engine.slots), " ".join(sorted(engine.ops)))
    sizes = facts(
        [
            ("machine", machine.name),
            ("", machine.description),
            ("lanes", str(machine.lanes)),
            ("scratch", f"{machine.scratch_words:,} words"),
            ("memory", f"{machine.memory_words:,} words"),
        ]
    )
    return Group(sizes, "", engines)


def machine_record(machine: Machine) -> dict[str, Any]:
    """A machine description as JSON. Sizes in words, latencies in cycles (1 where none is given)."""
    return {
        "name": machine.name,
        "description": machine.description,
        "lanes": machine.lanes,
        "scratch_words": machine.scratch_words,
        "memory_words": machine.memory_words,
        "engines": {
            engine.name: {
                "slots": engine.slots,
                "ops": sorted(engine.ops),
                "latencies": {op: cycles for (e, op), cycles in machine.latencies.items() if e == engine.name},
            }
            for engine in machine.engines.values()
        },
    }
