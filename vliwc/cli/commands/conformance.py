"""`vliwc conformance`: our simulators against the public one, from the user's own checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vliwc.cli import options as shared
from vliwc.cli.terminal import complain, note, print_json, progress

if TYPE_CHECKING:
    from types import ModuleType

    from vliwc.conformance.campaign import Tally

SHOWN = 5
"""How many differences are told."""


@click.command(name="conformance")
@click.argument("path", metavar="PATH", type=shared.PATH)
@click.option("--programs", type=click.IntRange(0), default=4000, show_default=True, help="Random programs.")
@click.option("--inputs", type=click.IntRange(1), default=3, show_default=True, help="Inputs for each example.")
@click.option("--examples/--no-examples", default=True, show_default=True, help="Run the compiled examples, too.")
@shared.seed_option
@shared.json_option
@click.pass_context
def command(
    ctx: click.Context, path: Path, programs: int, inputs: int, examples: bool, seed: int, as_json: bool
) -> None:
    """Compare the simulators with the public one.

    PATH is your checkout of anthropics/original_performance_takehome; its simulator (tests/frozen_problem.py) is loaded
    and run. Random programs with every kind of slot, and the compiled examples, run on it and on vliwc's simulators:
    memory, scratch, trace, cycles, pauses and faults must be the same. The exit code is 1 if any differ.
    """
    from vliwc.conformance.campaign import Tally
    from vliwc.conformance.public import find_public, load_public

    public = load_public(path)
    tally = Tally()
    try:
        _perform(public, tally, programs, inputs, examples, seed)
    finally:  # Ctrl-C keeps what has been found so far
        _report(tally, find_public(path), seed, as_json=as_json)
    if tally.differences:
        ctx.exit(1)


def _perform(public: ModuleType, tally: Tally, programs: int, inputs: int, examples: bool, seed: int) -> None:
    from vliwc.conformance.campaign import example_names, example_runs, perform, random_runs

    with progress("comparing with the public simulator") as tell:
        for report in perform(public, random_runs(programs, seed), tally):
            tell(f"{report.name}, {tally.runs} of {programs}")
        for name in example_names() if examples else ():
            tell(f"compiling {name}")
            for report in perform(public, example_runs(name, inputs, seed), tally):
                tell(report.name)


def _report(tally: Tally, file: Path, seed: int, *, as_json: bool) -> None:
    """Tells what has been compared, and the first differences."""
    for report in tally.differences[:SHOWN]:
        complain(report.name, report.cause)
    if len(tally.differences) > SHOWN:
        note(f"… and {len(tally.differences) - SHOWN} more")
    if as_json:
        from vliwc.report.conformance import conformance_record

        print_json(conformance_record(tally, str(file), seed))
        return
    endings = ", ".join(f"{count:,} {ending.value}" for ending, count in tally.endings.most_common())
    kinds = len(tally.slots)
    click.echo(f"{tally.runs:,} runs of {tally.bundles:,} bundles, {kinds} kinds of slots, compared with {file}")
    if tally.missing:
        click.echo(f"kinds of slots that did not occur: {', '.join(tally.missing)}")
    if tally.differences:
        click.echo(f"{len(tally.differences):,} DIFFER; of the others {endings or 'there are none'}")
    else:
        click.echo(f"all agree: {endings or 'there was nothing to compare'}")
