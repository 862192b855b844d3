"""A campaign of injected miscompiles: python -m benchmarks.miscompiles [--each N] [--seed S]

Damages every program of `tests/miscompiles/subjects.py` in every way of `tests/miscompiles/`, and asks reader,
validator and certifier, each by itself. Prints the table of docs/testing.md with the figures. A damaged program that
nobody refuses is run: if that shows it wrong, it is *missed*, and the exit code is 1.
"""

from __future__ import annotations

import argparse
from collections import Counter

from tests.miscompiles.flow import Flow
from tests.miscompiles.judge import GROUPS, KINDS, damages, judge, wrong_in_a_run
from tests.miscompiles.kinds import Kind
from tests.miscompiles.subjects import RECIPES, subject

CATCHERS = ("reader", "validator", "certifier")


def tried(kind: Kind, flows: dict[str, Flow], each: int, seed: int) -> Counter[str]:
    """How often a kind was tried, and how often who has refused it."""
    counts: Counter[str] = Counter()
    for name, flow in flows.items():
        for damaged in damages(subject(name), flow, kind, each, seed):
            verdict = judge(subject(name), damaged)
            counts["tried"] += 1
            counts.update(catcher for catcher in CATCHERS if getattr(verdict, catcher))
            if not verdict.caught:
                assert not isinstance(damaged, str), "texts that are read as the same program are not damaged"
                counts["missed" if wrong_in_a_run(subject(name), damaged, 8) else "no difference seen"] += 1
    return counts


def main() -> int:
    """Runs the campaign. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=20, metavar="N", help="damages of a kind, a program (20)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    flows = {name: Flow(subject(name)) for name in RECIPES}
    total: Counter[str] = Counter()
    for title, group in GROUPS.items():
        print(f"\n| {title} | what is wrong | caught by | tried |\n| --- | --- | --- | --- |")
        for kind in map(Kind, group):
            counts = tried(kind, flows, arguments.each, arguments.seed)
            catchers = ", ".join(
                catcher if counts[catcher] == counts["tried"] else f"some by {catcher}"
                for catcher in CATCHERS
                if counts[catcher]
            )
            print(f"| {kind.name} | {kind.wrong} | {catchers} | {counts['tried']:,} |", flush=True)
            total += counts
    print(f"\n{len(KINDS)} kinds, {len(flows)} programs; " + ", ".join(f"{what} {n:,}" for what, n in total.items()))
    return 1 if total["missed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
