"""`vliwc fuzz`: a campaign over random kernels."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_text, write_whole
from vliwc.cli.terminal import complain, progress
from vliwc.errors import UsageError

if TYPE_CHECKING:
    from vliwc.fuzz.campaign import Record
    from vliwc.fuzz.cases import Case, Result

RECORD = "campaign.json"
_SAVE_SECONDS = 10.0
"""How often the record is written."""


@click.command(name="fuzz")
@click.option("--minutes", type=shared.AMOUNT, required=True, help="How long to go on.")
@shared.seed_option
@click.option(
    "--jobs", type=click.IntRange(1, shared.MOST_WORKERS), help="Number of processes. Default: one for each processor."
)
@click.option("--policy", "policies", multiple=True, metavar="NAME", help="Draw kernels by this policy (repeatable).")
@click.option("--schedule", "schedules", multiple=True, metavar="NAME", help="Use this scheduler (repeatable).")
@click.option("--out", metavar="DIR", type=shared.PATH, help="Where to put record and failures. Default: vliwc-fuzz.")
@click.option("--resume", metavar="FILE", type=shared.PATH, help="Go on with the campaign of this record.")
@click.pass_context
def command(
    ctx: click.Context,
    minutes: float,
    seed: int,
    jobs: int | None,
    policies: tuple[str, ...],
    schedules: tuple[str, ...],
    out: Path | None,
    resume: Path | None,
) -> None:
    """Compile random kernels and compare every stage.

    Each kernel is compiled for every machine, at a random level, by every scheduler; the stages are compared with the
    interpreter, and the programs are proved. What fails is saved, reduced to a few lines. The exit code is 1 if
    anything failed.
    """
    if resume is not None and (out or policies or schedules):
        raise UsageError("a resumed campaign keeps its place and choices", help="leave out --out, --policy, --schedule")
    record, folder = _resumed(resume) if resume is not None else _new(seed, policies, schedules, out)
    _run(record, folder, 60 * minutes, jobs or os.cpu_count() or 1)
    click.echo(_summary(record, folder))
    if record.failures:
        ctx.exit(1)


def _resumed(path: Path) -> tuple[Record, Path]:
    text = read_text(path, "campaign record")
    from vliwc.fuzz.campaign import Record

    return Record.from_text(text), path.absolute().parent


def _new(seed: int, policies: tuple[str, ...], schedules: tuple[str, ...], out: Path | None) -> tuple[Record, Path]:
    from vliwc.backend import schedule_names
    from vliwc.fuzz.campaign import Record
    from vliwc.fuzz.cases import Selection
    from vliwc.fuzz.policies import POLICIES
    from vliwc.options import require_name

    for name in policies:
        require_name("policy", name, tuple(POLICIES))
    for name in schedules:
        require_name("scheduler", name, schedule_names())
    folder = out or Path("vliwc-fuzz")
    if (folder / RECORD).exists():
        raise UsageError(
            f"there is a campaign in {folder}", help=f"go on with --resume {folder / RECORD}, or give --out"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the directory {folder}: {error.strerror}") from None
    selection = Selection(seed, policies or tuple(POLICIES), schedules or schedule_names())
    return Record(selection), folder


def _run(record: Record, folder: Path, seconds: float, jobs: int) -> None:
    """Adds outcomes to the record, which is saved now and then, and at the end however that comes."""
    from vliwc.fuzz.campaign import outcomes

    spent, start, saved = record.seconds, time.monotonic(), time.monotonic()
    try:
        with progress("fuzzing") as tell:
            for outcome in outcomes(record.selection, record.cases, jobs, seconds):
                for result in outcome.failures:
                    _save_failure(outcome.case, result, folder)
                record.add(outcome)
                record.seconds = spent + time.monotonic() - start
                tell(f"{record.cases:,} kernels, {record.combinations:,} programs, {len(record.failures)} failures")
                if time.monotonic() > saved + _SAVE_SECONDS:
                    write_whole(folder / RECORD, record.to_text())
                    saved = time.monotonic()
    finally:
        write_whole(folder / RECORD, record.to_text())


def _save_failure(case: Case, result: Result, folder: Path) -> None:
    """Puts all that is needed to see a failure again into a directory of its own."""
    way, failure = result.way, result.failure
    place = folder / f"case-{case.number}-{way.name}"
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the directory {place}: {error.strerror}") from None
    write_whole(place / "kernel.vk", case.text)
    write_whole(place / "machine.toml", way.machine_text)
    if result.reduced is not None:
        write_whole(place / "reduced.vk", result.reduced)
    arguments = f"-O{way.level} --schedule {way.schedule} --machine {place / 'machine.toml'} --seed {way.seed}"
    name = "reduced.vk" if result.reduced is not None else "kernel.vk"
    again = f"vliwc bisect {place / name} {arguments}"
    effort = way.options.effort
    if effort is not None:  # bisection takes no limit of work
        limits = f"--work-limit {effort.work} --workers {effort.workers}"
        again = f"vliwc compile {place / name} {arguments} {limits} --verify-each"
    report = {
        "number": case.number,
        "policy": case.policy,
        "verdict": result.verdict,
        "where": failure.where if failure else None,
        "message": failure.message if failure else None,
        "command": again,
    }
    write_whole(place / "report.json", json.dumps(report, indent=2) + "\n")
    complain(f"case {case.number}", f"{result.verdict}: {failure.message if failure else 'no answer'}", again)


def _summary(record: Record, folder: Path) -> str:
    verdicts = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(record.verdicts.items()))
    ways = ", ".join(f"{name} {count:,}" for name, count in sorted(record.tried.items()))
    return (
        f"{record.cases:,} kernels, {record.combinations:,} programs in {record.seconds / 60:,.1f} minutes: "
        f"{verdicts or 'nothing done'}\n"
        f"{ways}\nrecord: {folder / RECORD}"
    )
