"""Finds the pass that makes a compilation wrong, by running only the first N optional passes.

The idea is LLVM's `-opt-bisect-limit`. Essential passes always run; if the compilation is wrong without any optional
pass, one of them or the backend is the culprit, which the comparison of stages names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from vliwc.driver import Options
from vliwc.source import Source
from vliwc.transform.pipeline import optional_passes
from vliwc.triage.failure import Failure, find_failure


@dataclass(frozen=True, slots=True)
class Culprit:
    """What bisection found. With the first `limit` optional passes the compilation fails, with one less it does not."""

    limit: int
    name: str | None
    """The last of these passes; None if the compilation fails without any of them."""
    failure: Failure
    """The failure with just these passes."""


def bisect(
    source: Source,
    options: Options,
    find: Callable[[Source, Options], Failure | None] = find_failure,
    progress: Callable[[str], None] = lambda _: None,
) -> Culprit | None:
    """The culprit of a failing compilation, or None if it does not fail. O(log passes) compilations; errors as `find`.

    A later pass may hide what an earlier one did wrong; then the culprit is one pass that turns right into wrong.
    """
    names = optional_passes(options.optimise)
    failures: dict[int, Failure | None] = {}

    def failure(limit: int) -> Failure | None:
        if limit not in failures:
            progress(f"with {limit} of {len(names)} optional passes")
            failures[limit] = find(source, replace(options, pass_limit=limit))
        return failures[limit]

    right, wrong = -1, len(names) if options.pass_limit is None else min(options.pass_limit, len(names))
    if failure(wrong) is None:
        return None
    if failure(0) is not None:
        wrong = 0
    else:
        right = 0
    while wrong - right > 1:
        middle = (right + wrong) // 2
        if failure(middle) is None:
            right = middle
        else:
            wrong = middle
    found = failure(wrong)
    assert found is not None
    return Culprit(wrong, names[wrong - 1] if wrong else None, found)
