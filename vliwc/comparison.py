"""One kernel compiled in several ways, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from vliwc.backend.schedulers import schedule_names, searches
from vliwc.driver import Compilation, Options, finish, optimise_source
from vliwc.errors import DoesNotFit
from vliwc.options import require_name
from vliwc.source import Source


@dataclass(frozen=True, slots=True)
class Row:
    """One way to compile, and what came of it."""

    options: Options
    outcome: Compilation | DoesNotFit


def compare_ways(source: Source, options: Options, levels: Sequence[int], schedules: Iterable[str]) -> Iterator[Row]:
    """Compiles `source` with `options` at every optimisation level with every scheduler, in that order.

    Yields each row as it is ready. A way that the machine cannot hold is a row with the error; other errors are
    raised as by `compile_source`.
    """
    names = tuple(schedules)
    for name in names:
        require_name("scheduler", name, schedule_names())
    for level in levels:
        for name in names:
            effort = options.effort if searches(name) else None
            way = replace(options, optimise=level, schedule=name, effort=effort)
            try:
                outcome: Compilation | DoesNotFit = finish(optimise_source(source, way))
            except DoesNotFit as error:
                outcome = error
            yield Row(way, outcome)
