"""Software pipelining: the minimum interval of each loop, the one that was reached, and the cycles before and after.

`python -m benchmarks.pipelining` compiles examples at sizes that leave loops, on all machines, and random loops on the
backend alone. Every program is certified. `--json` prints the same as data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import click

from tests.backend.loops import random_loop
from vliwc.backend import Generated, generate
from vliwc.backend.certifier import ProofFailed, certify
from vliwc.driver import Options, optimise_source
from vliwc.errors import DoesNotFit
from vliwc.ir.graph import Graph
from vliwc.machine import Machine, load_machine, machine_names
from vliwc.resources import data_path
from vliwc.source import Source

EXAMPLES: tuple[tuple[str, int, dict[str, int]], ...] = (
    ("saxpy", 2, {"n": 100_000}),
    ("adler32", 2, {"n": 10_000}),
    ("histogram", 2, {"n": 20_000}),
    ("matmul", 2, {"rows": 64, "inner": 64, "columns": 64}),
    ("matmul", 1, {"rows": 64, "inner": 64, "columns": 64}),
    ("polynomial", 2, {"n": 100_000}),
    ("gcd", 2, {"n": 20_000, "steps": 3}),
    ("dot_products", 1, {}),
    ("crc32_bytes", 1, {"n": 256, "length": 64}),
)
"""Kernel, optimisation level and sizes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One loop. Cycles are of the whole run."""

    name: str
    machine: str
    operations: int
    resource: int
    recurrence: int
    alone: int
    """Cycles of an iteration without overlap."""
    interval: int
    """The initiation interval; 0 if the loop is not overlapped."""
    per_iteration: float
    stages: int
    copies: int
    before: int
    after: int
    proven: bool
    reason: str

    @property
    def at_minimum(self) -> bool:
        """Does an iteration take the minimum interval, overlapped or not?"""
        return (self.interval or self.alone) <= max(self.resource, self.recurrence)


def cycles(graph: Graph, generated: Generated) -> int:
    """The cycles of a run, from the trips of its loops."""
    counts = [1] * len(generated.program.bundles)
    for loop in generated.witness.loops:
        for number in range(loop.header, loop.latch + 1):
            counts[number] *= loop.trips(graph)
    return sum(n for n, bundle in zip(counts, generated.program.bundles, strict=True) if bundle.takes_cycle)


def rows(name: str, graph: Graph, machine: Machine) -> Iterator[Row]:
    """The innermost loops of a graph, with and without overlap."""
    before = cycles(graph, generate(graph, machine, pipeline=False))
    generated = generate(graph, machine)
    try:
        certify(graph, generated.program, machine, generated.witness)
        proven = True
    except ProofFailed:
        proven = False
    after = cycles(graph, generated)
    for loop in generated.loops:
        if loop.minimum is not None:
            yield Row(
                f"{name}:{loop.line}" if loop.line else name,
                machine.name,
                loop.minimum.operations,
                loop.minimum.resource,
                loop.minimum.recurrence,
                loop.before,
                loop.interval,
                loop.after,
                loop.stages,
                loop.copies,
                before,
                after,
                proven,
                loop.reason,
            )


def examples(machine: Machine) -> Iterator[Row]:
    """The loops of the examples."""
    for name, level, sizes in EXAMPLES:
        path = data_path("examples") / f"{name}.vk"
        options = Options(optimise=level, machine=machine.name, defines=sizes)
        graph = optimise_source(Source(path.name, path.read_text("utf-8")), options).graph
        try:
            yield from rows(f"{name} -O{level}", graph, machine)
        except DoesNotFit:
            click.echo(f"{name} -O{level} does not fit on {machine.name}", err=True)


def random_loops(machine: Machine, count: int) -> Iterator[Row]:
    """Random loops that have enough iterations to overlap."""
    for seed in range(count):
        yield from rows(f"random {seed}", random_loop(seed, machine.lanes), machine)


@click.command()
@click.option("--random", "count", default=100, show_default=True, help="Random loops on each machine.")
@click.option("--machine", "machines", multiple=True, help="A machine (repeatable).  [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print all rows as JSON.")
def main(count: int, machines: tuple[str, ...], as_json: bool) -> None:
    """Measure how near to the minimum interval software pipelining comes."""
    found: list[Row] = []
    summaries: list[str] = []
    if not as_json:
        click.echo("| loop | machine | ops | ResMII | RecMII | alone | II | stages | copies | cycles before | after |")
        click.echo("| --- | --- " + "| ---: " * 9 + "|")
    for name in machines or machine_names():
        machine = load_machine(name)
        for row in examples(machine):
            found.append(row)
            if not as_json:
                click.echo(_line(row))
        drawn = list(random_loops(machine, count))
        found += drawn
        summaries.append(_summary(name, drawn))
    if as_json:
        fields = Row.__dataclass_fields__
        click.echo(json.dumps([{field: getattr(row, field) for field in fields} for row in found], indent=1))
    else:
        click.echo("\n" + "\n".join(summaries))


def _line(row: Row) -> str:
    interval = str(row.interval) if row.interval else f"– ({row.reason})"
    cells = (
        row.name,
        row.machine,
        row.operations,
        row.resource,
        row.recurrence,
        row.alone,
        interval,
        row.stages,
        row.copies,
        f"{row.before:,}",
        f"{row.after:,}" + ("" if row.proven else " (not proven)"),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _summary(machine: str, drawn: list[Row]) -> str:
    """What came of random loops."""
    able = [row for row in drawn if row.reason != "it has too few iterations"]
    overlapped = [row for row in able if row.interval]
    before, after = sum(row.before for row in overlapped), sum(row.after for row in overlapped)
    return (
        f"{machine}: {len(able)} random loops with enough iterations, {len(overlapped)} overlapped, "
        f"{sum(row.at_minimum for row in able)} at the minimum interval, {sum(not row.proven for row in drawn)} not "
        f"proven; cycles of those overlapped {before:,} before, {after:,} after"
    )


if __name__ == "__main__":
    main()
