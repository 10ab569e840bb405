"""Settings from ``[tool.flowc]`` of the nearest pyproject.toml.

Nearest means: in the current folder or the closest one above it that has a pyproject.toml. The folder of the flow does not
matter, so that a flow from elsewhere cannot bring settings along.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from .exits import Stop

#: Bytes read of a pyproject.toml.
LARGEST = 1_000_000

#: Dots in one of its lines: a key of very many parts takes tomllib quadratic time.
MOST_DOTS = 1_000


@dataclass(frozen=True, slots=True)
class Config:
    """What ``[tool.flowc]`` says. ``path``: the file that it was read from, if any.

    ``app``: the application of ``flowc run``, as ``MODULE[:ATTR]``. ``env``: the environment variables that a flow's ``env()`` may read.
    """

    path: str | None = None
    app: str | None = None
    env: tuple[str, ...] = ()


def read_config(start: str | None = None) -> Config:
    """The settings in force in a folder (by default the current one).

    Raises:
        Stop: the file cannot be read, or holds a key or value that flowc does not know.
    """
    folder = os.path.abspath(start or ".")
    while True:
        path = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(path):
            return _parse(path)
        above = os.path.dirname(folder)
        if above == folder:
            return Config()
        folder = above


def _parse(path: str) -> Config:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Stop(f"cannot read {path}: {error.strerror}") from None
    if b"flowc" not in data:
        return Config(path)
    if len(data) > LARGEST:
        raise Stop(f"{path} is larger than {LARGEST:,} bytes")
    if any(line.count(b".") > MOST_DOTS for line in data.splitlines()):
        raise Stop(f"{path} has a line with more than {MOST_DOTS:,} dots")
    import tomllib

    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Stop(f"{path} is not valid TOML: {error}") from None
    tool = document.get("tool")
    table = tool.get("flowc") if isinstance(tool, dict) else None
    if table is None:
        return Config(path)
    if not isinstance(table, dict):
        raise Stop(f"{path}: [tool.flowc] must be a table")
    return _from_table(path, table)


def _from_table(path: str, table: dict[str, object]) -> Config:
    for key in table:
        if key not in _KEYS:
            raise Stop(f"{path}: [tool.flowc] has no key {key!r}", hint=_suggestion(key))
    values = {key: _KEYS[key](path, value) for key, value in table.items()}
    app, env = values.get("app"), values.get("env")
    return Config(path, app if isinstance(app, str) else None, env if isinstance(env, tuple) else ())


def _suggestion(key: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, _KEYS, 1)
    return f"Did you mean '{near[0]}'?" if near else f"It knows: {', '.join(_KEYS)}."


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


_KEYS: dict[str, Callable[[str, object], object]] = {"app": _app, "env": _env}


def environment(config: Config) -> dict[str, str]:
    """The variables that ``env()`` may read and that are set."""
    return {name: os.environ[name] for name in config.env if name in os.environ}
