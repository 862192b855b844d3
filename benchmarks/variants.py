"""Variants of a machine: one slot more or less of each engine, other numbers of lanes, other sizes of scratch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from vliwc.machine import Machine, load_machine

ENGINES = ("alu", "valu", "load", "store", "flow")


def variants(machine: Machine) -> Iterator[Machine]:
    """The machine itself and what it could have been, with one number changed each.

    An engine keeps at least one slot. Lanes are halved and doubled, and so is the scratch.
    """
    yield machine
    for name in ENGINES:
        engine = machine.engines[name]
        for slots in (engine.slots - 1, engine.slots + 1):
            if slots > 0:
                engines = {**machine.engines, name: replace(engine, slots=slots)}
                yield replace(machine, name=f"{name}-{slots}", engines=engines)
    for lanes in (machine.lanes // 2, machine.lanes * 2):
        yield replace(machine, name=f"lanes-{lanes}", lanes=lanes)
    for words in (machine.scratch_words // 2, machine.scratch_words * 2):
        yield replace(machine, name=f"scratch-{words}", scratch_words=words)


def to_toml(machine: Machine) -> str:
    """A machine's description as a TOML text that `load_machine` takes."""
    lines = [f'{key} = "{getattr(machine, key)}"' for key in ("name", "description")]
    lines += [f"{key} = {getattr(machine, key)}" for key in ("lanes", "scratch_words", "memory_words")]
    for engine in machine.engines.values():
        ops = ", ".join(f'"{op}"' for op in sorted(engine.ops))
        slow = ", ".join(f'"{op}" = {n}' for (at, op), n in machine.latencies.items() if at == engine.name)
        lines += ["", f"[engines.{engine.name}]", f"slots = {engine.slots}", f"ops = [{ops}]"]
        lines += [f"latency = {{ {slow} }}"] if slow else []
    return "\n".join(lines) + "\n"


def write_variants(name: str, folder: Path) -> dict[str, Path]:
    """The variants of a shipped machine as files in `folder`, by their names."""
    paths = {}
    for machine in variants(load_machine(name)):
        paths[machine.name] = folder / f"{machine.name}.toml"
        paths[machine.name].write_text(to_toml(machine), encoding="utf-8")
    return paths
