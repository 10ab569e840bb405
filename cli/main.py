"""The command's entry: finds the subcommand, and turns every way to end into an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from io import StringIO

import click

from .exits import Exit, Stop
from .terminal import abandon, note, prepare_streams

#: Each command with its line in ``flowc --help``. Its module has its name (or see ``MODULES``) and is imported only when it is called.
COMMANDS = {
    "check": "Find mistakes in flows without running anything.",
    "plan": "Show the calls that a flow makes.",
    "graph": "Draw a flow.",
    "diff": "Show what makes one version of a flow of another.",
    "fmt": "Write flows in the canonical layout.",
    "stubs": "Write down what an application's tasks take.",
    "run": "Run a flow: here, without a server, or on workers.",
    "submit": "Send a flow to workers, which run it by themselves.",
    "export": "Write a flow as Python code for Celery.",
    "call": "Send one task to a worker.",
    "worker": "Run a worker for an application's tasks.",
    "explain": "Explain the code of a finding.",
    "lsp": "Serve an editor (Language Server Protocol).",
    "config": "Show the settings in force, and where each comes from.",
    "completion": "Print what lets a shell complete flowc.",
}

#: Modules of commands whose names are those of other modules.
MODULES = {"config": "show_config"}

#: The variable by which a shell asks for completions.
_ASKED = "_FLOWC_COMPLETE"

#: Failures of the system that may come at any write or open: a full disk, say.
NOT_OUR_FAULT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EBADF, errno.EMFILE, errno.ENFILE})

#: Characters of a message about the command line or a setting.
LONGEST_MESSAGE = 4_000


class LazyGroup(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: object = import_module(f".{MODULES.get(cmd_name, cmd_name)}", __package__).command
        if not isinstance(command, click.Command):
            raise TypeError(f"flowc.cli.{cmd_name}.command is not a command")
        if _ASKED in os.environ:
            from .completion import completed

            return completed(command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a wrong name gets the nearest right one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(_unknown_command(args[0]), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help page's list, made without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _unknown_command(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, 1)
    guess = f" Did you mean '{near[0]}'?" if near else f" There are: {', '.join(COMMANDS)}."
    if not near and (name.endswith(".flow") or os.path.exists(name)):
        guess = f" To check a file: flowc check {name}"
    return f"No such command '{name}'.{guess}"


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from .. import __version__

        click.echo(f"flowc {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 findings, 2 usage or configuration, 3 internal error, 4 the run failed, "
    "5 broker out of reach, 6 timed out, 130 interrupted, 143 terminated.",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version and exit.")
def group() -> None:
    """A compiler for workflows: checks, draws and runs .flow files."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Nothing escapes but a traceback asked for by ``FLOWC_DEBUG=1``."""
    prepare_streams()
    if _ASKED in os.environ:
        group.main(prog_name="flowc")
    try:
        code = _dispatch(list(sys.argv[1:] if args is None else args))
        if not sys.stdout.closed:
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        abandon(sys.stdout)
        return Exit.BROKEN_PIPE
    except KeyboardInterrupt:
        note("\nflowc: interrupted\n")
        return Exit.INTERRUPTED
    except Exception as bug:  # of flowc itself: it is told with its place, and FLOWC_DEBUG=1 lets it through
        if isinstance(bug, OSError) and bug.errno in NOT_OUR_FAULT:
            abandon(sys.stdout)
            note(f"flowc: {(bug.strerror or str(bug)).lower()}\n")
            return Exit.USAGE
        if os.environ.get("FLOWC_DEBUG") == "1":
            raise
        note(_apology(bug))
        return Exit.INTERNAL


def _dispatch(args: list[str]) -> int:
    try:
        _check_folder()
        with group.make_context("flowc", args) as context:
            result = group.invoke(context)
    except click.exceptions.NoArgsIsHelpError as no_arguments:
        no_arguments.show()
        return Exit.USAGE
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as wrong:
        written = StringIO()
        wrong.show(written)
        note(_shown(written.getvalue()))
        return Exit.USAGE
    except Stop as stop:
        note(_shown(f"flowc: {stop}\n" + (f"  {stop.hint}\n" if stop.hint else "")))
        return stop.code
    return int(result or 0)


def _check_folder() -> None:
    try:
        os.getcwd()
    except OSError:
        raise Stop("the current folder is not there any more") from None


def _shown(message: str) -> str:
    """A message that quotes names and values from anywhere, as a terminal may have it: bounded, and nothing that it would obey."""
    from ..dsl.columns import visible

    if len(message) > LONGEST_MESSAGE:
        message = f"{message[: LONGEST_MESSAGE // 2]} … {message[-LONGEST_MESSAGE // 2 :]}"
    return "\n".join(map(visible, message.split("\n")))


def _apology(bug: BaseException) -> str:
    import platform
    import traceback

    from .. import __version__

    frames = traceback.extract_tb(bug.__traceback__)
    where = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
    what = " ".join(str(bug).split())[:200]
    return (
        f"flowc: internal error: {type(bug).__name__}: {what} ({where})\n"
        "  This is a mistake in flowc, not in your flow. FLOWC_DEBUG=1 shows where it happened.\n"
        f"  Please report it to the maintainers with the flow (flowc {__version__}, Python {platform.python_version()}).\n"
    )
