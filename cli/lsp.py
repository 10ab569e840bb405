"""``flowc lsp``: a language server on standard input and output, for editors."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from .exits import Exit, Stop
from .settings import Choices, compile_options, make_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..compiler.declarations import Declaration
    from ..dsl.diagnostics import Diagnostic
    from ..lsp.session import Configured
    from .selection import Selection


@click.command()
@click.option("--stdio", is_flag=True, help="Talk over standard input and output, which it always does: many editors ask for it.")
@compile_options
def command(stdio: bool, choices: Choices) -> int:
    """Serve an editor: the Language Server Protocol over standard input and output.

    Needs the extra: pip install 'flowc[lsp]'. The settings are those of flowc check, read from the [tool.flowc] nearest to each file. No
    user code is imported without --app.
    """
    try:
        from ..lsp.server import serve
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] not in ("pygls", "lsprotocol", "cattrs", "attrs", "attr"):
            raise
        raise Stop(f"the language server needs {missing.name}", hint="Install it: pip install 'flowc[lsp]'") from None
    from .. import __version__
    from .application import declared_tasks

    # What user code prints must not get between the messages.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out, os.fdopen(os.dup(sys.stdin.fileno()), "rb") as given:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        configuring = Configuring(choices, declared_tasks(choices.app))
        serve(configuring, __version__, given, out)
    return Exit.CLEAN


class Configuring:
    """Reads the settings in force in a folder; anew when one of the files has changed that they are made from."""

    def __init__(self, choices: Choices, tasks: Mapping[str, Declaration] | None = None) -> None:
        self.choices = choices
        self.tasks = tasks
        self._known: dict[str | None, tuple[object, Configured]] = {}

    def __call__(self, folder: str | None) -> Configured:
        """The settings for the files of a folder; the defaults, and what is wrong, where they cannot be read."""
        from ..lsp.session import Configured
        from .check_settings import CheckOptions, check_settings
        from .config import read_config

        try:
            config = read_config(folder)
            stubs = tuple(os.path.abspath(path) for path in self.choices.stubs or config.stubs)
            stamp = (config, *map(_stamp, stubs))
            known = self._known.get(folder)
            if known is not None and known[0] == stamp:
                return known[1]
            settings = make_settings(replace(self.choices, stubs=stubs), config, require_params=False, tasks=self.tasks)
            check = check_settings(CheckOptions(), config)
        except Stop as problem:
            return Configured(problem=str(problem))
        made = Configured(settings, stubs, partial(_chosen, check.selection), check.explain_url)
        self._known[folder] = (stamp, made)
        return made


def _chosen(selection: Selection | None, findings: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """The findings that ``[tool.flowc.check]`` tells, with the severities that it gives them."""
    if selection is None:
        return findings
    from .selection import choose

    return choose(findings, selection)[0]


def _stamp(path: str) -> tuple[int, int]:
    try:
        stat = os.stat(path)
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)
