"""`vliwc compare`: schedulers and optimisation levels side by side."""

from __future__ import annotations

from pathlib import Path

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_kernel
from vliwc.cli.terminal import print_json, progress, show


def _read_levels(_ctx: click.Context, _param: click.Parameter, text: str) -> tuple[int, ...]:
    """The levels in "2" or "0,1,2,3"."""
    parts = text.split(",")
    if not all(part in ("0", "1", "2", "3") for part in parts):
        raise click.BadParameter(f"{text!r} is no list of levels, such as 2 or 0,1,2,3")
    return tuple(dict.fromkeys(int(part) for part in parts))


@click.command(name="compare")
@shared.kernel_argument
@shared.defines_option
@shared.machine_option
@click.option(
    "-O", "levels", metavar="LEVELS", default="2", show_default=True, callback=_read_levels, help="Levels: 0,1,2,3."
)
@click.option(
    "--schedule",
    "schedules",
    multiple=True,
    metavar="NAME",
    shell_complete=shared.complete_schedule,
    help="Scheduler (repeatable). Default: all.",
)
@shared.effort_options
@shared.seed_option
@shared.json_option
def command(
    kernel: Path,
    defines: dict[str, int],
    machine: str,
    levels: tuple[int, ...],
    schedules: tuple[str, ...],
    time_limit: float | None,
    work_limit: float | None,
    workers: int | None,
    copies: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Compare schedulers and optimisation levels on a kernel.

    Prints one row for each: cycles, lower bound, gap, the busiest engine, scratch words, compile time.
    """
    effort = shared.read_effort(time_limit, work_limit, workers, copies)
    source = read_kernel(kernel)

    from vliwc.backend import schedule_names
    from vliwc.comparison import Row, compare_ways
    from vliwc.driver import Options

    options = Options(machine=machine, defines=defines, seed=seed, effort=effort)
    rows: list[Row] = []
    with progress(f"compiling {kernel}") as tell:
        for row in compare_ways(source, options, levels, schedules or schedule_names()):
            rows.append(row)
            tell(f"-O{row.options.optimise} {row.options.schedule} is done")
    if as_json:
        from vliwc.report.records import compare_record

        print_json(compare_record(str(kernel), rows))
    else:
        from vliwc.report.tables import comparison_table

        show(comparison_table(rows))
