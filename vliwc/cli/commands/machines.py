"""`vliwc machines`: the machine descriptions that come with vliwc."""

from __future__ import annotations

import click

from vliwc.cli import options as shared
from vliwc.cli.terminal import print_json, show


@click.command(name="machines")
@click.argument("name", required=False, metavar="[NAME|FILE]", shell_complete=shared.complete_machine)
@shared.json_option
def command(name: str | None, as_json: bool) -> None:
    """List machine descriptions, or describe one.

    NAME is one of the list; FILE is a TOML file of your own (it is checked).
    """
    from vliwc.machine import load_machine, machine_names

    machines = [load_machine(n) for n in ((name,) if name else machine_names())]
    if as_json:
        from vliwc.report.machines import machine_record
        from vliwc.report.schema import list_record

        print_json(list_record("machines", [machine_record(m) for m in machines]))
    elif name:
        from vliwc.report.machines import machine_facts

        show(machine_facts(machines[0]))
    else:
        from vliwc.report.layout import facts

        show(facts([(m.name, m.description) for m in machines]))
