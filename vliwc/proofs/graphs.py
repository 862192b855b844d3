"""Proves that two graphs, or a graph and its selected operations, do the same to every memory image.

Both are executed on an image of unknown words, and the solver looks for contents on which they differ (translation
validation: Pnueli, Siegel & Singerman 1998). Trip counts are known, so loops are executed; for small graphs only.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import z3

from vliwc.backend.evaluator import Selected, Semantics, run_selected
from vliwc.ir.graph import Graph, Loop, Mode
from vliwc.ir.ops import OPS, PURE
from vliwc.proofs.memory import UnknownImage, constant
from vliwc.proofs.words import MEANING, Term, word

_TIMEOUT = 120_000
"""Milliseconds for one query."""


class NotEqual(Exception):
    """Two programs that differ on some image, or that z3 cannot decide on. `words` is such an image, if known."""

    def __init__(self, message: str, words: dict[str, int]) -> None:
        super().__init__(message)
        self.words = words


def prove_equal(before: Graph, after: Graph, cases: Mapping[int, Sequence[int]] = MappingProxyType({})) -> None:
    """Proves that a rewritten graph leaves what the original does, wherever that has a meaning. Raises NotEqual.

    `cases` names words of the image that can only have few values: each combination is a proof of its own, which is
    easier where such words are multiplied.
    """
    for values in itertools.product(*cases.values()):
        _prove_case(before, after, dict(zip(cases, values, strict=True)))


def _prove_case(before: Graph, after: Graph, known: Mapping[int, int]) -> None:
    image = UnknownImage(before, known)
    _execute(before, image)
    rewritten = UnknownImage(after, known)
    _execute(after, rewritten)
    _compare(before, image, rewritten)


def prove_selected(graph: Graph, selected: Selected, choose: Callable[[int], int]) -> None:
    """Proves that selected operations do what the graph does, when `choose` picks their forms. Raises NotEqual."""
    image = UnknownImage(graph)
    _execute(graph, image)
    semantics = _Terms(graph)
    run_selected(selected, semantics, choose)
    _compare(graph, image, semantics.image)


def _compare(graph: Graph, before: UnknownImage, after: UnknownImage) -> None:
    promised = set(range(graph.image_words))
    for array in graph.arrays.values():
        if array.mode is Mode.CONSUMED:
            promised -= set(range(array.base, array.end))
    wrong = [a != b for k in sorted(promised) if not (a := before.words[k]).eq(b := after.words[k])]
    wrong += [z3.Not(claim) for claim in after.defined]
    solver = z3.SolverFor("QF_BV")
    solver.set("timeout", _TIMEOUT)
    solver.add(*before.assumed, *before.defined, z3.Or(*wrong))
    answer = solver.check()
    if answer == z3.sat:
        model = solver.model()
        words = {str(name): model[name].as_long() for name in model.decls()}
        raise NotEqual(f"they differ for {words}", words)
    if answer != z3.unsat:
        raise NotEqual(f"z3 gives up ({solver.reason_unknown()})", {})


class _Terms(Semantics[Term]):
    """The machine's slots on unknown words."""

    def __init__(self, graph: Graph) -> None:
        self.image = UnknownImage(graph)
        self._everywhere = range(graph.image_words)

    def constant(self, number: int) -> Term:
        return word(number)

    def apply(self, op: str, *words: Term) -> Term:
        return _apply(op, self.image, *words)

    def load(self, address: Term, offset: int) -> Term:
        return self.image.load(address + offset, self._everywhere)

    def store(self, address: Term, offset: int, word: Term) -> None:
        self.image.store(address + offset, word, self._everywhere)

    def holds(self, word: Term) -> bool:
        value = constant(word)
        assert value is not None, "trip counts are known"
        return value != 0


def _apply(op: str, image: UnknownImage, *words: Term) -> Term:
    if OPS[op].can_fault:
        claim = z3.simplify(words[1] != 0)
        if not z3.is_true(claim):
            image.defined.append(claim)
    return z3.simplify(MEANING[op](*words))


def _execute(graph: Graph, image: UnknownImage) -> None:
    """Runs a graph, at either level, on an image."""
    _Execution(graph, image).block(graph.body)


class _Execution:
    def __init__(self, graph: Graph, image: UnknownImage) -> None:
        self.graph = graph
        self.image = image
        self.values: dict[int, list[Term]] = {}
        self.carried_out: dict[int, list[list[Term]]] = {}

    def block(self, block: tuple[int, ...]) -> None:
        for n in block:
            attr, args = self.graph.attr[n], self.graph.args[n]
            if isinstance(attr, Loop):
                self.loop(n, attr)
            elif self.graph.op[n] == "result":
                assert isinstance(attr, int)
                self.values[n] = self.carried_out[args[0]][attr]
            else:
                self.node(n, [self.values[a] for a in args])

    def loop(self, n: int, loop: Loop) -> None:
        state = [self.values[a] for a in self.graph.args[n]]
        for i in range(loop.lo, loop.hi, loop.step):
            self.values[loop.index] = [word(i)]
            self.values.update(zip(loop.carried, state, strict=True))
            self.block(loop.body)
            state = [self.values[y] for y in loop.yields]
        self.carried_out[n] = state

    def node(self, n: int, args: list[list[Term]]) -> None:
        graph, image = self.graph, self.image
        op, attr, lanes = graph.op[n], graph.attr[n], graph.lanes
        if op in PURE:
            self.values[n] = [_apply(op, image, *words) for words in zip(*args, strict=True)]
        elif op == "const":
            self.values[n] = [word(int(attr))]  # type: ignore[arg-type]
        elif op == "splat":
            self.values[n] = args[0] * lanes
        elif op == "pack":
            self.values[n] = [words[0] for words in args]
        elif op == "lane":
            self.values[n] = [args[0][int(attr)]]  # type: ignore[arg-type]
        elif op == "table":
            self.values[n] = [self.table(tuple(attr), index) for index in args[0]]  # type: ignore[arg-type]
        else:
            self.memory(n, op, args)

    def table(self, entries: tuple[int, ...], index: Term) -> Term:
        self.image.defined.append(z3.ULT(index, word(len(entries))))
        result = word(entries[-1])
        for k, entry in enumerate(entries[:-1]):
            result = z3.If(index == k, word(entry), result)
        return z3.simplify(result)

    def memory(self, n: int, op: str, args: list[list[Term]]) -> None:
        graph, image = self.graph, self.image
        access = graph.access(n)
        array = graph.arrays[access.array]
        within = range(array.base, array.end)
        condition: Any = True
        if op == "store_if":
            (condition,), *args = args
            condition = condition != 0
        addresses = [a + graph.origin(n) for a in args[0]]
        if op in ("vload", "vstore"):
            addresses = [addresses[0] + k for k in range(graph.lanes)]
        if graph.width[n]:
            self.values[n] = [image.load(a, within) for a in addresses]
            return
        active = access.active or len(addresses)
        for address, value in list(zip(addresses, args[1], strict=True))[:active]:
            image.store(address, value, within, condition)
