"""What determines a compilation besides the kernel, and what of it exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event

from vliwc.backend import schedule_names
from vliwc.backend.schedulers import searches
from vliwc.backend.schedulers.effort import Effort
from vliwc.errors import UsageError
from vliwc.machine import Machine
from vliwc.machine.faults import suggest
from vliwc.transform import pass_names
from vliwc.transform.pipeline import MOST_LEVEL, PIPELINING, optional_names
from vliwc.tune import Budget, Ledger

LEVELS = tuple(range(MOST_LEVEL + 1))
BRIEF, THOROUGH = Budget(placements=3_000_000), Budget(placements=10_000_000)
"""Searches for schedules that nobody has asked for in particular: before a solver, and at the highest level."""
MIXES = Budget(evals=6_000)
"""The same for mixes, of short programs at the highest level: some five of them."""
LOWERED = "lower"
"""The name under which the graph is observed before the first pass."""


@dataclass(frozen=True, slots=True)
class Options:
    """What determines a compilation, besides the source. Equal options and sources give equal programs."""

    optimise: int = 2
    """The optimisation level: 0 (none, scalar) to 3."""
    schedule: str = "list"
    """The scheduler's name in `vliwc.backend`'s registry."""
    machine: str | Machine = "takehome"
    """The name of a shipped machine description, the path of a TOML file, or the machine itself."""
    defines: Mapping[str, int] = field(default_factory=dict)
    """New values for the kernel's parameters."""
    seed: int = 0
    """For whatever breaks ties at random."""
    certify: bool = True
    """Whether the program is proved to compute what the graph says. Without it, a compiler bug stays unseen."""
    verify_each: bool = False
    """Whether the graph's verifier runs after every pass, and every stage is run on inputs and compared with the
    interpreter (see `vliwc.stages`)."""
    disable: frozenset[str] = frozenset()
    """Passes and techniques left out (see `vliwc.transform.optional_names`)."""
    pass_limit: int | None = None
    """How many of the optional passes run, from the first on; None for all."""
    budget: Budget | None = None
    """What a search for a better schedule may cost, if that is not to be left to `searching`. A budget in seconds makes
    results depend on the computer's speed."""
    replay: Ledger | None = None
    """What an earlier search has found, in place of a search."""
    effort: Effort | None = None
    """What a scheduler that searches may put into the program; without one, `Effort()`. A limit of time makes results
    depend on the computer's speed."""
    stop_after: str | None = None
    """The last pass to run; then there is a graph, but no program."""
    interrupted: Event | None = field(default=None, compare=False)
    """With it, KeyboardInterrupt in a search for list schedules sets the event, and the best so far is kept (as
    `Effort.interrupted` does for other schedulers)."""

    @property
    def searching(self) -> Budget | None:
        """What a search of list schedules may cost: what was given, or little where the best is asked for without a
        word on its cost; cpsat begins with what that finds. None if there is no search."""
        budget = self.budget
        if budget is None and self.replay is None:
            if searches(self.schedule):
                budget = replace(BRIEF, interrupted=self.effort.interrupted if self.effort else None)
            elif self.schedule == "list" and self.optimise == MOST_LEVEL:
                budget = THOROUGH
        return budget and replace(budget, interrupted=budget.interrupted or self.interrupted)

    @property
    def pipeline(self) -> bool:
        """Whether iterations of loops may overlap."""
        return self.optimise > 0 and PIPELINING not in self.disable


def require_known(options: Options) -> None:
    """Raises UsageError for a level, scheduler or pass that does not exist, before any work is done."""
    if options.optimise not in LEVELS:
        raise UsageError(f"there is no optimisation level {options.optimise}", help="levels are 0, 1, 2 and 3")
    require_name("scheduler", options.schedule, schedule_names())
    for name in sorted(options.disable):
        require_name("optional pass", name, optional_names(options.optimise))
    if options.budget is not None and options.replay is not None:
        raise UsageError("a replay needs no search", help="give either a budget or a search record")
    if options.schedule != "list" and (options.budget or options.replay):
        raise UsageError(f"the search tunes the list scheduler, not '{options.schedule}'", help="use --schedule list")
    if options.effort is not None and not searches(options.schedule):
        raise UsageError(
            f"limits, workers and copies mean nothing to '{options.schedule}'", help="use --schedule cpsat"
        )
    if options.stop_after is not None:
        require_pass(options.stop_after, options.optimise)


def require_pass(name: str, level: int) -> None:
    """Raises UsageError unless `name` is a pass of this optimisation level, or the lowering before them."""
    require_name("pass", name, (LOWERED, *pass_names(level)))


def require_name(what: str, name: str, known: Sequence[str]) -> None:
    """Raises UsageError, with the nearest name or the list of names, unless `name` is one of `known`."""
    if name not in known:
        raise UsageError(f"there is no {what} called '{name}'", help=suggest(name, known))
