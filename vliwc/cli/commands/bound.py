"""`vliwc bound`: why no schedule can be shorter, in words and as an argument that is verified."""

from __future__ import annotations

from pathlib import Path

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_kernel, read_text
from vliwc.cli.terminal import print_json, progress, show


@click.command(name="bound")
@click.argument("subject", metavar="KERNEL.vk|INSTANCE.json", type=shared.PATH)
@shared.target_options
@click.option("--check", metavar="FILE", type=shared.PATH, help="Verify the arguments in a JSON report instead.")
@shared.json_option
def command(
    subject: Path,
    defines: dict[str, int],
    machine: str,
    optimise: int,
    schedule: str,
    seed: int,
    check: Path | None,
    as_json: bool,
) -> None:
    """Print a lower bound of the cycles, and the argument for it.

    For every straight segment: the bound, the busiest engine and its slack, and why no schedule can be shorter. A
    checker verifies the arguments; with --check, those of a report of `vliwc bound --json` or `vliwc compile --json`
    that was made with the same options.
    """
    report = None if check is None else read_text(check, "report")
    from vliwc.backend.instance import Instance
    from vliwc.bounding import bound_instance, bound_kernel, check_report
    from vliwc.driver import Options

    if subject.suffix == ".json":
        bounded = bound_instance(Instance.from_text(read_text(subject, "instance")))
    else:
        options = Options(optimise=optimise, schedule=schedule, machine=machine, defines=defines, seed=seed)
        with progress(f"compiling {subject}") as tell:
            bounded = bound_kernel(read_kernel(subject), options, tell, report)
    proved = check_report(bounded, report)

    from vliwc.report.bounds import bound_record, bound_text

    if as_json:
        print_json(bound_record(bounded, proved))
    else:
        show(bound_text(bounded, proved, str(check) if check else None))
