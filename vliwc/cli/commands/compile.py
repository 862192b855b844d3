"""`vliwc compile`: a kernel becomes a program, in one or several forms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_kernel, require_writable, write_whole
from vliwc.cli.terminal import note, print_json, progress, show
from vliwc.errors import UsageError

if TYPE_CHECKING:
    from vliwc.driver import Compilation, Options
    from vliwc.frontend import Observer, Optimised
    from vliwc.ir.graph import Graph

KINDS = {
    "asm": ".vasm",
    "json": ".json",
    "takehome": ".py",
    "trace": ".trace.json",
    "ir": ".ir",
    "dot": ".dot",
    "summary": ".txt",
}
"""The forms of `--emit`, each with its file suffix."""

GRAPH_KINDS = ("ir", "dot")
"""The forms that need no program."""


@dataclass(frozen=True)
class Emission:
    """One form to write, and where: to a file, or (None) to stdout."""

    kind: str
    path: Path | None


@click.command(name="compile")
@shared.kernel_argument
@shared.target_options
@click.option(
    "--emit",
    "kinds",
    multiple=True,
    type=click.Choice(list(KINDS)),
    help="Form of the output (repeatable). Default: by the suffix of the -o FILE; without -o only the summary.",
)
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=shared.PATH,
    help="Where to write; with several --emit, a directory. Default: stdout.",
)
@shared.json_option
@click.option("--quiet", "-q", is_flag=True, help="Print no summary.")
@click.option("--stats", is_flag=True, help="Print operation counts after every pass.")
@click.option(
    "--print-after",
    multiple=True,
    metavar="PASS",
    shell_complete=shared.complete_pass,
    help="Print the graph after this pass to stderr (repeatable; `all` for every pass).",
)
@click.option(
    "--stop-after",
    metavar="PASS",
    shell_complete=shared.complete_pass,
    help="Stop after this pass: no program, only `--emit ir` and `--emit dot`.",
)
@click.option(
    "--disable",
    multiple=True,
    metavar="PASS",
    shell_complete=shared.complete_optional,
    help="Leave an optional pass or technique out (repeatable).",
)
@click.option("--pass-limit", metavar="N", type=click.IntRange(min=0), help="Run only the first N optional passes.")
@shared.effort_options
@shared.search_options
@click.option("--verify-each", is_flag=True, help="Verify and compare with the interpreter after every pass.")
@click.option("--no-certify", is_flag=True, help="Unsafe: skip the proof that the program computes what was asked.")
def command(
    kernel: Path,
    defines: dict[str, int],
    machine: str,
    optimise: int,
    schedule: str,
    seed: int,
    kinds: tuple[str, ...],
    output: Path | None,
    as_json: bool,
    quiet: bool,
    stats: bool,
    print_after: tuple[str, ...],
    stop_after: str | None,
    disable: tuple[str, ...],
    pass_limit: int | None,
    time_limit: float | None,
    work_limit: float | None,
    workers: int | None,
    copies: int | None,
    budget: float | None,
    budget_evals: int | None,
    save_search: Path | None,
    replay: Path | None,
    verify_each: bool,
    no_certify: bool,
) -> None:
    """Compile a kernel into a machine program.

    Without --emit and -o it prints a summary: cycles, lower bound and gap, how busy each engine is, the proof, and the
    compile time.
    """
    emissions = plan_emissions(kinds, output, kernel, as_json=as_json, graph_only=stop_after is not None)
    budget_of_search, ledger = shared.read_search(budget, budget_evals, replay)
    effort = shared.read_effort(time_limit, work_limit, workers, copies)
    source = read_kernel(kernel)

    from vliwc.driver import Options, finish, optimise_source

    interrupted = Event()
    effort = shared.ended_by(interrupted, schedule, effort)
    options = Options(
        optimise=optimise,
        schedule=schedule,
        machine=machine,
        defines=defines,
        seed=seed,
        certify=not no_certify,
        verify_each=verify_each,
        disable=frozenset(disable),
        pass_limit=pass_limit,
        stop_after=stop_after,
        budget=budget_of_search,
        replay=ledger,
        effort=effort,
        interrupted=interrupted,
    )
    if save_search is not None:
        _require_saving(options, save_search, kernel)
    front = optimise_source(source, options, _printer(print_after, options))
    if stats:
        from vliwc.report.tables import passes_table

        show(passes_table(front), err=True)
    if stop_after is not None:
        _write_graph(front, emissions)
        return
    with progress(f"compiling {kernel}") as tell:
        compilation = finish(front, tell)
    if interrupted.is_set():
        note(shared.INTERRUPTED)
    if save_search is not None and compilation.ledger is not None:
        write_whole(save_search, compilation.ledger.to_text())
    _write_program(compilation, emissions, as_json=as_json, quiet=quiet)


def _require_saving(options: Options, path: Path, kernel: Path) -> None:
    """Raises UsageError unless there will be a search record, and it can be put at `path`."""
    if options.searching is None or options.schedule != "list":
        raise UsageError("there is no search to save", help="ask for one with -O3, --budget or --budget-evals")
    require_writable(path, kernel)


def plan_emissions(
    kinds: tuple[str, ...], output: Path | None, kernel: Path, *, as_json: bool, graph_only: bool
) -> tuple[Emission, ...]:
    """What to write where. Raises UsageError, before any long work, for what cannot be meant or written."""
    kinds = tuple(dict.fromkeys(kinds)) or _default_kinds(output, graph_only)
    if graph_only and any(kind not in GRAPH_KINDS for kind in kinds):
        raise UsageError(
            "--stop-after leaves no program to emit", help=f"with it, --emit is one of: {', '.join(GRAPH_KINDS)}"
        )
    if graph_only and as_json:
        raise UsageError("--stop-after leaves no program to report on", help="leave out --json")
    if output is None:
        if len(kinds) > 1:
            raise UsageError("several --emit need a place to go", help="name a directory with -o")
        if kinds and as_json:
            raise UsageError("--json and --emit both write to stdout", help="write the program to a file with -o")
        return tuple(Emission(kind, None) for kind in kinds)
    if len(kinds) == 1:
        paths = [output]
    elif output.is_dir():
        paths = [output / f"{kernel.stem}{KINDS[kind]}" for kind in kinds]
    else:
        raise UsageError(f"several --emit need a directory, and {output} is none", help="make it, or emit one form")
    for path in paths:
        require_writable(path, kernel)
    return tuple(Emission(kind, path) for kind, path in zip(kinds, paths, strict=True))


def _default_kinds(output: Path | None, graph_only: bool) -> tuple[str, ...]:
    """Without --emit: what the suffix of the output file says, the graph if there is nothing else, or nothing."""
    if output is None:
        return ("ir",) if graph_only else ()
    for kind, suffix in sorted(KINDS.items(), key=lambda item: -len(item[1])):
        if output.name.endswith(suffix):
            return (kind,)
    raise UsageError(f"cannot tell from its name what to write to {output}", help="say it with --emit")


def _printer(names: tuple[str, ...], options: Options) -> Observer | None:
    """The observer that prints the graph after the passes in `names`. Raises UsageError for an unknown pass."""
    if not names:
        return None
    from vliwc.ir.printer import print_graph
    from vliwc.options import require_pass

    for name in names:
        if name != "all":
            require_pass(name, options.optimise)

    def observe(name: str, graph: Graph) -> None:
        if name in names or "all" in names:
            note(f"# after {name}\n{print_graph(graph)}")

    return observe


def _write_graph(front: Optimised, emissions: tuple[Emission, ...]) -> None:
    from vliwc.report.emit import graph_form

    for emission in emissions:
        _put(emission, graph_form(emission.kind, front.graph))


def _write_program(compilation: Compilation, emissions: tuple[Emission, ...], *, as_json: bool, quiet: bool) -> None:
    """Writes all forms, made before the first is written, then the report or the summary."""
    from vliwc.report.emit import form

    texts = [(emission, form(emission.kind, compilation)) for emission in emissions]
    for emission, text in texts:
        _put(emission, text)
    if as_json:
        from vliwc.report.records import compile_record

        print_json(compile_record(compilation))
    elif not quiet:
        from vliwc.report.tables import summary

        stdout_taken = any(emission.path is None for emission in emissions)
        show(summary(compilation), err=stdout_taken)


def _put(emission: Emission, text: str) -> None:
    if emission.path is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        write_whole(emission.path, text)
