"""What first light has to reach, measure by measure: the target and what was measured."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.judges import Judge, OwnJudge
from benchmarks.sizes import sampled_sizes
from vliwc.differential import find_mismatch
from vliwc.driver import Compilation, Options, compile_source
from vliwc.resources import data_path
from vliwc.source import Source

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `value` is the bare number: cycles, seconds, or a count."""

    measure: str
    target: str
    measured: str
    value: float
    reached: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: inputs a kernel, samples of sizes, and whether the long tests run."""

    inputs: int
    samples: int
    tests: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many of a program's runs were right, and the most cycles that one took."""

    right: int
    runs: int
    cycles: int

    def figure(self, measure: str, target: str, cycles: range) -> Figure:
        """The row that says so: reached if all runs were right and the most cycles that one took are in the range."""
        text = f"{self.cycles:,} cycles; {self.right} of {self.runs} inputs right"
        return Figure(measure, target, text, self.cycles, self.right == self.runs and self.cycles in cycles)


def compile_example(name: str, options: Options) -> Compilation:
    """Compiles one of the shipped examples."""
    path = data_path("examples") / f"{name}.vk"
    return compile_source(Source(str(path), path.read_text(encoding="utf-8")), options)


def judged(compilation: Compilation, judge: Judge, inputs: int, seed: int) -> Verdict:
    """Runs a compiled tree walk on `inputs` inputs and compares all words that its contract fixes."""
    kernel, machine = compilation.front.kernel, compilation.front.machine
    right = most = 0
    cases = list(judge.cases(kernel, inputs, seed))
    finals = judge.run(compilation.program, machine, [case.start for case in cases])
    for case, (final, cycles) in zip(cases, finals, strict=True):
        right += find_mismatch(kernel, "program", case.expected, final) is None
        most = max(most, cycles)
    return Verdict(right, inputs, most)


def figures(judge: Judge, plan: Plan) -> Iterator[Figure]:
    """All rows, each as soon as it is known."""
    values = compile_example("tree_walk", Options(schedule="list"))
    verdict = judged(values, judge, plan.inputs, plan.seed)
    yield verdict.figure("tree_walk, list", "right, under 1,363 cycles", range(1363))
    naive = compile_example("tree_walk", Options(optimise=0, schedule="naive"))
    verdict = judged(naive, judge, max(1, plan.inputs // 20), plan.seed)
    yield verdict.figure("tree_walk, -O0 naive", "right, 100,000+ cycles", range(100_000, 10**9))
    options = values.front.options
    seconds = min(values.total_seconds, *(compile_example("tree_walk", options).total_seconds for _ in range(2)))
    certified = "with proof" if values.certificate else "without proof"
    measured = f"{seconds:.1f} s, {certified}"
    reached = seconds < 20 and values.certificate is not None
    yield Figure("compile time of tree_walk, best of 3", "under 20 s, with proof", measured, round(seconds, 2), reached)
    for name, limit in (("tree_walk_indices", 1450), ("tree_walk_any", 2300)):
        verdict = judged(compile_example(name, Options(schedule="list")), judge, plan.inputs, plan.seed)
        yield verdict.figure(f"{name}, list", f"right, under {limit:,} cycles", range(limit))
    yield sizes_figure(plan)
    if plan.tests:
        yield suite_figure("random kernels", "tests/endtoend/test_random_kernels.py", 1000)
        yield suite_figure("fuzzed texts", "tests/language/test_fuzz.py", 10_000)


def sizes_figure(plan: Plan) -> Figure:
    """Sampled sizes on all machines, two inputs each. Always on our own simulator, which knows all machines."""
    wrong = []
    for name, options in sampled_sizes(plan.samples, plan.seed):
        verdict = judged(compile_example(name, options), OwnJudge(), 2, plan.seed)
        if verdict.right < verdict.runs:
            wrong.append(f"{name} {options.machine} {dict(options.defines)}")
    right = plan.samples - len(wrong)
    measured = f"{right} of {plan.samples} right" + (f", not {wrong[0]}" if wrong else "")
    return Figure("height 3–12, rounds 1–40, batch 1–1,000", "all right", measured, right, not wrong)


def suite_figure(measure: str, path: str, least: int) -> Figure:
    """Runs a file of tests, which count what they try in the property `inputs` of their reports."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", path, f"--junitxml={report}"]
        outcome = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        properties = ET.parse(report).getroot().iter("property") if report.exists() else ()
        tried = sum(int(p.attrib["value"]) for p in properties if p.attrib["name"] == "inputs")
    passed = outcome.returncode == 0
    measured = f"{tried:,}, " + ("no mismatch" if passed else "with failures")
    return Figure(measure, f"{least:,} without a mismatch", measured, tried, passed and tried >= least)
