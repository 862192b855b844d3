"""`vliwc completion`: tab completion for the user's shell."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command(name="completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a shell completion script.

    \b
    bash:  eval "$(vliwc completion bash)"      in ~/.bashrc
    zsh:   eval "$(vliwc completion zsh)"       in ~/.zshrc
    fish:  vliwc completion fish | source       in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from vliwc.cli.main import COMPLETION_VARIABLE, PROGRAM

    completer = get_completion_class(shell)
    assert completer is not None, shell
    click.echo(completer(ctx.find_root().command, {}, PROGRAM, COMPLETION_VARIABLE).source())
