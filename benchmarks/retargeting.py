"""The same compiler on machines that nobody tuned it for: `python -m benchmarks.retargeting [--machine NAME]`.

Kernels are compiled for variants of a machine (one slot more or less of each engine, other lanes, other scratch), run
on the strict simulator and compared with the interpreter. Cycles are set against the lower bound of the program's own
operations, and against that of all known alternatives (the strategy bound), where there is a choice. Ends with exit
code 1 if a program is wrong, or further above the latter bound than the target.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from benchmarks.figures import compile_example, judged
from benchmarks.judges import OwnJudge
from benchmarks.variants import write_variants
from vliwc.driver import Options
from vliwc.errors import VliwcError
from vliwc.report.measure import measure

KERNELS = ("tree_walk", "ternary_tree", "decision_forest", "murmur3")
MOST = 1.05
"""Cycles over strategy bound."""
_HEADING = "cycles, and cycles over the bound of their operations and over the strategy bound"


@dataclass(frozen=True, slots=True)
class Result:
    """One kernel on one variant: what is wrong with it, or how good it is."""

    machine: str
    kernel: str
    cycles: int
    bound: int
    """No schedule of the program's operations takes fewer cycles."""
    strategy: int
    """No mix of the known alternatives takes fewer cycles; without a choice the same as `bound`."""
    problem: str

    @property
    def ratio(self) -> float:
        """Cycles over strategy bound; infinite for what does not work."""
        return float("inf") if self.problem else self.cycles / max(self.strategy, 1)


def retarget(
    machine: str, kernels: Sequence[str], options: Options, inputs: int = 2, only: Sequence[str] = ()
) -> Iterator[Result]:
    """Each kernel on each variant of a machine (those named in `only`, if any), each result as soon as it is known."""
    with TemporaryDirectory() as folder:
        paths = write_variants(machine, Path(folder))
        for variant in only or paths:
            for kernel in kernels:
                yield _result(variant, kernel, _with_machine(options, paths[variant]), inputs)


def _with_machine(options: Options, path: Path) -> Options:
    return Options(
        optimise=options.optimise,
        machine=str(path),
        defines=options.defines,
        certify=options.certify,
        seed=options.seed,
    )


def _result(variant: str, kernel: str, options: Options, inputs: int) -> Result:
    try:
        compilation = compile_example(kernel, options)
        verdict = judged(compilation, OwnJudge(), inputs, options.seed)
    except VliwcError as error:
        return Result(variant, kernel, 0, 0, 0, f"{type(error).__name__}: {error.message}")
    problem = "" if verdict.right == verdict.runs else f"{verdict.runs - verdict.right} of {verdict.runs} inputs wrong"
    bound = measure(compilation).bound
    strategy = max((found.bound for found in compilation.front.strategies), default=bound)
    return Result(variant, kernel, verdict.cycles, bound, strategy, problem)


@click.command()
@click.option("--machine", default="takehome", show_default=True, help="The machine that is varied.")
@click.option("--optimise", "-O", type=click.IntRange(0, 3), default=2, show_default=True, help="Optimisation level.")
@click.option("--inputs", type=click.IntRange(min=1), default=2, show_default=True, help="Inputs a program.")
@click.option("--kernel", "kernels", multiple=True, help="An example; may be given several times.")
@click.option("--variant", "only", multiple=True, help="A variant, such as alu-11; may be given several times.")
def main(machine: str, optimise: int, inputs: int, kernels: tuple[str, ...], only: tuple[str, ...]) -> None:
    """Measure the compiler on variants of a machine."""
    names = kernels or KERNELS
    rows: dict[str, list[Result]] = {}
    with Console(stderr=True).status("compiling …") as status:
        for result in retarget(machine, names, Options(optimise=optimise), inputs, only):
            rows.setdefault(result.machine, []).append(result)
            status.update(f"{result.machine}, {result.kernel}: {result.problem or f'{result.ratio:.3f}'} …")
    table = Table(title=f"Variants of {machine}: {_HEADING}", title_justify="left")
    for heading in ("variant", *names):
        table.add_column(heading)
    for variant, results in rows.items():
        table.add_row(variant, *(_cell(result) for result in results))
    Console().print(table)
    sys.exit(0 if all(result.ratio <= MOST for results in rows.values() for result in results) else 1)


def _cell(result: Result) -> str:
    if result.problem:
        return f"[bold red]{result.problem}[/]"
    text = f"{result.cycles:,} ({result.cycles / max(result.bound, 1):.3f}, {result.ratio:.3f})"
    return text if result.ratio <= MOST else f"[yellow]{text}[/]"


if __name__ == "__main__":
    main()
