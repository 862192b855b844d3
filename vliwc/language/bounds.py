"""Indices that are out of range for certain, and `out` arrays that are read but never written."""

from __future__ import annotations

from collections.abc import Mapping

from vliwc.ir.graph import Mode
from vliwc.language import kernel as k
from vliwc.language.affine import Affine
from vliwc.language.problems import Problems
from vliwc.language.uses import Around, Use, Uses


def reach(form: Affine, loops: tuple[Around, ...]) -> tuple[int, int] | None:
    """The least and greatest value of an affine form over all iterations of the loops around, both of which it takes;
    None if it depends on anything else, or may wrap."""
    around = {a.loop.var: a.loop for a in loops}
    lo = hi = form.constant
    for local, factor in form.terms:
        loop = around.get(local)
        if loop is None:
            return None
        last = loop.lo + (loop.hi - 1 - loop.lo) // loop.step * loop.step
        ends = (factor * loop.lo, factor * last)
        lo, hi = lo + min(ends), hi + max(ends)
    return (lo, hi) if lo > -(2**31) and hi < 2**31 else None


def check_bounds(
    uses: Uses,
    arrays: Mapping[str, k.ArrayDecl],
    tables: Mapping[str, tuple[int, ...]],
    problems: Problems,
    *,
    executed: bool = True,
) -> None:
    """Reports indices of which every value is out of range, and, where the use is not conditional, those of which some
    value is. Unless `executed`, the body may not be run at all, as that of a function."""
    for use in uses.found:
        shape = (len(tables[use.name]),) if use.table else arrays[use.name].shape
        for position, (form, size) in enumerate(zip(use.indices, shape, strict=True)):
            span = reach(form, use.loops) if form is not None else None
            if span is None:
                continue
            lo, hi = span
            always = hi < 0 or lo >= size
            if always or (executed and use.conditions == 0 and (lo < 0 or hi >= size)):
                _report(use, position, (lo, hi), size, problems)


def _report(use: Use, position: int, reached: tuple[int, int], size: int, problems: Problems) -> None:
    lo, hi = reached
    dimension = f" in dimension {position + 1}" if len(use.indices) > 1 else ""
    what = "table" if use.table else "array"
    value = f"is {lo}" if lo == hi else f"runs from {lo} to {hi}"
    message = f"the index {value}, but the {what} `{use.name}` has {size} element{'s' * (size > 1)}{dimension}"
    problems.report("VK0402", message, use.spans[position], f"expected 0 … {size - 1}")


def check_written(uses: Uses, arrays: Mapping[str, k.ArrayDecl], problems: Problems) -> None:
    """Reports loads of `out` arrays that the kernel never stores to."""
    written = {use.name for use in uses.found if use.writes}
    for use in uses.found:
        if not use.table and use.name not in written and arrays[use.name].mode is Mode.OUT:
            message = f"`{use.name}` is `out`, but the kernel never writes to it"
            problems.report("VK0405", message, use.span, "its contents are arbitrary")
