"""`vliwc check`: random and adversarial inputs, the interpreter against graph and program."""

from __future__ import annotations

from pathlib import Path

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_kernel
from vliwc.cli.terminal import complain, print_json, progress
from vliwc.errors import VliwcError

SHOWN = 5
"""How many failed runs are told in full."""


@click.command(name="check")
@shared.kernel_argument
@shared.target_options
@click.option("--runs", type=click.IntRange(1), default=20, show_default=True, help="Number of inputs.")
@shared.json_option
@click.pass_context
def command(
    ctx: click.Context,
    kernel: Path,
    defines: dict[str, int],
    machine: str,
    optimise: int,
    schedule: str,
    seed: int,
    runs: int,
    as_json: bool,
) -> None:
    """Compile a kernel and test the program on generated inputs.

    Each input, random or adversarial, goes through the interpreter, the optimised graph and the strict simulator. The
    exit code is 1 if a result differs from the interpreter's.
    """
    source = read_kernel(kernel)

    from vliwc.differential import Trial, style_of, trials
    from vliwc.driver import Options, compile_source
    from vliwc.report.tables import mismatch_text

    options = Options(optimise=optimise, schedule=schedule, machine=machine, defines=defines, seed=seed)
    with progress(f"compiling {kernel}") as tell:
        compilation = compile_source(source, options, progress=tell)
    done: list[Trial] = []
    with progress(f"checking {kernel}") as tell:
        try:
            for trial in trials(compilation, runs, seed):
                done.append(trial)
                tell(f"{len(done)} of {runs} runs")
        except VliwcError:
            complain(f"run {len(done)} ({style_of(len(done))} input)", "a fault ends it")
            raise
    failed = [trial for trial in done if trial.mismatches]
    for trial in failed[:SHOWN]:
        for mismatch in trial.mismatches:
            complain(f"run {trial.number} ({trial.style} input)", mismatch_text(mismatch))
    if as_json:
        from vliwc.report.records import check_record

        print_json(check_record(compilation, done))
    elif failed:
        click.echo(f"{len(failed)} of {runs} runs differ from the interpreter")
    else:
        cycles = sorted({trial.cycles for trial in done})
        spread = f"{cycles[0]:,}" if len(cycles) == 1 else f"{cycles[0]:,} to {cycles[-1]:,}"
        click.echo(f"{runs} runs agree with the interpreter; {spread} cycles on {compilation.front.machine.name}")
    if failed:
        ctx.exit(1)
