"""Shrinks a kernel as long as it keeps a property, such as being miscompiled.

Hierarchical delta debugging (Misherghi & Su 2006) on the syntax tree: from the outside in, lists of declarations,
statements and operands lose as many items as possible (ddmin, Zeller & Hildebrandt 2002), and nodes are replaced by
what is in them or by small numbers, names by their values. Repeated until nothing gets smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from vliwc.language import KernelErrors, load_kernel, syntax
from vliwc.language.parser import parse
from vliwc.language.unparse import unparse
from vliwc.source import Source
from vliwc.triage.edits import at, lists, places, put, simpler, size
from vliwc.triage.inlining import inlined

Interesting = Callable[[str], bool]
"""Whether a kernel's text has the property. It is asked for valid kernels only."""


def reduce(text: str, interesting: Interesting, progress: Callable[[str], None] = lambda _: None) -> str:
    """The text of a small kernel with the property; `text` itself if it has not got it.

    Raises KernelErrors if `text` is no kernel. What `interesting` raises passes through, so that a caller can end the
    search: see `Reducer.best`.
    """
    return Reducer(text, interesting, progress).run()


class Reducer:
    """One reduction. `best` is the smallest text so far, at any time."""

    def __init__(self, text: str, interesting: Interesting, progress: Callable[[str], None] = lambda _: None) -> None:
        load_kernel(Source("reduce.vk", text), {})
        self.file = parse(Source("reduce.vk", text))
        self.best = text
        self._interesting = interesting
        self._progress = progress
        self._tried: set[str] = set()
        self._tests = 0

    def run(self) -> str:
        """Reduces until nothing gets smaller."""
        if not self._test(unparse(self.file)):
            return self.best
        while True:
            before = self.best
            self._lists()
            self._nodes()
            if self.best == before:
                return self.best

    def _lists(self) -> None:
        """Takes items out of every list, outer lists first, in chunks that get smaller."""
        position = 0
        while position < len(paths := places(self.file)):
            for name, items in lists(at(self.file, paths[position])):
                chunk = len(items)
                while chunk:
                    self._chunks(paths[position], name, chunk)
                    chunk //= 2
            position += 1

    def _chunks(self, path: tuple[tuple[str, int], ...], name: str, chunk: int) -> None:
        start = 0
        while True:
            node = at(self.file, path)
            items = getattr(node, name)
            if start >= len(items):
                return
            shorter = replace(node, **{name: items[:start] + items[start + chunk :]})
            if not self._accept(put(self.file, path, (shorter,))):
                start += chunk

    def _nodes(self) -> None:
        """Replaces nodes by simpler ones, outer ones first."""
        position = 0
        while position < len(paths := places(self.file)):
            path = paths[position]
            in_list = bool(path) and path[-1][1] >= 0
            without = inlined(self.file, path)
            if without is not None and self._accept(without):
                continue
            for new in simpler(at(self.file, path)):
                if (in_list or len(new) == 1) and self._accept(put(self.file, path, new)):
                    break
            else:
                position += 1

    def _accept(self, file: syntax.Node) -> bool:
        """Makes a smaller tree the best one if it still has the property."""
        candidate = cast("syntax.File", file)
        return size(candidate) < size(self.file) and self._test(unparse(candidate)) and self._keep(candidate)

    def _keep(self, file: syntax.File) -> bool:
        self.file = file
        return True

    def _test(self, text: str) -> bool:
        if text in self._tried:
            return False
        self._tried.add(text)
        try:
            load_kernel(Source("reduce.vk", text), {})
        except KernelErrors:
            return False
        self._tests += 1
        self._progress(f"{self.best.count(chr(10))} lines left after {self._tests} tests")
        if not self._interesting(text):
            return False
        self.best = text
        return True
