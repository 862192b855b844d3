"""`vliwc explain`: what an error code means."""

from __future__ import annotations

import click

from vliwc.cli.terminal import show
from vliwc.errors import UsageError


def _codes(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from vliwc.language.codes import CODES

    return [code for code in CODES if code.startswith(incomplete.upper())]


@click.command(name="explain")
@click.argument("code", required=False, metavar="[VK0001]", shell_complete=_codes)
def command(code: str | None) -> None:
    """Explain an error code such as VK0001; without one, list all codes."""
    from vliwc.language.codes import CODES

    if code is None:
        from vliwc.report.layout import facts

        show(facts([(entry.code, entry.title) for entry in CODES.values()]))
        return
    entry = CODES.get(code.upper())
    if entry is None:
        raise UsageError(f"there is no error code {code}", help="`vliwc explain` lists all codes")
    click.echo(f"{entry.code}: {entry.title}\n\n{entry.cause}\n\nhelp: {entry.help}")
