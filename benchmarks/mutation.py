"""Mutation testing: python -m benchmarks.mutation [MODULE …] [--sample N]

Changes a module of TARGETS in every way that cosmic-ray knows (operators, comparisons, numbers, conditions, loops,
decorators …), and runs its tests on each mutant, in a process that is forked for it: the packages that tests import are
loaded once only. Prints the share of mutants killed, and each survivor. A mutant of annotations only is left out, as
nothing executes them. Needs `pip install cosmic-ray` and an operating system that forks.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import resource
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

TARGETS = {
    "vliwc.machine.validate": ["tests/machine/test_validate.py"],
    "vliwc.machine.simulator": ["tests/machine/test_simulator.py", "tests/machine/test_simulator_random.py"],
    "vliwc.machine.decode": ["tests/machine/test_simulator.py", "tests/machine/test_simulator_random.py"],
    "vliwc.backend.scratch": ["tests/backend/test_parts.py", "tests/backend/test_straight.py"],
    "vliwc.backend.certifier.wellformed": ["tests/certifier/test_execution.py", "tests/certifier/test_straight.py"],
    "vliwc.backend.certifier.latch": ["tests/certifier/test_latch.py", "tests/certifier/test_loops.py"],
    "vliwc.backend.certifier.intervals": ["tests/certifier/test_algebra.py"],
    "vliwc.backend.certifier.addresses": ["tests/certifier"],
    "vliwc.backend.certifier.algebra": ["tests/certifier"],
    "vliwc.backend.certifier.comparison": ["tests/certifier"],
    "vliwc.backend.certifier.execution": ["tests/certifier"],
    "vliwc.backend.certifier.expressions": ["tests/certifier"],
    "vliwc.backend.certifier.liveness": ["tests/certifier"],
    "vliwc.backend.certifier.loops": ["tests/certifier"],
    "vliwc.backend.certifier.meaning": ["tests/certifier"],
    "vliwc.backend.certifier.memory": ["tests/certifier"],
    "vliwc.backend.certifier.proof": ["tests/certifier"],
}
"""The modules that everything rests on, each with the tests that must notice a change of it."""

CPU_SECONDS = 120
"""A mutant that makes the tests run longer is killed."""

_PRELOADED = ("hypothesis", "numpy", "networkx", "hypothesis.extra.numpy")


@dataclass(frozen=True)
class Mutant:
    """A changed module: its text, and the line that differs."""

    operator: str
    text: str
    change: str


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of a module's text that mean something else, as far as its syntax tree tells."""
    seen: set[str | None] = {_meaning(source)}
    for name in sorted(operator_names()):
        operator_class = get_operator(name)
        if operator_class.arguments():
            continue
        operator = operator_class()
        places = sum(1 for node in ast_nodes(get_ast(source)) for _ in operator.mutation_positions(node))
        for occurrence in range(places):
            text = mutate_code(source, operator, occurrence)
            meaning = _meaning(text or source)
            if text is None or meaning is None or meaning in seen:
                continue
            seen.add(meaning)
            yield Mutant(name.removeprefix("core/"), text, _change(source, text))


class _Bare(ast.NodeTransformer):
    """Leaves out annotations."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(value=None)
        return self.generic_visit(node)


def _meaning(text: str) -> str | None:
    """What is executed of a text; None if it is not even Python, which cosmic-ray does not always see."""
    try:
        return ast.dump(_Bare().visit(ast.parse(text)))
    except SyntaxError:
        return None


def _change(source: str, text: str) -> str:
    lines = difflib.unified_diff(source.splitlines(), text.splitlines(), n=0, lineterm="")
    return "\n    ".join(line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))


class _Finder(importlib.abc.MetaPathFinder):
    """Gives the mutant's text to whoever imports the module."""

    def __init__(self, module: str, path: Path, text: str) -> None:
        self.module, self.path, self.text = module, path, text

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's specification, if it is the one that is changed."""
        if name != self.module:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=_Loader(name, str(self.path), self.text))


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec")


def survives(module: str, path: Path, mutant: Mutant | None, tests: list[str]) -> bool:
    """Do the tests pass with the mutant (or, without one, with the module as it is) in the module's place?"""
    child = os.fork()
    if child == 0:
        _run_tests(module, path, mutant, tests)
    _, status = os.waitpid(child, 0)
    return status == 0


def _run_tests(module: str, path: Path, mutant: Mutant | None, tests: list[str]) -> None:
    """Runs the tests in this process, which ends with their exit code."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        if mutant is not None:
            sys.meta_path.insert(0, _Finder(module, path, mutant.text))
        code = int(pytest.main(["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *tests]))
    finally:
        os._exit(code)


def main() -> int:
    """Runs the mutants. Returns the exit code: 1 if fewer than nine of ten are killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"default: all {len(TARGETS)}")
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants of each module, at random")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for package in _PRELOADED:
        importlib.import_module(package)
    killed = total = 0
    for module in arguments.modules or TARGETS:
        path = Path(*module.split(".")).with_suffix(".py")
        found = list(mutants(path.read_text(encoding="utf-8")))
        if arguments.sample is not None and arguments.sample < len(found):
            found = random.Random(arguments.seed).sample(found, arguments.sample)
        if not survives(module, path, None, TARGETS[module]):
            print(f"{module}: its tests fail as it is", flush=True)
            return 1
        alive = 0
        for mutant in found:
            if survives(module, path, mutant, TARGETS[module]):
                alive += 1
                print(f"{module}: survived {mutant.operator}\n    {mutant.change}", flush=True)
        print(f"{module}: {len(found) - alive} of {len(found)} mutants killed", flush=True)
        killed, total = killed + len(found) - alive, total + len(found)
    print(f"{killed:,} of {total:,} mutants killed: {killed / max(total, 1):.1%}")
    return 0 if killed * 10 >= total * 9 else 1


if __name__ == "__main__":
    raise SystemExit(main())
