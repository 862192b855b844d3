"""Values that are made again rather than kept: constants, and broadcasts of constants (Briggs, Cooper, Torczon 1992).

    c = const 7                     c = const 7
    v = broadcast c                 v = broadcast c
    … v …          becomes          … v …
    (a long time)                   (v's words are free)
    … v …                           w[0] = const 7; w = broadcast w[0]
                                    … w …

A copy is one operation that reads nothing. That of a broadcast loads the constant into the first word of its vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vliwc.backend.problem import DATA, Copy, Operation, Problem


def recipes(problem: Problem) -> dict[int, Operation]:
    """The values that can be made again, each with an operation that makes it from nothing, in one form."""
    writers: dict[int, list[Operation]] = {}
    for operation in problem.operations:
        writers.setdefault(operation.writes, []).append(operation)
    fixed = problem.held | problem.tied.keys() | problem.entry.keys() | {-1}
    makers = {v: wrote[0] for v, wrote in writers.items() if len(wrote) == 1 and v not in fixed}
    constants = {
        v: replace(o, forms=o.forms[:1], needs=())
        for v, o in makers.items()
        if problem.widths[v] == 1 and not o.reads and _only(o, 0, "const")
    }
    found = dict(constants)
    for v, o in makers.items():
        if len(o.reads) == 1 and o.reads[0] in constants:
            broadcast = next((form for f, form in enumerate(o.forms) if _only(o, f, "vbroadcast")), None)
            if broadcast is not None:
                made = replace(o, forms=((*constants[o.reads[0]].forms[0], *broadcast),), needs=())
                found[v] = replace(made.renamed({o.reads[0]: v}), reads=())
    return found


def _only(operation: Operation, form: int, op: str) -> bool:
    """Is a form of an operation one slot of this kind?"""
    return form < len(operation.forms) and [(s.op, s.slots) for s in operation.forms[form]] == [(op, 1)]


def with_copies(problem: Problem, copies: Sequence[Copy]) -> Problem:
    """The problem with copies as operations of their own.

    These come first, so that operation k becomes k + len(copies). Their values are numbered from len(problem.widths).
    A reader of a copy still waits for the value itself as well.
    """
    if not copies:
        return problem
    how, shift, new = recipes(problem), len(copies), len(problem.widths)
    names: dict[int, dict[int, int]] = {}
    for number, copy in enumerate(copies, new):
        for k in copy.readers:
            names.setdefault(k, {})[copy.value] = number
    made = [how[copy.value].renamed({copy.value: number}) for number, copy in enumerate(copies, new)]
    old = [o.renamed(names[k]) if k in names else o for k, o in enumerate(problem.operations)]
    first = [[(k + shift, DATA) for k in copy.readers] for copy in copies]
    rest = [[(target + shift, kind) for target, kind in edges] for edges in problem.successors]
    widths = [*problem.widths, *(problem.widths[copy.value] for copy in copies)]
    return replace(problem, operations=made + old, successors=first + rest, widths=widths)
