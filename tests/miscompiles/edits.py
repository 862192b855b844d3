"""Changing a program slot by slot."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vliwc.machine import Machine, Program, Slot


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """One slot of a program: the bundle's number, and the slot's position in it."""

    bundle: int
    position: int


def slot_at(program: Program, site: Site) -> Slot:
    """The slot at a site."""
    return program.bundles[site.bundle].slots[site.position]


def with_slots(program: Program, number: int, slots: tuple[Slot, ...]) -> Program:
    """The program with other slots in one bundle, which takes a cycle even if there are none."""
    old = program.bundles[number]
    idle = old.empty_engines or (old.slots[0].engine,)
    bundle = replace(old, slots=slots, empty_engines=() if slots else idle)
    return replace(program, bundles=(*program.bundles[:number], bundle, *program.bundles[number + 1 :]))


def put(program: Program, site: Site, *slots: Slot) -> Program:
    """The program with these slots, or none, in place of one."""
    old = program.bundles[site.bundle].slots
    return with_slots(program, site.bundle, (*old[: site.position], *slots, *old[site.position + 1 :]))


def add(program: Program, number: int, *slots: Slot) -> Program:
    """The program with more slots in a bundle."""
    return with_slots(program, number, (*program.bundles[number].slots, *slots))


def operands(program: Program, site: Site, **new: int) -> Program:
    """The program with other operands at a site: `_0=…` is the first one."""
    slot = slot_at(program, site)
    changed = list(slot.operands)
    for position, value in new.items():
        changed[int(position[1:])] = value
    return put(program, site, replace(slot, operands=tuple(changed)))


def move(program: Program, site: Site, to: int) -> Program:
    """The program with a slot moved to another bundle."""
    return add(put(program, site), to, slot_at(program, site))


def has_room(program: Program, machine: Machine, number: int, engine: str) -> bool:
    """Has the bundle a free slot of this engine?"""
    return sum(slot.engine == engine for slot in program.bundles[number].slots) < machine.slots(engine)
