"""``flowc stubs``: what the tasks of an application take and give, as declarations in a file that checks can read instead of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from .exits import Exit, Stop
from .terminal import note, out

if TYPE_CHECKING:
    from ..compiler.declarations import Declaration
    from ..compiler.stub_writer import StubText
    from .config import Config


@click.command()
@click.argument("path", metavar="[FILE]", required=False)
@click.option("--app", "spec", metavar="MODULE[:ATTR]", help="The application: flowc's or Celery's [default: app in [tool.flowc]].")
@click.option("-o", "--output", metavar="FILE", help="Write this file, instead of standard output. The same as giving FILE.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; leave with 1, and print the difference, if FILE would change.")
def command(path: str | None, spec: str | None, output: str | None, only_check: bool) -> int:
    """Write down the tasks of an application: parameters, types, results, default options, descriptions.

    The file is then given to other commands with --stubs FILE, or with stubs = ["FILE"] in [tool.flowc] of the pyproject.toml, and they
    need the application no more. --check without a FILE looks at the one that stands there.
    """
    from ..runtime.output import tasks_print_to_stderr
    from .config import read_config

    config = read_config()
    target = _target(path, output, only_check, config)
    with tasks_print_to_stderr():  # what modules print when they are imported is no part of the file
        named, tasks = _tasks(spec, config)
    written = _written(named, tasks)
    for remark in written.remarks:
        note(f"flowc: {remark}\n")
    if only_check:
        return _compare(target, written.text, named)
    if not target:
        out(written.text)
    elif _read(target) != written.text:
        from .replacing import replace_file

        replace_file(target, written.text)
        note(f"{_tasks_text(written)} in {target}.\n")
    else:
        note(f"{_tasks_text(written)} in {target}, as before.\n")
    return Exit.CLEAN


def _target(path: str | None, output: str | None, only_check: bool, config: Config) -> str:
    """The file that is meant; empty for standard output."""
    if path is not None and output is not None and path != output:
        raise Stop(f"two files are given: {path} and {output}")
    target = path or output or ""
    if only_check and not target:
        if len(config.stubs) != 1:
            raise Stop("--check needs the FILE to look at", hint="For example: flowc stubs --app proj.tasks:app --check tasks.flow")
        target = config.stubs[0]
    return target


def _tasks(spec: str | None, config: Config) -> tuple[str, Mapping[str, Declaration]]:
    """How the application is called, and what its tasks declare."""
    from ..flow import declarations
    from .application import find_application, import_tasks

    named = spec or config.app
    if named is None:
        where = f"app in [tool.flowc] of {config.path}" if config.path else "app in [tool.flowc] of a pyproject.toml"
        raise Stop("there is no application whose tasks could be written down", hint=f"Give --app MODULE[:ATTR], or set {where}.")
    app = find_application(named, None if spec else config.path)
    import_tasks(app)
    return named, declarations(app)


def _written(named: str, tasks: Mapping[str, Declaration]) -> StubText:
    from ..compiler.stub_writer import stub_text
    from ..dsl.columns import visible

    return stub_text(tasks.values(), f"flowc stubs --app {visible(named)}")


def _tasks_text(written: StubText) -> str:
    return f"{written.tasks:,} task{'' if written.tasks == 1 else 's'}"


def _read(path: str) -> str | None:
    """What the file holds now; None if there is none, or nothing that could be the same."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read() if os.path.isfile(path) else None
    except (OSError, ValueError):
        return None


def _said(text: str) -> str:
    """A file but for its first line, if that tells how the application was called: there are several ways to call the same one."""
    head, _, rest = text.partition("\n")
    return rest if head.startswith("# Made by `flowc stubs ") else text


def _compare(path: str, text: str, named: str) -> int:
    from .difference import shown

    found = _read(path)
    if found is not None and _said(found) == _said(text):
        return Exit.CLEAN
    out("".join(shown(found or "", text, path, sys.stdout)))
    command_ = f"flowc stubs --app {named} -o {path}"
    note(f"{path} {'is not there' if found is None else 'is out of date'}: `{command_}` writes it.\n")
    return Exit.FINDINGS
