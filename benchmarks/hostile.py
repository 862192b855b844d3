"""A campaign of hostile inputs: python -m benchmarks.hostile [--inputs N] [--seed S] [--only FAMILY]

Gives N random inputs (1,000,000), right ones, changed ones and noise, to the readers of kernels, graphs, assembly, the
interchange form, machine descriptions, search records, memory images and `-D`. Each must be read, or end in one of
vliwc's own errors, within TIME_LIMIT seconds of processor time. Prints how they ended; every input that did not is
named by its seed, and the exit code is 1. Ctrl-C ends a campaign early, with the figures so far.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.hostile.inputs import FAMILIES, attempt, scratch_folder
from vliwc.fuzz.limits import OutOfTime, time_limit

TIME_LIMIT = 10
"""Seconds of processor time that one input may take."""


def campaign(inputs: int, seed: int, families: list[str]) -> tuple[Counter[tuple[str, str]], list[str], float]:
    """How the inputs ended, by family; what went wrong; and the most processor seconds that one took."""
    ended: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    slowest = 0.0
    for name in families:
        FAMILIES[name].texts()  # some have to be compiled, which is no part of the first input's time
    with scratch_folder() as folder:
        try:
            for number in range(inputs):
                name = families[number % len(families)]
                began = time.process_time()
                try:
                    with time_limit(TIME_LIMIT):
                        ended[name, attempt(name, f"{seed} {number}", Path(folder))] += 1
                except (Exception, OutOfTime):
                    ended[name, "wrong"] += 1
                    wrong.append(f"{name} '{seed} {number}'\n{traceback.format_exc(limit=-3)}")
                slowest = max(slowest, time.process_time() - began)
                if number % 1000 == 999:
                    print(f"\r{number + 1:,} inputs, {len(wrong)} wrong", end="", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            print("\ninterrupted", file=sys.stderr)
    return ended, wrong, slowest


def main() -> int:
    """Runs the campaign. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=list(FAMILIES), help="one family of inputs (repeatable)")
    arguments = parser.parse_args()
    began = time.perf_counter()
    ended, wrong, slowest = campaign(arguments.inputs, arguments.seed, arguments.only or list(FAMILIES))
    seconds = time.perf_counter() - began
    print("\n| input | how it ended | times |\n| --- | --- | ---: |")
    for (name, how), times in sorted(ended.items()):
        print(f"| {name} | {how} | {times:,} |")
    used = f"{seconds:,.0f} s, {time.process_time():,.0f} s of processor time"
    print(f"\n{ended.total():,} inputs in {used}, the slowest in {slowest:.2f} s; {len(wrong)} went wrong")
    for text in wrong[:10]:
        print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
