"""`vliwc reduce`: a failing kernel becomes a few lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_kernel, require_writable, write_whole
from vliwc.cli.terminal import note, progress
from vliwc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vliwc.driver import Options
    from vliwc.source import Source


@click.command(name="reduce")
@shared.kernel_argument
@shared.target_options
@click.option("--check", "check", metavar="CMD", help="Keep kernels for which CMD (with {} for the file) exits with 0.")
@click.option("--diff", is_flag=True, help="Keep kernels on which the compiler fails in the same way.")
@click.option("-o", "output", metavar="FILE", type=shared.PATH, help="Where to write the kernel. Default: stdout.")
def command(
    kernel: Path,
    defines: dict[str, int],
    machine: str,
    optimise: int,
    schedule: str,
    seed: int,
    check: str | None,
    diff: bool,
    output: Path | None,
) -> None:
    """Shrink a kernel that fails to a few lines.

    Takes out declarations, statements and operands as long as the kernel keeps the property that --diff or --check
    asks for. Ctrl-C ends the search and writes the smallest kernel so far.
    """
    if (check is None) == (not diff):
        raise UsageError("what should the kernel keep?", help="give either --diff or --check CMD")
    if output is not None:
        require_writable(output, kernel)
    source = read_kernel(kernel)

    from vliwc.driver import Options
    from vliwc.language import load_kernel
    from vliwc.language.parser import parse
    from vliwc.language.unparse import unparse, with_parameters
    from vliwc.source import Source
    from vliwc.triage.reduce import Reducer

    load_kernel(source, defines)  # says what is wrong with the kernel or the -D
    text = unparse(with_parameters(parse(source), defines))
    options = Options(optimise=optimise, schedule=schedule, machine=machine, seed=seed)
    with progress(f"reducing {kernel}") as tell:
        reducer = Reducer(text, _property(Source(str(kernel), text), options, check), tell)
        try:
            reducer.run()
        except KeyboardInterrupt:
            note("interrupted: this is the smallest kernel so far")
    if output is None:
        click.echo(reducer.best, nl=False)
    else:
        write_whole(output, reducer.best)


def _property(source: Source, options: Options, check: str | None) -> Callable[[str], bool]:
    """What every smaller kernel must keep. Raises UsageError if the whole kernel has not got it."""
    from vliwc.triage.failure import find_failure
    from vliwc.triage.oracles import command_succeeds, fails_like

    if check is not None:
        interesting = command_succeeds(check)
        if not interesting(source.text):
            raise UsageError(f"the command does not exit with 0 for {source.name}", help="nothing to reduce")
        return interesting
    failure = find_failure(source, options)
    if failure is None:
        raise UsageError(f"{source.name} compiles, and every stage agrees: nothing to reduce", help="try other options")
    return fails_like(failure, options)
