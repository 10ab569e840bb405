"""``flowc completion``: lets a shell complete flowc's commands, options and files."""

from __future__ import annotations

import re
from copy import copy

import click

from .exits import Exit
from .terminal import out

SHELLS = ("bash", "zsh", "fish")

#: The variable by which a shell's script asks for completions.
ASKED = "_FLOWC_COMPLETE"

_FILES = re.compile(r"FILE|DIR|PATH")
_CHOICES = re.compile(r"[a-z]+(\|[a-z]+)+")
_CODES = re.compile(r"\W*CODES?\W*")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the script that lets a shell complete flowc.

    bash, in ~/.bashrc: eval "$(flowc completion bash)"; zsh, in ~/.zshrc behind compinit: eval "$(flowc completion zsh)"; fish, once: flowc
    completion fish > ~/.config/fish/completions/flowc.fish.
    """
    from click.shell_completion import get_completion_class

    from .main import group

    made = get_completion_class(shell)
    assert made is not None, "click knows these shells"
    out(made(group, {}, "flowc", ASKED).source())
    return Exit.CLEAN


def completed(command: click.Command) -> click.Command:
    """A command whose texts are completed by what their metavars say: files, choices, codes of findings. The given one stays as it is."""
    command = copy(command)
    command.params = [copy(parameter) for parameter in command.params]
    for parameter in command.params:
        metavar = parameter.metavar or ""
        if not isinstance(parameter.type, type(click.STRING)):
            continue
        if _FILES.search(metavar):
            parameter.type = click.Path()
        elif _CHOICES.fullmatch(metavar):
            parameter.type = click.Choice(metavar.split("|"))
        elif _CODES.fullmatch(metavar):
            from ..dsl.codes import CODES

            parameter.type = click.Choice(list(CODES))
    return command
