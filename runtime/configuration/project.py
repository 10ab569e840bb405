"""``[tool.flowc]`` of the nearest pyproject.toml, read with limits: the file may be anybody's.

Nearest means: in the current folder or the closest one above it that has a pyproject.toml. The folder of the flow does not
matter, so that a flow from elsewhere cannot bring settings along.
"""

from __future__ import annotations

import os
from typing import Any

from ..errors import ImproperlyConfigured

#: Bytes read of a pyproject.toml.
LARGEST = 1_000_000

#: Dots in one of its lines: a key of very many parts takes tomllib quadratic time.
MOST_DOTS = 1_000

#: Keys of the table that are no settings but the command line's own: see ``flowc.cli.config``.
COMMAND_LINE_KEYS = ("app", "check", "env", "stubs")


def nearest_project(start: str | None = None) -> str | None:
    """The path of the pyproject.toml that counts in a folder (by default the current one), if there is one."""
    folder = os.path.abspath(start or ".")
    while True:
        path = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(path):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def read_table(path: str) -> dict[str, Any]:
    """The table ``[tool.flowc]`` of a pyproject.toml; empty if it has none.

    Raises:
        ImproperlyConfigured: the file cannot be read, is too large, or is not TOML.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ImproperlyConfigured(f"cannot read {path}: {error.strerror}") from None
    if b"flowc" not in data:
        return {}
    if len(data) > LARGEST:
        raise ImproperlyConfigured(f"{path} is larger than {LARGEST:,} bytes")
    if any(line.count(b".") > MOST_DOTS for line in data.splitlines()):
        raise ImproperlyConfigured(f"{path} has a line with more than {MOST_DOTS:,} dots")
    import tomllib

    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ImproperlyConfigured(f"{path} is not valid TOML: {error}") from None
    tool = document.get("tool")
    table = tool.get("flowc", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise ImproperlyConfigured(f"{path}: [tool.flowc] must be a table")
    return table


def project_settings() -> tuple[dict[str, Any], str]:
    """The settings of the nearest ``[tool.flowc]``, and what to call it."""
    try:
        path = nearest_project()
    except OSError:  # the current folder was removed
        path = None
    if path is None:
        return {}, ""
    table = read_table(path)
    return {key: value for key, value in table.items() if key not in COMMAND_LINE_KEYS}, f"[tool.flowc] of {path}"
