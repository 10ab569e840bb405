"""From a stored document to what a caller sees: exceptions as such, children as results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import DecodeError
from ..failures import Failure, exception_of
from ..results.interface import EXCEPTION_STATES, Meta

if TYPE_CHECKING:
    from ..app import App

#: Where other workers' exceptions come from that have one of ours by the same name.
_COUNTERPARTS = frozenset({"celery.exceptions", "billiard.exceptions", "kombu.exceptions"})
_LONGEST_NAME = 200


def value(app: App, meta: Meta) -> Any:
    """A task's return value, its exception, or the meta of its state."""
    found = meta["result"]
    return exception(app, found) if meta["status"] in EXCEPTION_STATES else found


def message(app: App, meta: Meta) -> dict[str, Any]:
    """A state message as ``on_message`` gets it: the keys of Celery's guide first."""
    first = {key: meta.get(key) for key in ("task_id", "status", "result", "traceback", "children")}
    first["result"] = value(app, meta)
    return {**first, **{key: item for key, item in meta.items() if key not in first}}


def exception(app: App, found: Any) -> BaseException:
    """The exception that a document describes.

    Its class is looked up in the builtins, in flowc's errors and in the modules that registered the application's tasks: what a document
    names is never imported. Any other class becomes an ``Exception`` of the same name, and so does one that would end the process
    (``SystemExit``).
    """
    if isinstance(found, BaseException):  # pickled
        return found
    if not isinstance(found, Mapping):
        return Exception(found)
    name, module = _text(found.get("exc_type")), _text(found.get("exc_module"))
    given = found.get("exc_message")
    args = tuple(given) if isinstance(given, (list, tuple)) else () if given is None else (given,)
    name = name.rpartition(".")[2] or "Exception"
    if module in _COUNTERPARTS:
        from .. import errors

        module = errors.__name__
    made = exception_of(Failure(name, module, "", args), {task.function.__module__ for task in app.tasks.values()})
    return made if isinstance(made, Exception) else exception_of(Failure(name, "", "", args))


def _text(name: Any) -> str:
    """A name that a class can have."""
    if not isinstance(name, str):
        return ""
    return name[:_LONGEST_NAME].encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def moment(found: Any) -> dt.datetime | None:
    """``date_done`` as a datetime.

    Raises:
        DecodeError: it is none.
    """
    if found is None or isinstance(found, dt.datetime):
        return found
    try:
        return dt.datetime.fromisoformat(found)
    except (TypeError, ValueError):
        raise DecodeError(f"date_done of a result is no time: {str(found)[:100]!r}") from None
