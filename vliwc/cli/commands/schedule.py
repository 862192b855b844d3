"""`vliwc schedule`: solves a scheduling instance, or verifies a solution of it."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_text, require_writable, write_whole
from vliwc.cli.terminal import note, print_json, progress, show
from vliwc.errors import UsageError


@click.command(name="schedule")
@click.argument("instance", metavar="INSTANCE.json", type=shared.PATH)
@shared.schedule_option
@shared.effort_options
@shared.seed_option
@click.option("--check", metavar="FILE", type=shared.PATH, help="Verify the solution in FILE, and solve nothing.")
@click.option("-o", "output", metavar="FILE", type=shared.PATH, help="Write the solution, as --json prints it.")
@shared.json_option
def command(
    instance: Path,
    schedule: str,
    time_limit: float | None,
    work_limit: float | None,
    workers: int | None,
    copies: int | None,
    seed: int,
    check: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Solve a scheduling instance, or verify a solution.

    The schedule is verified by a checker that shares nothing with the schedulers. Prints cycles, lower bound and gap,
    and the argument for the bound.
    """
    if output is not None:
        require_writable(output, instance, *(() if check is None else (check,)))
    text = read_text(instance, "instance")
    solution_text = None if check is None else read_text(check, "solution")
    effort = shared.read_effort(time_limit, work_limit, workers, copies)

    from vliwc.backend.instance import Instance
    from vliwc.backend.schedulers import schedule_names, searches
    from vliwc.backend.solution import read_solution, solve
    from vliwc.options import require_name

    require_name("scheduler", schedule, schedule_names())
    if effort is not None and not searches(schedule):
        raise UsageError(f"limits, workers and copies mean nothing to '{schedule}'")
    interrupted = Event()
    effort = shared.ended_by(interrupted, schedule, effort)
    problem = Instance.from_text(text)
    if solution_text is not None:
        solution = read_solution(problem, solution_text)
    else:
        with progress(f"scheduling {instance}") as tell:
            solution = solve(problem, schedule, seed, effort, tell)
    if interrupted.is_set():
        note(shared.INTERRUPTED)

    from vliwc.report import bounds as report

    if output is not None:
        import json

        write_whole(output, json.dumps(report.schedule_record(solution)) + "\n")
    if as_json:
        print_json(report.schedule_record(solution))
    else:
        show(report.solution_text(solution))
