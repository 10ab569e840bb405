"""``flowc config``: the settings in force here, and where each comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from .exits import Exit, Stop
from .terminal import out, out_json

#: The version of the JSON form. It changes when a reader of an older one could misunderstand it.
JSON_VERSION = 1

#: What the command line's own settings are where nothing is said.
DEFAULTS: dict[str, object] = {"app": None, "env": [], "stubs": []}

DEFAULT = "default"


class Row(NamedTuple):
    """A setting: its name (``check.strict`` is the key ``strict`` of ``[tool.flowc.check]``), its value, and where that is from."""

    name: str
    value: object
    origin: str


@click.command()
@click.option("--all", "everything", is_flag=True, help="Show the application's settings that have their defaults, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(everything: bool, as_json: bool) -> int:
    """Show the settings in force here, and where each comes from.

    Those of the command line and of flowc check come from [tool.flowc] of the nearest pyproject.toml; those of applications from there and
    from variables FLOWC_…, unless the program says otherwise. Passwords do not show.
    """
    from ..runtime.configuration.project import nearest_project

    path = nearest_project()
    rows = [*_of_the_command_line(path), *_of_applications(everything)]
    if as_json:
        settings = [{"name": row.name, "value": row.value, "from": row.origin} for row in rows]
        out_json(
            json.dumps({"version": JSON_VERSION, "file": path, "settings": settings}, indent=2, default=str, ensure_ascii=False) + "\n"
        )
    else:
        out(_table(rows))
    return Exit.CLEAN


def _of_the_command_line(path: str | None) -> Iterator[Row]:
    """Its own settings and those of commands, all of them; they are checked first.

    Raises:
        Stop: a key that there is not, or a value that it cannot have.
    """
    from ..runtime.configuration.project import COMMAND_LINE_KEYS, read_table
    from .check_table import KEYS, read_check_table
    from .config import read_config

    config = read_config()
    read_check_table(config)
    table = read_table(path) if path is not None else {}
    for key in COMMAND_LINE_KEYS:
        if key == "check":
            for name in KEYS:
                yield _row(f"check.{name}", config.check, name, _check_default(name), f"[tool.flowc.check] of {path}")
        elif isinstance(table.get(key), dict):
            for name in table[key]:
                yield _row(f"{key}.{name}", table[key], name, None, f"[tool.flowc.{key}] of {path}")
        else:
            yield _row(key, table, key, DEFAULTS.get(key), f"[tool.flowc] of {path}")


def _row(shown: str, table: Any, key: str, default: object, origin: str) -> Row:
    return Row(shown, _masked(table[key], key), origin) if key in table else Row(shown, default, DEFAULT)


def _check_default(name: str) -> object:
    from .check_table import CheckTable

    if name == "select":
        return ["F"]
    value = getattr(CheckTable(), name)
    tables = ("per_file_ignores", "severity")
    return ({} if name in tables else list(value)) if isinstance(value, tuple) else value


def _of_applications(everything: bool) -> Iterator[Row]:
    from ..runtime.configuration import Configuration
    from ..runtime.errors import ImproperlyConfigured

    try:
        settings = Configuration.load()
    except ImproperlyConfigured as problem:
        raise Stop(str(problem)) from None
    for key, value in settings.items():
        origin = settings.origin(key)
        if everything or origin != DEFAULT:
            yield Row(key, _masked(value, key), origin)


def _masked(value: object, key: str) -> object:
    from ..runtime.configuration.secrets import masked

    return masked(value, key)


def _table(rows: list[Row]) -> str:
    from ..dsl.columns import visible

    cells = [(row.name, visible(json.dumps(row.value, default=str, ensure_ascii=False)), row.origin) for row in rows]
    names = max(len(name) for name, _, _ in cells)
    values = max((len(value) for _, value, _ in cells if len(value) <= 60), default=0)
    return "".join(f"{visible(name):<{names}} = {value:<{values}}  # {visible(origin)}\n" for name, value, origin in cells)
