"""What ``[tool.flowc]`` of the nearest pyproject.toml says to the command line. Its other keys are settings of the application."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..runtime.configuration.names import NAMES
from ..runtime.configuration.project import COMMAND_LINE_KEYS, nearest_project, read_table
from ..runtime.errors import ImproperlyConfigured
from .exits import Stop


@dataclass(frozen=True, slots=True)
class Config:
    """What ``[tool.flowc]`` says. ``path``: the file that it was read from, if any.

    ``app``: the application of ``flowc run``, as ``MODULE[:ATTR]``. ``env``: the environment variables that a flow's ``env()`` may read.
    ``stubs``: the files that declare the tasks, seen from the current folder. ``check``: the table of ``flowc check``, as it stands there.
    """

    path: str | None = None
    app: str | None = None
    env: tuple[str, ...] = ()
    stubs: tuple[str, ...] = ()
    check: Mapping[str, object] = field(default_factory=dict)


def read_config(start: str | None = None) -> Config:
    """The settings in force in a folder (by default the current one).

    Raises:
        Stop: the file cannot be read, or holds a key or value that flowc does not know. Values of the application's settings are
            checked when one of them is first needed.
    """
    path = nearest_project(start)
    if path is None:
        return Config()
    try:
        table = read_table(path)
    except ImproperlyConfigured as problem:
        raise Stop(str(problem)) from None
    for key in table:
        if key not in _KEYS and key not in NAMES:
            raise Stop(f"{path}: [tool.flowc] has no key {key!r}", hint=_suggestion(key))
    values: dict[str, Any] = {key: _KEYS[key](path, table[key]) for key in COMMAND_LINE_KEYS if key in table}
    return Config(path, **values)


def _suggestion(key: str) -> str:
    from ..runtime.configuration.strangers import nearest, no_longer_or_not_here

    names = (*COMMAND_LINE_KEYS, *NAMES)
    near = nearest(key, names)
    return no_longer_or_not_here(key, names) or (
        f"Did you mean '{near}'?" if near else "It knows app, check, env, stubs and the settings that docs/configuration.md lists."
    )


def _app(path: str, value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise Stop(f'{path}: [tool.flowc] app must be a text such as "proj.tasks:app", not {_shown(value)}')


def _shown(value: object) -> str:
    try:
        return repr(value)
    except ValueError:
        return "a number of very many digits"


def _env(path: str, value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(name, str) and name for name in value):
        return tuple(value)
    raise Stop(f'{path}: [tool.flowc] env must be a list of names of environment variables such as ["HOME"], not {_shown(value)}')


def _stubs(path: str, value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(name, str) and name for name in value):
        folder = os.path.dirname(path)
        # Beside the pyproject.toml, wherever the command is called; shown as the user would write it here.
        return tuple(name if os.path.isabs(name) else os.path.relpath(os.path.join(folder, name)) for name in value)
    raise Stop(f'{path}: [tool.flowc] stubs must be a list of files such as ["tasks.flow"], not {_shown(value)}')


def _check(path: str, value: object) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value  # looked into by the command that needs it
    raise Stop(f"{path}: [tool.flowc] check must be a table, [tool.flowc.check], not {_shown(value)}")


_KEYS: dict[str, Callable[[str, object], object]] = {"app": _app, "check": _check, "env": _env, "stubs": _stubs}


def environment(config: Config) -> dict[str, str]:
    """The variables that ``env()`` may read and that are set."""
    return {name: os.environ[name] for name in config.env if name in os.environ}
