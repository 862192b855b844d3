"""Options that several commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vliwc.cli.files import read_text

if TYPE_CHECKING:
    from threading import Event

    from vliwc.backend.schedulers.effort import Effort
    from vliwc.tune import Budget, Ledger

F = TypeVar("F", bound=Callable[..., Any])
Completer = Callable[[click.Context, click.Parameter, str], list[str]]


class _Amount(click.FloatRange):
    """A number in a range that is one, and not infinite: Python reads `nan` and `inf` as numbers, too."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not isfinite(number):
            self.fail(f"{value!r} is no amount.", param, ctx)
        return number


PATH = click.Path(path_type=Path)
AMOUNT = _Amount(min=0, min_open=True)
DEFAULT_MACHINE = "takehome"
MAX_DIGITS = 1_500
"""How long the number of a `-D` may be; Python itself refuses to read more than about 4,300 digits."""


def read_define(text: str) -> tuple[str, int]:
    """The name and the number of `name=value`. Raises click.BadParameter that says which of them is wrong."""
    name, equals, number = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{_shown(text)} is not of the form name=value, such as height=8")
    if not name.isidentifier():
        raise click.BadParameter(f"{_shown(name)} is no parameter name")
    if len(number) > MAX_DIGITS:
        raise click.BadParameter(f"{_shown(number)} has more than {MAX_DIGITS:,} digits")
    try:
        return name, int(number, 0)
    except ValueError:
        raise click.BadParameter(f"{_shown(number)} is no integer constant, such as 8 or 0x1F") from None


def _shown(text: str) -> str:
    """A text of the user's for a message: quoted, and not longer than is of use."""
    return repr(text if len(text) <= 60 else text[:60] + "…")


def _read_defines(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    """All `-D` options as a mapping; a later one overrides an earlier one of the same name."""
    return dict(read_define(value) for value in values)


def _completer(names: Callable[[], Iterable[str]]) -> Completer:
    """Shell completion from a registry that is imported only when the shell asks."""
    return lambda _ctx, _param, incomplete: [name for name in names() if name.startswith(incomplete)]


def _machines() -> Iterable[str]:
    from vliwc.machine import machine_names

    return machine_names()


def _schedules() -> Iterable[str]:
    from vliwc.backend import schedule_names

    return schedule_names()


def _passes() -> Iterable[str]:
    from vliwc.options import LEVELS, LOWERED
    from vliwc.transform import pass_names

    return (LOWERED, *pass_names(LEVELS[-1]))


def _optional() -> Iterable[str]:
    from vliwc.options import LEVELS
    from vliwc.transform.pipeline import optional_names

    return optional_names(LEVELS[-1])


complete_machine = _completer(_machines)
complete_schedule = _completer(_schedules)
complete_pass = _completer(_passes)
complete_optional = _completer(_optional)

kernel_argument = click.argument("kernel", metavar="KERNEL.vk", type=PATH)

machine_option = click.option(
    "--machine",
    metavar="NAME|FILE",
    default=DEFAULT_MACHINE,
    show_default=True,
    shell_complete=complete_machine,
    help="Machine description: a name that `vliwc machines` lists, or a TOML file.",
)

optimise_option = click.option(
    "-O", "optimise", type=click.IntRange(0, 3), default=2, show_default=True, help="Optimisation level."
)

schedule_option = click.option(
    "--schedule",
    metavar="NAME",
    default="list",
    show_default=True,
    shell_complete=complete_schedule,
    help="Scheduler: list, cpsat (searches and proves), or naive (one operation a bundle).",
)

defines_option = click.option(
    "-D",
    "defines",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_read_defines,
    help="Set a parameter of the kernel (repeatable).",
)

seed_option = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of everything random."
)

MOST_WORKERS = 256
"""So many threads or processes may be asked for: more than there are processors only cost memory."""
MOST_COPIES = 4
"""How many copies of a value may be asked for: each makes the model larger, and there is seldom room for one."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print a JSON report to stdout.")


def target_options(function: F) -> F:
    """The options of every command that compiles one kernel one way."""
    for option in (seed_option, schedule_option, optimise_option, machine_option, defines_option):
        function = option(function)
    return function


def search_options(function: F) -> F:
    """The options of a search for a better schedule."""
    for option in (
        click.option("--replay", metavar="FILE", type=PATH, help="Make the program that a search recorded in FILE."),
        click.option("--save-search", metavar="FILE", type=PATH, help="Record what the search finds, for --replay."),
        click.option(
            "--budget-evals",
            metavar="N",
            type=click.IntRange(min=1),
            help="Search for as long as N schedules take: reproducible.",
        ),
        click.option(
            "--budget", metavar="SECONDS", type=AMOUNT, help="Search for so long. Default: briefly at -O3, else not."
        ),
    ):
        function = option(function)
    return function


def effort_options(function: F) -> F:
    """The limits of a scheduler that searches, and what it may do."""
    for option in (
        click.option(
            "--rematerialise",
            "copies",
            metavar="N",
            type=click.IntRange(0, MOST_COPIES),
            help="Let cpsat make each constant again up to N times where scratch is tight. Default: 0.",
        ),
        click.option(
            "--workers", metavar="N", type=click.IntRange(1, MOST_WORKERS), help="Threads of cpsat. Default: all cores."
        ),
        click.option(
            "--work-limit",
            metavar="UNITS",
            type=AMOUNT,
            help="Limit cpsat by work (one to three seconds a unit): reproducible with --workers 1.",
        ),
        click.option(
            "--time-limit",
            metavar="SECONDS",
            type=AMOUNT,
            help="Limit the search of cpsat by time. Default: 60.",
        ),
    ):
        function = option(function)
    return function


def read_effort(seconds: float | None, work: float | None, workers: int | None, copies: int | None) -> Effort | None:
    """The effort that the options stand for, None if none is given. Raises UsageError if they exclude each other."""
    if seconds is None and work is None and workers is None and copies is None:
        return None
    from vliwc.backend.schedulers.effort import DEFAULT_SECONDS, Effort

    if seconds is None and work is None:
        seconds = DEFAULT_SECONDS
    effort = Effort(seconds, work, copies=copies or 0)
    return effort if workers is None else replace(effort, workers=workers)


INTERRUPTED = "interrupted: this is the best schedule so far"


def ended_by(interrupted: Event, schedule: str, effort: Effort | None) -> Effort | None:
    """The effort of a command that keeps what its scheduler has found when Ctrl-C ends it, which sets the event."""
    from vliwc.backend.schedulers import schedule_names, searches
    from vliwc.backend.schedulers.effort import Effort

    if effort is None and schedule in schedule_names() and searches(schedule):
        effort = Effort()
    return effort and replace(effort, interrupted=interrupted)


def read_search(seconds: float | None, evals: int | None, replay: Path | None) -> tuple[Budget | None, Ledger | None]:
    """The budget and the record that the search options stand for. Raises UsageError or DataError before any work."""
    searching = seconds is not None or evals is not None
    if not searching and replay is None:
        return None, None
    from vliwc.tune import Budget, Ledger

    ledger = None if replay is None else Ledger.from_text(read_text(replay, "search record"))
    return (Budget(seconds, evals) if searching else None), ledger
