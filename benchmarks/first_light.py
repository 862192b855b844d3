"""The figures that first light has to reach, measured: `python -m benchmarks.first_light [--public CHECKOUT]`.

With a checkout of the public benchmark the tree walks are judged by its frozen simulator and reference, otherwise by
our own. Ends with exit code 1 if a target is missed, 2 if there is no checkout at that path.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, Plan, figures
from benchmarks.judges import Judge, OwnJudge, PublicJudge
from vliwc.errors import VliwcError

VARIABLE = "VLIWC_PUBLIC_SIMULATOR"


@click.command()
@click.option(
    "--public",
    type=click.Path(path_type=Path),
    envvar=VARIABLE,
    show_envvar=True,
    help="A checkout of anthropics/original_performance_takehome. Default: our own simulator.",
)
@click.option("--inputs", type=click.IntRange(min=1), default=100, show_default=True, help="Inputs a kernel.")
@click.option("--samples", type=click.IntRange(min=1), default=45, show_default=True, help="Sampled sizes.")
@click.option("--tests/--no-tests", default=True, show_default=True, help="Random kernels and fuzzed texts too.")
@click.option("--seed", type=int, default=0, show_default=True, help="For inputs and sizes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def main(public: Path | None, inputs: int, samples: int, tests: bool, seed: int, as_json: bool) -> None:
    """Measure what first light has to reach, and say whether it does."""
    try:
        judge: Judge = PublicJudge(public) if public else OwnJudge()
        with Console(stderr=True).status("measuring …") as status:
            rows = []
            for figure in figures(judge, Plan(inputs, samples, tests, seed)):
                rows.append(figure)
                status.update(f"{figure.measure}: {figure.measured} …")
    except VliwcError as error:
        click.echo(f"error: {error.message}\n{error.help or ''}".rstrip(), err=True)
        sys.exit(error.exit_code)
    if as_json:
        click.echo(json.dumps({"judge": judge.name, "figures": [asdict(row) for row in rows]}, indent=2))
    else:
        Console().print(figure_table(rows, f"First light, judged by {judge.name}"))
    sys.exit(0 if all(row.reached for row in rows) else 1)


def figure_table(rows: list[Figure], title: str) -> Table:
    """Targets beside what was measured."""
    table = Table(title=title, title_justify="left")
    for heading in ("measure", "at least", "measured", ""):
        table.add_column(heading)
    for row in rows:
        table.add_row(row.measure, row.target, row.measured, "reached" if row.reached else "[bold red]MISSED[/]")
    return table


if __name__ == "__main__":
    main()
