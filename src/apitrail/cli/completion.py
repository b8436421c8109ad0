"""`apitrail completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print a script that makes this shell complete commands and options.

    bash: eval "$(apitrail completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc, after compinit;
    fish: apitrail completion fish > ~/.config/fish/completions/apitrail.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"click cannot complete for {shell!r}")
    root = click.get_current_context().find_root().command
    maker = found(root, {}, "apitrail", "_APITRAIL_COMPLETE")
    # Not `source()`: for bash that starts one, to see how old it is.
    click.echo(maker.source_template % maker.source_vars())
