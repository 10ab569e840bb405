"""Options in the signatures of other clients which no call has here: left out, as nothing comes of them in stock workers either."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ..calling.call_options import FOREIGN, OPTIONS
from ..failures import LONGEST_NAME, cut

logger = logging.getLogger("flowc.worker")

#: Names that have been warned of, and how many at most.
_warned: set[str] = set()
_MOST = 100

#: The arguments of a canvas that are signatures, or lists of them.
_PARTS = ("tasks", "header", "body", "task")

#: What stock clients leave in a chord's body: how its header is looked after.
_SILENT = frozenset({"interval", "max_retries"})


def without_unknown_options(signature: Mapping[str, Any]) -> Mapping[str, Any]:
    """A signature in its dict form without such options, and so every signature that it is made of. Itself, if it has none."""
    options = signature.get("options") or {}
    stamps = options.get("stamped_headers") or ()
    unknown = [name for name in options if name not in OPTIONS and name not in FOREIGN and name not in stamps]
    made = dict(signature)
    if unknown:
        _warn(unknown)
        made["options"] = {name: value for name, value in options.items() if name not in unknown}
    kwargs = signature.get("kwargs") or {}
    parts = [name for name in _PARTS if name in kwargs] if signature.get("subtask_type") else []
    if parts:
        made["kwargs"] = {**kwargs, **{name: _inside(kwargs[name]) for name in parts}}
    return made if unknown or parts else signature


def _inside(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_unknown_options(value)
    if isinstance(value, (list, tuple)):
        return [_inside(item) for item in value]
    return value


def _warn(names: list[str]) -> None:
    for name in names:
        if name not in _warned and name not in _SILENT and len(_warned) < _MOST:
            _warned.add(name)
            logger.warning("a signature has the option %r, which no call has here: it is left out", cut(str(name), LONGEST_NAME))
