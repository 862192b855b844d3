"""The figures that the optimiser has to reach, measured: `python -m benchmarks.optimiser [--budget S]`.

With `--public` and a checkout of the public benchmark the tree walks are judged by its frozen simulator and reference,
otherwise by our own. Ends with exit code 1 if a target is missed, 2 if there is no checkout at that path.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from benchmarks.first_light import VARIABLE, figure_table
from benchmarks.judges import Judge, OwnJudge, PublicJudge
from benchmarks.targets import Effort, targets
from vliwc.errors import VliwcError


@click.command()
@click.option(
    "--public",
    type=click.Path(path_type=Path),
    envvar=VARIABLE,
    show_envvar=True,
    help="A checkout of anthropics/original_performance_takehome. Default: our own simulator.",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0),
    default=300,
    show_default=True,
    help="Seconds of search for each tree walk at -O3; 0: no search.",
)
@click.option("--inputs", type=click.IntRange(min=1), default=100, show_default=True, help="Inputs a tree walk.")
@click.option("--samples", type=click.IntRange(min=0), default=12, show_default=True, help="Sampled sizes.")
@click.option("--seed", type=int, default=0, show_default=True, help="For inputs, sizes and search.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def main(public: Path | None, budget: float, inputs: int, samples: int, seed: int, as_json: bool) -> None:
    """Measure what the optimiser has to reach, and say whether it does."""
    try:
        judge: Judge = PublicJudge(public) if public else OwnJudge()
        with Console(stderr=True).status("measuring …") as status:
            rows = []
            for figure in targets(judge, Effort(inputs, samples, budget, seed)):
                rows.append(figure)
                status.update(f"{figure.measure}: {figure.measured} …")
    except VliwcError as error:
        click.echo(f"error: {error.message}\n{error.help or ''}".rstrip(), err=True)
        sys.exit(error.exit_code)
    if as_json:
        click.echo(json.dumps({"judge": judge.name, "figures": [asdict(row) for row in rows]}, indent=2))
    else:
        Console().print(figure_table(rows, f"The optimiser, judged by {judge.name}"))
    sys.exit(0 if all(row.reached for row in rows) else 1)


if __name__ == "__main__":
    main()
