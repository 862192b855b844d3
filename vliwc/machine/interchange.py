"""The interchange form of programs: the public simulator's own, as JSON.

A program is a list of bundles, a bundle an object from engine to a list of slots, a slot an array that starts with
its operation: `[{"valu": [["*", 4, 0, 0]], "load": [["load", 16, 17]]}]`. Arrays stand for tuples. Kernel name and
source places are not part of it. An engine with an empty list of slots makes the bundle take a cycle.
"""

from __future__ import annotations

import json
from typing import NoReturn

from vliwc.errors import DataError
from vliwc.machine.description import Machine
from vliwc.machine.program import MAX_DEPTH, Bundle, Operand, Program, Slot
from vliwc.machine.slots import scratch_used
from vliwc.machine.validate import validate

MAX_DIGITS = 20
"""Integers with more digits are refused before they are converted."""


def program_to_json(program: Program) -> str:
    """The interchange form of a program, one bundle a line."""
    lines = (json.dumps(bundle_to_json(bundle)) for bundle in program.bundles)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def bundle_to_json(bundle: Bundle) -> dict[str, list[list[object]]]:
    """The interchange form of a bundle. Tuples among the operands stay tuples; JSON writes them as arrays."""
    return {engine: [[slot.op, *slot.operands] for slot in slots] for engine, slots in bundle.by_engine().items()}


def program_from_json(text: str | bytes, machine: Machine, name: str = "<program>") -> Program:
    """The program that an interchange text describes; `name` names it in messages.

    Raises DataError if the text has not that form, ProgramError if the machine cannot execute the program.
    """
    data = parse_json(text, name)
    if not isinstance(data, list):
        raise DataError(f"{name}: expected a list of bundles, found {_kind(data)}")
    bundles = tuple(_bundle(item, f"{name}: bundle {number}") for number, item in enumerate(data))
    validate(Program(machine.name, bundles, 0), machine, strict=False)
    return Program(machine.name, bundles, scratch_used(bundles, machine.lanes))


def parse_json(text: str | bytes, name: str, origin: tuple[int, int] = (1, 1)) -> object:
    """The JSON value of a text: integers of sensible size, text, truth values, null, arrays, objects. Raises DataError.

    Fractions, NaN and infinities, and keys that are there twice, are refused. `origin` is the line and the column of
    the file at which the text starts.
    """
    line, column = origin
    where = name if origin == (1, 1) else f"{name}:{line}:{column}"
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        result: object = json.loads(
            decoded,
            object_pairs_hook=_unique,
            parse_int=_integer,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not UTF-8: {error.reason} at byte {error.start}", help="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        line, column = line + error.lineno - 1, error.colno + (column - 1 if error.lineno == 1 else 0)
        raise DataError(f"{name}:{line}:{column}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise DataError(f"{where}: nested too deeply") from error
    except _RefusedError as error:
        raise DataError(f"{where}: {error}") from error
    return result


class _RefusedError(Exception):
    """JSON that is well formed, but not what a data file of vliwc may hold."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise _RefusedError(f"the key {json.dumps(key)} is there twice in one object")
        result[key] = value
    return result


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise _RefusedError(f"the number {digits[:12]}… has {len(digits)} digits")
    return int(digits)


def _refuse(number: str) -> NoReturn:
    raise _RefusedError(f"{number[:40]} is no integer")


def _bundle(item: object, where: str) -> Bundle:
    if not isinstance(item, dict):
        raise DataError(f"{where}: expected an object from engine to slots, found {_kind(item)}")
    slots: list[Slot] = []
    empty: list[str] = []
    for engine, entries in item.items():
        if not isinstance(entries, list):
            raise DataError(f"{where}, {engine}: expected a list of slots, found {_kind(entries)}")
        if not entries:
            empty.append(engine)
        slots += [_slot(entry, engine, f"{where}, {engine} slot {i}") for i, entry in enumerate(entries)]
    return Bundle(tuple(slots), tuple(empty))


def _slot(entry: object, engine: str, where: str) -> Slot:
    if not isinstance(entry, list):
        raise DataError(f"{where}: expected a list, operation first, found {_kind(entry)}")
    if not entry or not isinstance(entry[0], str):
        raise DataError(
            f"{where}: expected the operation's name first, found {_kind(entry[0]) if entry else 'nothing'}"
        )
    return Slot(engine, entry[0], tuple(operand(part, where) for part in entry[1:]))


def operand(part: object, where: str, depth: int = 0) -> Operand:
    """A JSON value as an operand: arrays become tuples. Raises DataError for what no operand can be."""
    if isinstance(part, list) and depth < MAX_DEPTH:
        return tuple(operand(inner, where, depth + 1) for inner in part)
    if type(part) is int or isinstance(part, str):
        return part
    raise DataError(f"{where}: an operand is an integer, text or a list of such, not {_kind(part)}")


_KINDS = {dict: "an object", list: "a list", str: "text", int: "an integer", bool: "a truth value", type(None): "null"}


def _kind(value: object) -> str:
    return _KINDS[type(value)]
