"""Makes the instance library anew, or what is new of it: `python -m benchmarks.instances [--schedule NAME] [--large]`.

The instances are the straight segments of the shipped examples (in small sizes), random families by seed, and variants
with tight scratch. Each file says the fewest cycles that were ever found, the best proven bound with its argument, and
how they were found: a file that exists keeps what it knows unless something better turns up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from benchmarks import families
from vliwc.backend.bounds import LARGE_TARIFF, segment_bound
from vliwc.backend.generator import generate
from vliwc.backend.instance import Instance, Known
from vliwc.backend.problem import Problem
from vliwc.backend.schedulers import schedule_names
from vliwc.backend.schedulers.effort import Effort
from vliwc.backend.solution import Solution, solve
from vliwc.driver import Options, optimise_source
from vliwc.errors import DoesNotFit
from vliwc.resources import data_path
from vliwc.source import Source

LIBRARY = Path(__file__).parent
SIZES = (30, 100, 300, 1000)
LARGE = 10_000
EXAMPLES: dict[str, dict[str, int]] = {
    "saxpy": {},
    "bit_reverse": {},
    "crc32": {},
    "decision_forest": {},
    "dot_products": {},
    "murmur3": {},
    "polynomial": {},
    "stencil": {},
    "ternary_tree": {},
    "tree_walk": {"height": 6, "rounds": 8, "batch": 64},
}
"""Examples, with parameters that keep them small."""


def instances(large: bool, only: str) -> Iterator[Instance]:
    """The instances of the library, or the large ones, whose names contain `only`; without what is known of them."""
    if not large:
        for name, defines in EXAMPLES.items():
            if only in f"example-{name}-tight":
                yield from (instance for instance in _segments(name, defines) if only in instance.name)
    for family in families.names():
        for size in (LARGE,) if large else SIZES:
            for tight in (False,) if large else (False, True):
                if only in _name(family, size, tight):
                    yield _random(family, size, tight)


def _name(family: str, size: int, tight: bool) -> str:
    return f"{family}-{size}{'-tight' if tight else ''}"


def _random(family: str, size: int, tight: bool) -> Instance:
    about = f"family {family} of benchmarks/families.py, {size} operations, seed 0"
    problem = families.make(family, size, 0, tight=tight)
    return Instance(
        f"{family}-{size}{'-tight' if tight else ''}", about + (", tight scratch" if tight else ""), problem
    )


def _segments(name: str, defines: dict[str, int]) -> Iterator[Instance]:
    """The largest straight segment of an example at -O2, and the same with tight scratch if there is any to spare."""
    path = data_path("examples") / f"{name}.vk"
    front = optimise_source(Source(path.name, path.read_text(encoding="utf-8")), Options(defines=defines))
    found = generate(front.graph, front.machine).segments
    problem = max((segment.problem for segment in found), key=lambda p: len(p.operations))
    sizes = "".join(f" -D {key}={value}" for key, value in defines.items())
    about = f"the largest segment of examples/{name}.vk{sizes} at -O2"
    yield Instance(f"example-{name}", about, problem)
    tight = families.tighten(problem)
    if tight.machine.scratch_words < problem.machine.scratch_words:
        yield Instance(f"example-{name}-tight", f"{about}, tight scratch", tight)


def known(instance: Instance, old: Instance | None, how: str, effort: Effort | None) -> Instance:
    """The instance with the best of what an older version knows and what a scheduler finds now."""
    best, bound = (old.best, old.bound) if old else (None, None)
    own = segment_bound(instance.problem, variables=LARGE_TARIFF)
    assert own.argument is not None
    if bound is None or own.best > bound.cycles:
        bound = Known(own.best, f"vliwc bound ({own.argument.kind})", own.argument.as_json())
    try:
        found: Solution | None = solve(instance, how, 0, effort)
    except DoesNotFit:
        found = None
    if found is not None and (best is None or found.schedule.cycles < best.cycles):
        best = Known(found.schedule.cycles, f"vliwc schedule --schedule {how}")
    if found is not None and found.schedule.bound > bound.cycles:
        bound = Known(found.schedule.bound, f"proved by vliwc schedule --schedule {how}")
    argument = found.bound.argument if found is not None else None
    if argument is not None and argument.bound >= bound.cycles and not bound.argument:  # at last in words
        bound = Known(argument.bound, f"vliwc schedule --schedule {how} ({argument.kind})", argument.as_json())
    return replace(instance, best=best, bound=bound)


def shared(plain: Instance, tight: Instance) -> tuple[Instance, Instance]:
    """An instance and its variant with tight scratch, with what each says about the other: a schedule in little scratch
    is one in plenty of it, and no schedule is shorter for want of scratch."""
    if tight.best and (plain.best is None or tight.best.cycles < plain.best.cycles):
        plain = replace(plain, best=Known(tight.best.cycles, f"{tight.best.how}, of {tight.name}"))
    if plain.bound and (tight.bound is None or plain.bound.cycles > tight.bound.cycles):
        tight = replace(tight, bound=replace(plain.bound, how=f"{plain.bound.how}, of {plain.name}"))
    return plain, tight


def _share(folder: Path) -> None:
    """Lets all instances of a folder that have a variant with tight scratch share what is known."""
    for path in sorted(folder.glob("*-tight.json")):
        other = path.with_name(path.name.replace("-tight", ""))
        if other.exists():
            pair = (Instance.from_text(p.read_text(encoding="utf-8")) for p in (other, path))
            for where, instance in zip((other, path), shared(*pair), strict=True):
                where.write_text(instance.to_text(), encoding="utf-8")


def same(a: Problem, b: Problem) -> bool:
    """Are these the same problem, as far as a file can tell?"""
    return Instance("", "", a).to_text() == Instance("", "", b).to_text()


@click.command()
@click.option("--schedule", "how", type=click.Choice(schedule_names()), default="list", show_default=True)
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), help="Seconds an instance, for a search.")
@click.option("--large", is_flag=True, help=f"The instances of {LARGE:,} operations, which are not shipped.")
@click.option("--only", metavar="TEXT", default="", help="Only instances whose name contains this.")
@click.option("-o", "folder", type=click.Path(path_type=Path, file_okay=False), default=LIBRARY, help="Where to write.")
def main(how: str, time_limit: float | None, large: bool, only: str, folder: Path) -> None:
    """Make the instance library, or better what it knows."""
    folder.mkdir(parents=True, exist_ok=True)
    effort = Effort(seconds=time_limit) if time_limit else None
    for instance in instances(large, only):
        path = folder / f"{instance.name}.json"
        old = Instance.from_text(path.read_text(encoding="utf-8")) if path.exists() else None
        if old is not None and not same(old.problem, instance.problem):
            old = None
        better = known(instance, old, how, effort)
        path.write_text(better.to_text(), encoding="utf-8")
        cycles = better.best.cycles if better.best else None
        click.echo(f"{instance.name:<28} best {cycles} bound {better.bound.cycles if better.bound else None}")
    _share(folder)


if __name__ == "__main__":
    main()
