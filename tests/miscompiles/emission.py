"""Damage to the texts of a program: the interchange form, and assembly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

from tests.miscompiles.flow import Flow, Step
from tests.miscompiles.kinds import Damaged, shuffled
from vliwc.machine import print_assembly, program_to_json
from vliwc.machine.slots import Effect, writes

Bundles = list[dict[str, list[list[Any]]]]


def _interchange(flow: Flow, rng: Random, damage: Callable[[Bundles, Step], object]) -> Iterator[str]:
    """Damages the slot of each step of which a needed word was something else before."""
    for step in shuffled(flow.sites(Effect.COMPUTE, Effect.COPY, Effect.LOAD), rng):
        if any(flow.overwritten(step, w) for w in writes(step.slot, flow.machine.lanes)):
            bundles: Bundles = json.loads(program_to_json(flow.program))
            if damage(bundles, step) is not False:
                yield json.dumps(bundles)


def _place(bundles: Bundles, step: Step, flow: Flow) -> tuple[list[list[Any]], int]:
    """The list of slots of the step's engine, and the slot's position there."""
    before = flow.program.bundles[step.site.bundle].slots[: step.site.position]
    return bundles[step.site.bundle][step.slot.engine], sum(s.engine == step.slot.engine for s in before)


def lost_slot_in_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot is missing in the interchange form."""

    def damage(bundles: Bundles, step: Step) -> None:
        slots, k = _place(bundles, step, flow)
        del slots[k]

    return _interchange(flow, rng, damage)


def lost_engine_in_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """All slots of an engine are missing in a bundle of the interchange form."""
    return _interchange(flow, rng, lambda bundles, step: bundles[step.site.bundle].pop(step.slot.engine))


def destination_last_in_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The operands of a slot are written in another order, the destination last."""

    def damage(bundles: Bundles, step: Step) -> None:
        slots, k = _place(bundles, step, flow)
        op, *operands = slots[k]
        slots[k] = [op, *operands[1:], operands[0]]

    def differ(bundles: Bundles, step: Step) -> object:
        dest, *others = step.slot.operands
        rotated = replace(step.slot, operands=(*others, dest))
        return damage(bundles, step) if others[0] != dest or flow.changes(step, rotated) else False

    return _interchange(flow, rng, differ)


def number_as_text_in_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A number is written in quotes."""

    def damage(bundles: Bundles, step: Step) -> None:
        slots, k = _place(bundles, step, flow)
        slots[k][1] = str(slots[k][1])

    return _interchange(flow, rng, damage)


def fraction_in_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A number is written as a fraction."""

    def damage(bundles: Bundles, step: Step) -> None:
        slots, k = _place(bundles, step, flow)
        slots[k][1] = float(slots[k][1])

    return _interchange(flow, rng, damage)


def lost_operation_in_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot is written without its operation."""

    def damage(bundles: Bundles, step: Step) -> None:
        slots, k = _place(bundles, step, flow)
        del slots[k][0]

    return _interchange(flow, rng, damage)


def engine_twice_in_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A bundle names an engine twice, so that readers may take either."""
    for bundle in rng.sample(flow.program.bundles, len(flow.program.bundles)):
        if bundle.slots:
            engine = json.dumps(bundle.slots[0].engine)
            text = program_to_json(flow.program)
            yield text.replace(f"{{{engine}: ", f"{{{engine}: [], {engine}: ", 1)


def bundles_reversed_in_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The bundles are written last first."""
    yield json.dumps(json.loads(program_to_json(flow.program))[::-1])


def lost_bundle_in_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A bundle is missing in the interchange form."""
    return _interchange(flow, rng, lambda bundles, step: bundles.pop(step.site.bundle))


def truncated_json(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The text ends in the middle."""
    text = program_to_json(flow.program)
    while True:
        yield text[: rng.randrange(1, len(text) - 2)]


def _assembly(flow: Flow, rng: Random) -> Iterator[tuple[list[str], int]]:
    """The lines of the assembly text, and one of them, of a slot that matters."""
    for step in shuffled(flow.sites(Effect.COMPUTE, Effect.COPY, Effect.LOAD), rng):
        if any(flow.overwritten(step, w) for w in writes(step.slot, flow.machine.lanes)):
            lines = print_assembly(flow.program).splitlines()
            yield lines, lines.index(f"{step.site.bundle}:") + 1 + step.site.position


def lost_line_of_assembly(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A line with a slot is missing in the assembly text."""
    for lines, k in _assembly(flow, rng):
        yield "\n".join(lines[:k] + lines[k + 1 :])


def truncated_assembly(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The assembly text ends in the middle."""
    for lines, k in _assembly(flow, rng):
        yield "\n".join(lines[:k])


def scalar_for_vector_in_assembly(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A vector is written as a word."""
    for lines, k in _assembly(flow, rng):
        if "v[" in lines[k]:
            yield "\n".join([*lines[:k], lines[k].replace("v[", "s[", 1), *lines[k + 1 :]])


def digit_lost_in_assembly(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The destination in a line of the assembly text loses its last digit."""
    for lines, k in _assembly(flow, rng):
        head, bracket, tail = lines[k].partition("]")
        yield "\n".join([*lines[:k], head[:-1] + bracket + tail, *lines[k + 1 :]])


KINDS = (
    lost_slot_in_json,
    lost_engine_in_json,
    destination_last_in_json,
    number_as_text_in_json,
    fraction_in_json,
    lost_operation_in_json,
    engine_twice_in_json,
    bundles_reversed_in_json,
    lost_bundle_in_json,
    truncated_json,
    lost_line_of_assembly,
    truncated_assembly,
    scalar_for_vector_in_assembly,
    digit_lost_in_assembly,
)
