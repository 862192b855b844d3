"""Collecting diagnostics while checking goes on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NoReturn

from vliwc.language.diagnostics import Diagnostic, KernelErrors
from vliwc.source import Source, Span

MAX_PROBLEMS = 100
"""Checking stops after this many."""


class Reported(Exception):
    """Leaves the statement or declaration at hand, which has been reported. Never reaches a user."""


class Problems:
    """The diagnostics found so far, each once (a body may be expanded many times)."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._found: dict[tuple[str, Span], Diagnostic] = {}

    def report(self, code: str, message: str, span: Span, label: str = "", help: str = "") -> None:  # noqa: A002
        """Collects a diagnostic. Raises KernelErrors when there are too many."""
        self._found.setdefault((code, span), Diagnostic(code, message, span, label, help))
        if len(self._found) >= MAX_PROBLEMS:
            self.stop()

    def failure(self, code: str, message: str, span: Span, label: str = "", help: str = "") -> Reported:  # noqa: A002
        """Collects a diagnostic, and gives the exception to raise."""
        self.report(code, message, span, label, help)
        return Reported()

    def stop(self) -> NoReturn:
        """Raises KernelErrors with what has been found; there must be something."""
        raise KernelErrors(self._source, tuple(self._found.values()))

    def stop_if_any(self) -> None:
        """Raises KernelErrors if something has been found."""
        if self._found:
            self.stop()


def a_(what: str) -> str:
    """`what` with its indefinite article."""
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """A help text that suggests the candidate closest to `name`, or the empty string."""
    close = difflib.get_close_matches(name, sorted(set(candidates)), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
