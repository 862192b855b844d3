"""Mutation testing: python -m benchmarks.mutation [MODULE …] [--sample N]

Changes a module of TARGETS in every way that cosmic-ray knows (operators, comparisons, numbers, conditions, loops,
decorators …), and runs its tests on each mutant, in a process that is forked for it: the packages that tests import are
loaded once only. Prints the share of mutants killed, and each survivor. Left out are mutants of annotations only, as
nothing executes them, and of `frozen` and `slots` of a dataclass, which change no result. Needs `pip install
cosmic-ray` and an operating system that forks.

Compiled functions run as plain Python, or a mutant of them would be compiled first; failing inputs are not shrunk.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import functools
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import itertools
import math
import os
import random
import resource
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType

import numpy as np
import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

import vliwc.jit
from benchmarks.mutated import TARGETS

PATIENCE = 2
"""A mutant that makes the tests take more than this many times as long, and two seconds of CPU, is killed."""

_PRELOADED = ("hypothesis", "numpy", "networkx", "hypothesis.extra.numpy", "numba", "lark")


@dataclass(frozen=True)
class Mutant:
    """A changed module: its text, and the line that differs."""

    operator: str
    text: str
    change: str


def mutants(source: str, rng: random.Random) -> Iterator[Mutant]:
    """All mutants of a module's text that mean something else, as far as its syntax tree tells, in random order."""
    seen: set[str | None] = {_meaning(source)}
    found = list(_places(source))
    rng.shuffle(found)
    for name, occurrence in found:
        text = mutate_code(source, get_operator(name)(), occurrence)
        meaning = _meaning(text or source)
        if text is None or meaning is None or meaning in seen:
            continue
        seen.add(meaning)
        yield Mutant(name.removeprefix("core/"), text, _change(source, text))


def _places(source: str) -> Iterator[tuple[str, int]]:
    """The operators that need no settings, each with the number of every place that it changes."""
    nodes = list(ast_nodes(get_ast(source)))
    for name in sorted(operator_names()):
        operator_class = get_operator(name)
        if not operator_class.arguments():
            operator = operator_class()
            places = sum(1 for node in nodes for _ in operator.mutation_positions(node))
            yield from ((name, occurrence) for occurrence in range(places))


_WITHOUT_EFFECT = ("frozen", "slots")
"""Options of dataclasses that change no result: they forbid what the type checker forbids, or save room."""


class _Bare(ast.NodeTransformer):
    """Leaves out annotations, and options of dataclasses that change no result."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "dataclass":
                decorator.keywords = [k for k in decorator.keywords if k.arg not in _WITHOUT_EFFECT]
        return self.generic_visit(node)

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


def _plain(function: Callable[..., object]) -> Callable[..., object]:
    """Stands for the decorator of compiled functions: lets numpy's records and words behave as they do in numba."""

    def call(*arguments: object) -> object:
        with np.errstate(all="ignore"):
            return function(*map(_records, arguments))

    return call


class _Record(np.record):  # type: ignore[misc]  # said to be final, and is not
    """A record whose fields hide the methods of numpy's scalars, as in numba."""

    def __getattribute__(self, name: str) -> object:
        fields = np.record.__getattribute__(self, "dtype").fields
        return self[name] if name in fields else np.record.__getattribute__(self, name)


def _records(argument: object) -> object:
    """A group of arrays with fields as attributes; anything else as it is."""
    if not isinstance(argument, tuple) or argument[0].dtype.type is _Record:
        return argument
    return type(argument)(*(a.view(np.dtype((_Record, a.dtype))) if a.dtype.names else a for a in argument))


def survives(module: str, path: Path, mutant: Mutant | None, tests: list[str], cpu_seconds: int) -> bool:
    """Do the tests pass with the mutant (or, without one, with the module as it is) in the module's place?"""

    def run() -> int:
        if mutant is not None:
            sys.meta_path.insert(0, _Finder(module, path, mutant.text))
        return _pytest(tests)

    return _forked(run, cpu_seconds) == 0


def _cpu_seconds() -> float:
    """What the processes took that this one has started and that have ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def _limit(before: float) -> int:
    """How long a mutant's tests may take, if `_cpu_seconds` was `before` when they were last started without one."""
    return 2 + math.ceil(PATIENCE * (_cpu_seconds() - before))


