"""Kernels that nobody tuned the compiler for: `python -m benchmarks.textbook [--kernel NAME]`.

They stand in `benchmarks/kernels/`: ciphers, hashes, filters, walks, searches, scans, each as in a textbook. Each
program is proved, run on made-up inputs and compared with the interpreter; its cycles are set against the lower bound
of its own operations, and against that of all known alternatives where there is a choice. Ends with exit code 1 if a
program is wrong, or further above the bound of its operations than the target.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.figures import judged
from benchmarks.judges import OwnJudge
from vliwc.driver import Options, compile_source
from vliwc.errors import VliwcError
from vliwc.source import Source

FOLDER = Path(__file__).parent / "kernels"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.vk")))
MOST = 1.1
"""Cycles over the bound of the program's operations."""


@dataclass(frozen=True, slots=True)
class Result:
    """One kernel: what is wrong with its program, or how good it is; `strategy` is 0 without a choice."""

    kernel: str
    cycles: int = 0
    bound: int = 0
    strategy: int = 0
    problem: str = ""

    @property
    def reached(self) -> bool:
        """Is the program right, and near its bound?"""
        return not self.problem and self.cycles <= MOST * self.bound


def results(names: Sequence[str], options: Options, inputs: int = 3) -> Iterator[Result]:
    """Each kernel, each result as soon as it is known."""
    for name in names:
        try:
            text = (FOLDER / f"{name}.vk").read_text(encoding="utf-8")
            compilation = compile_source(Source(f"{name}.vk", text), options)
            verdict = judged(compilation, OwnJudge(), inputs, options.seed)
        except VliwcError as error:
            yield Result(name, problem=f"{type(error).__name__}: {error.message}")
            continue
        wrong = (
            "" if verdict.right == verdict.runs else f"{verdict.runs - verdict.right} of {verdict.runs} inputs wrong"
        )
        strategy = max((s.bound for s in compilation.front.strategies), default=0)
        yield Result(name, verdict.cycles, compilation.generated.bounds.best, strategy, wrong)


@click.command(help=(__doc__ or "").split("\n", 1)[1])
@click.option("--kernel", "names", multiple=True, type=click.Choice(NAMES), help="One of the kernels (repeatable).")
@click.option("-O", "level", default=2, type=click.IntRange(0, 3), help="Optimisation level.")
@click.option("--machine", default="takehome", help="Machine description.")
@click.option("--disable", multiple=True, metavar="PASS", help="Leave a pass out (repeatable).")
def main(names: tuple[str, ...], level: int, machine: str, disable: tuple[str, ...]) -> None:
    """Measures and prints the table."""
    options = Options(optimise=level, machine=machine, disable=frozenset(disable))
    table = Table(title=f"textbook kernels, {machine}, -O{level}")
    for heading in ("kernel", "cycles", "bound of its operations", "ratio", "strategy bound", ""):
        table.add_column(heading, no_wrap=heading == "kernel")
    console, reached = Console(), True
    for result in results(names or NAMES, options):
        reached &= result.reached
        ratio = f"{result.cycles / result.bound:.3f}" if result.bound else "–"
        verdict = result.problem or ("right" if result.reached else "right, above the target")
        figures = (f"{number:,}" if number else "–" for number in (result.cycles, result.bound, result.strategy))
        cycles, bound, strategy = figures
        table.add_row(result.kernel, cycles, bound, ratio, strategy, verdict)
    console.print(table)
    sys.exit(not reached)


if __name__ == "__main__":
    main()
