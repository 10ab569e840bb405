"""Settings from environment variables: ``FLOWC_BROKER_URL`` and so on.

A number or table is written as in JSON, a truth value as ``true`` or ``false`` (``1``, ``0``, ``yes``, ``no``, ``on`` and ``off`` do, too),
a list as JSON or with commas between, a text as it is. ``null`` is None. An empty variable counts as one that is not set.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ..errors import ImproperlyConfigured
from .kinds import Kind
from .project import COMMAND_LINE_KEYS
from .strangers import unknown

PREFIX = "FLOWC_"

#: Variables that are no settings: of the command line, and of flowc's own tests.
OTHER_VARIABLES = frozenset({"DEBUG", "SEED", "SNAPSHOTS", "SOAK", "UPDATE"})

#: Variables beginning so are the tests' and benchmarks' own, whatever comes after.
FREE = ("TEST_", "BENCH_")

_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False, "none": None}
_WORDS = {"True": True, "False": False, "None": None}


def environment_settings(kinds: Mapping[str, Kind], variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The settings that environment variables give.

    Args:
        kinds: each setting with its kind.
        variables: the environment; by default that of the process.

    Raises:
        ImproperlyConfigured: a variable beginning with ``FLOWC_`` is neither a setting nor known otherwise.
    """
    found: dict[str, Any] = {}
    for variable, text in (os.environ if variables is None else variables).items():
        if not variable.startswith(PREFIX) or not text.strip():
            continue
        name = variable.removeprefix(PREFIX)
        if name in OTHER_VARIABLES or name.startswith(FREE):
            continue
        key = name.lower()
        if key in COMMAND_LINE_KEYS:
            raise ImproperlyConfigured(f"environment variable {variable}: {key} is read from [tool.flowc] of a pyproject.toml alone")
        if key not in kinds or name != key.upper():
            raise ImproperlyConfigured(f"environment variable {variable}: {unknown(key, kinds)}")
        found[key] = decoded(text, kinds[key])
    return found


def decoded(text: str, kind: Kind) -> object:
    """The value that a variable's text stands for, as well as its form says; what is no such value is left for the check."""
    text = text.strip()
    if text == "null":
        return None
    if kind.writing == "text":
        return text
    if kind.writing == "flag":
        return _FLAGS.get(text.lower(), text)
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        if kind.writing == "list" and not text.startswith(("[", "{")):
            return [part.strip() for part in text.split(",") if part.strip()]
        return _WORDS.get(text, text)
    if kind.writing == "list" and not isinstance(value, (list, dict)):
        return [part.strip() for part in text.split(",")]
    return value