def _forked(run: Callable[[], int], cpu_seconds: int) -> int:
    """The exit status of a process that runs this, without input and output; not 0 if it takes too long."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            code = run()
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def _pytest(tests: list[str], *plugins: object) -> int:
    return int(pytest.main(["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *tests], plugins=list(plugins)))


_SURVIVED, _KILLED, _UNKNOWN = range(3)


class _InPlace:
    """A plugin of pytest that, once all is imported and collected, runs the tests on one mutant after the other.

    Each gets a process of its own, in which the functions that differ have the mutant's code. That does not do for a
    mutant that changes more than the code of functions, or a function that was called before.
    """

    def __init__(self, module: str, source: str, found: Sequence[Mutant], report: int) -> None:
        self.module = module
        self.source = source
        self.found = found
        self.report = report
        self.called: set[CodeType] = set()
        sys.setprofile(self._note)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_globals.get("__name__") == self.module:
            self.called.add(frame.f_code)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Writes to the file `report` a byte for each mutant; _UNKNOWN if it cannot be tested so."""
        sys.setprofile(None)
        functions = [f for f in gc.get_objects() if isinstance(f, FunctionType) and f.__module__ == self.module]
        old = compile(self.source, self.module, "exec")
        before = _cpu_seconds()
        possible = _forked(functools.partial(self._run, session, [], []), 600) == 0
        limit = _limit(before)
        for mutant in self.found:
            try:
                changes = list(_changes(old, compile(mutant.text, self.module, "exec")))
            except (_NotInPlace, SyntaxError):
                changes = []
            outcome = _UNKNOWN
            if possible and changes and self.called.isdisjoint(code for code, _ in changes):
                run = functools.partial(self._run, session, functions, changes)
                outcome = _KILLED if _forked(run, limit) else _SURVIVED
            os.write(self.report, bytes([outcome]))
        return True

    @staticmethod
    def _run(session: pytest.Session, functions: list[FunctionType], changes: list[tuple[CodeType, CodeType]]) -> int:
        for f in functions:
            for old, new in changes:
                if f.__code__ == old:
                    f.__code__ = new
        for item, following in itertools.zip_longest(session.items, session.items[1:]):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return 1
        return 0


class _NotInPlace(Exception):
    """Two modules differ in more than the code of functions."""


def _changes(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The functions of a module or class that differ. Raises _NotInPlace if anything else does."""
    if old == new:
        return
    if old.co_flags & inspect.CO_OPTIMIZED and old.co_freevars == new.co_freevars:
        yield old, new
        return
    if old.co_code != new.co_code or old.co_names != new.co_names or len(old.co_consts) != len(new.co_consts):
        raise _NotInPlace
    for a, b in zip(old.co_consts, new.co_consts, strict=True):
        if isinstance(a, CodeType) and isinstance(b, CodeType):
            yield from _changes(a, b)
        elif type(a) is not type(b) or a != b:
            raise _NotInPlace


def _outcomes_in_place(module: str, source: str, found: Sequence[Mutant], tests: list[str]) -> Iterator[int]:
    """For each mutant what becomes of it, as far as that can be told quickly."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            _pytest(tests, _InPlace(module, source, found, writing))
        finally:
            os._exit(0)
    os.close(writing)
    for _ in found:
        yield os.read(reading, 1)[0]
    os.close(reading)
    os.waitpid(child, 0)


def measure(module: str, sample: int | None, seed: int) -> tuple[int, int]:
    """Runs the tests of one module on its mutants. Returns how many were killed and tried; prints the survivors."""
    path, tests = Path(*module.split(".")).with_suffix(".py"), TARGETS[module]
    source = path.read_text(encoding="utf-8")
    before = _cpu_seconds()
    if not survives(module, path, None, tests, 600):
        raise SystemExit(f"{module}: its tests fail as it is")
    limit = _limit(before)
    found = list(itertools.islice(mutants(source, random.Random(seed)), sample))
    killed = 0
    for mutant, outcome in zip(found, _outcomes_in_place(module, source, found, tests), strict=True):
        if outcome == _KILLED or (outcome == _UNKNOWN and not survives(module, path, mutant, tests, limit)):
            killed += 1
        else:
            print(f"{module}: survived {mutant.operator}\n    {mutant.change}", flush=True)
    print(f"{module}: {killed} of {len(found)} mutants killed", flush=True)
    return killed, len(found)


def main() -> int:
    """Runs the mutants. Returns the exit code: 1 if fewer than nine of ten are killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"default: all {len(TARGETS)}")
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants of each module, at random")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    for package in _PRELOADED:
        importlib.import_module(package)
    vliwc.jit.native = _plain  # type: ignore[assignment]
    killed = total = 0
    for module in arguments.modules or TARGETS:
        k, n = measure(module, arguments.sample, arguments.seed)
        killed, total = killed + k, total + n
    print(f"{killed:,} of {total:,} mutants killed: {killed / max(total, 1):.1%}")
    return 0 if killed * 10 >= total * 9 else 1


if __name__ == "__main__":
    raise SystemExit(main())
