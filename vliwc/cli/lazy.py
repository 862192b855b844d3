"""A click group that imports a command's module only when that command is used.

`vliwc --help` must answer at once, so the group knows each command's one-line help without importing it; a test holds
the lines and the commands' own help together.
"""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "compile": "Compile a kernel into a machine program.",
    "run": "Simulate a program, or compile and simulate a kernel.",
    "check": "Compile a kernel and test the program on generated inputs.",
    "bisect": "Find the pass that makes a compilation wrong.",
    "reduce": "Shrink a kernel that fails to a few lines.",
    "fuzz": "Compile random kernels and compare every stage.",
    "compare": "Compare schedulers and optimisation levels on a kernel.",
    "bound": "Print a lower bound of the cycles, and the argument for it.",
    "schedule": "Solve a scheduling instance, or verify a solution.",
    "conformance": "Compare the simulators with the public one.",
    "examples": "List, show or copy the shipped example kernels.",
    "machines": "List machine descriptions, or describe one.",
    "explain": "Explain an error code such as VK0001; without one, list all codes.",
    "completion": "Print a shell completion script.",
}
"""All subcommands, in the order of the help text, each with its line there."""


class LazyGroup(click.Group):
    """A group whose commands live in `vliwc.cli.commands.NAME` as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`, imported now, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"vliwc.cli.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
