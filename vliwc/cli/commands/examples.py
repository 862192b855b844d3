"""`vliwc examples`: the kernels that come with vliwc."""

from __future__ import annotations

from pathlib import Path

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_text, require_writable, write_whole
from vliwc.cli.terminal import note, print_json, show
from vliwc.errors import UsageError


@click.command(name="examples")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--copy", "directory", metavar="DIR", type=shared.PATH, help="Copy the kernels into this directory.")
@shared.json_option
def command(names: tuple[str, ...], directory: Path | None, as_json: bool) -> None:
    """List, show or copy the shipped example kernels.

    Without a NAME it lists all. With names it prints their text; with --copy it writes them (all, if none is named) to
    a directory, as files to play with.
    """
    known = shipped_examples()
    chosen = [_find(name, known) for name in names]
    if directory is not None:
        _copy(chosen or list(known.values()), directory)
    elif as_json:
        from vliwc.report.schema import list_record

        paths = chosen or list(known.values())
        print_json(list_record("examples", [{"name": p.stem, "about": about(p), "path": str(p)} for p in paths]))
    elif chosen:
        for path in chosen:
            click.echo(read_text(path, "example"), nl=False)
    else:
        from vliwc.report.layout import facts

        show(facts([(name, about(path)) for name, path in known.items()]))


def shipped_examples() -> dict[str, Path]:
    """All shipped kernels by name, sorted."""
    from vliwc.resources import data_path

    return {path.stem: path for path in sorted(data_path("examples").glob("*.vk"))}


def about(path: Path) -> str:
    """The first sentence of a kernel's opening comment."""
    comment: list[str] = []
    for line in read_text(path, "example").splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# ").rstrip())
    sentence, _, _ = " ".join(comment).partition(". ")
    return sentence.rstrip(".")


def _find(name: str, known: dict[str, Path]) -> Path:
    from vliwc.machine.faults import suggest

    stem = name.removesuffix(".vk")
    if stem not in known:
        raise UsageError(f"there is no example called '{stem}'", help=suggest(stem, known))
    return known[stem]


def _copy(paths: list[Path], directory: Path) -> None:
    """Copies kernels; overwrites nothing. Raises UsageError."""
    targets = [(path, directory / path.name) for path in paths]
    for _, target in targets:
        require_writable(target)
        if target.exists():
            raise UsageError(f"{target} exists already", help="remove it, or copy to another directory")
    for path, target in targets:
        write_whole(target, read_text(path, "example"))
        note(f"wrote {target}")
