"""Flows in notebooks: ``%load_ext flowc``, then a cell that begins with ``%%flow NAME`` is a flow, drawn below the cell.

Source: "Defining custom magics" and "Rich display" of IPython's documentation.
"""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .flow import Flow

#: What stands behind ``%%flow``.
USAGE = "%%flow [NAME] [PARAMETER=VALUE]... [--app VARIABLE]"


def load_ipython_extension(shell: Any) -> None:
    """Called by ``%load_ext flowc``: makes the cell magic ``%%flow`` known."""

    def flow(line: str, cell: str) -> Flow:
        return compile_cell(line, cell, shell.user_ns)

    flow.__doc__ = compile_cell.__doc__
    shell.register_magic_function(flow, "cell", "flow")


def unload_ipython_extension(shell: Any) -> None:
    """Called by ``%unload_ext flowc``."""
    shell.magics_manager.magics["cell"].pop("flow", None)


def compile_cell(line: str, cell: str, variables: dict[str, Any]) -> Flow:
    """Compile a cell: ``%%flow [NAME] [PARAMETER=VALUE]... [--app VARIABLE]``.

    The flow is bound to the variable NAME (``flow`` where none is given) and drawn. Parameters are written as for ``-p`` of the command
    line; IPython puts the values of variables into ``{…}``. ``--app`` names a variable that holds an application, flowc's or Celery's: then
    tasks and arguments are checked against it. Warnings go to standard error.

    Raises:
        FlowError: the flow has errors.
        ValueError: the line is not as above.
    """
    from .compiler.pipeline import Settings, compile_source
    from .dsl.render import render_full
    from .dsl.source import Source
    from .flow import Flow, FlowError, declarations

    name, params, app = _words(line)
    if app is not None and app not in variables:
        raise ValueError(f"--app: there is no variable {app!r}")
    settings = Settings(param_texts=params, tasks=None if app is None else declarations(variables[app]))
    compiled = compile_source(Source(f"<{name}>", cell), settings)
    if compiled.plan is None:
        raise FlowError(compiled.findings)
    if compiled.findings:
        sys.stderr.write(render_full(compiled.findings) + "\n")
    made = Flow(compiled.plan, compiled.findings)
    variables[name] = made
    return made


def _words(line: str) -> tuple[str, dict[str, str], str | None]:
    name, params, app = "flow", dict[str, str](), None
    words = shlex.split(line)
    named = False
    while words:
        word = words.pop(0)
        key, equals, value = word.partition("=")
        if word == "--app" and words:
            app = words.pop(0)
        elif key == "--app" and equals:
            app = value
        elif equals and key and not key.startswith("-"):
            params[key] = value
        elif word.isidentifier() and not named:
            name, named = word, True
        else:
            raise ValueError(f"{word!r} means nothing here: {USAGE}")
    return name, params, app
