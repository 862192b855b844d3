"""What each technique is worth: cycles with everything on, and with one technique switched off at a time.

Techniques that stand in for each other are also switched off together.

`python -m benchmarks.techniques [KERNEL.vk …]` prints the table of docs/optimisations.md, in Markdown. Nothing is
certified, since only cycles are asked for; the tests certify the same programs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from vliwc.driver import Options, compile_source
from vliwc.report.measure import measure
from vliwc.resources import data_path
from vliwc.source import Source
from vliwc.transform import optional_names
from vliwc.transform.attempts import IN_MEMORY
from vliwc.transform.pipeline import TECHNIQUES

KERNELS = (
    *("tree_walk", "two_trees", "ternary_tree", "murmur3", "crc32", "matmul"),
    *("dot_products", "stencil", "adler32", "polynomial", "bit_reverse"),
)
LEVEL = 2

TOGETHER = {
    "choices among held words": ("select", "leaf-arithmetic", "arithmetic"),
    "tables in dead memory": tuple(sorted(IN_MEMORY)),
    "all alternatives to gathers": TECHNIQUES,
    "affine forms": ("affine", "affine-vectors"),
}
"""What is switched off together, in a row of its own."""


@click.command()
@click.argument("kernels", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--machine", default="takehome", show_default=True, help="The machine to compile for.")
def main(kernels: tuple[Path, ...], machine: str) -> None:
    """Measure what each technique is worth."""
    paths = kernels or tuple(data_path("examples") / f"{name}.vk" for name in KERNELS)
    click.echo("| off | " + " | ".join(path.stem for path in paths) + " |")
    click.echo("| --- |" + " ---: |" * len(paths))
    baseline: list[int] = []
    rows = {"(all on)": (), **{name: (name,) for name in optional_names(LEVEL)}, **TOGETHER}
    for name, off in rows.items():
        found = list(_cycles(paths, machine, frozenset(off)))
        baseline = baseline or found
        click.echo(f"| {name} | " + " | ".join(_cells(found, baseline)) + " |")


def _cycles(paths: tuple[Path, ...], machine: str, off: frozenset[str]) -> Iterator[int]:
    for path in paths:
        options = Options(optimise=LEVEL, machine=machine, certify=False, disable=off)
        yield measure(compile_source(Source(path.name, path.read_text("utf-8")), options)).cycles


def _cells(found: list[int], baseline: list[int]) -> list[str]:
    """A count where it differs from everything on, a dot where it does not."""
    if found is baseline:
        return [f"{cycles:,}" for cycles in found]
    return [f"{cycles:,}" if cycles != base else "·" for cycles, base in zip(found, baseline, strict=True)]


if __name__ == "__main__":
    main()
