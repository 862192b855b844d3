"""`vliwc bisect`: which pass makes a compilation wrong."""

from __future__ import annotations

from pathlib import Path

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_kernel
from vliwc.cli.terminal import progress


@click.command(name="bisect")
@shared.kernel_argument
@shared.target_options
@click.pass_context
def command(
    ctx: click.Context,
    kernel: Path,
    defines: dict[str, int],
    machine: str,
    optimise: int,
    schedule: str,
    seed: int,
) -> None:
    """Find the pass that makes a compilation wrong.

    Compiles with the first N optional passes only, and compares every stage with the interpreter on generated inputs.
    The exit code is 1 if there is a culprit, 0 if the compilation is right.
    """
    source = read_kernel(kernel)

    from vliwc.driver import Options
    from vliwc.triage.bisect import bisect

    options = Options(optimise=optimise, schedule=schedule, machine=machine, defines=defines, seed=seed)
    with progress(f"bisecting {kernel}") as tell:
        culprit = bisect(source, options, progress=tell)
    if culprit is None:
        click.echo("every stage agrees with the interpreter, and the program is proved: there is no culprit")
        return
    who = f"pass {culprit.limit}, {culprit.name}" if culprit.name else "no optional pass: it fails without any"
    click.echo(f"culprit: {who}")
    click.echo(f"{culprit.failure.kind} ({culprit.failure.where}): {culprit.failure.message}")
    click.echo(f"to see it: vliwc compile … --verify-each --pass-limit {culprit.limit}")
    ctx.exit(1)
