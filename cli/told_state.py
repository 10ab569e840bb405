"""One line about a state that a task told on its way, for people."""

from __future__ import annotations

from collections.abc import Mapping

from ..dsl.columns import visible

#: What a state brings along is cut to this many characters.
LONGEST_META = 80

#: The classes of "exceptions" that are no cause of a retry: the task has only asked for another try.
_NO_CAUSE = frozenset(("Retry", "NoneType"))


def state_line(name: str, state: str | None, meta: object) -> str:
    """One line, such as ``load#1 is tried again: OSError: the disk is busy``.

    Args:
        name: the step or call that told it.
        state: its state, which tasks may invent.
        meta: what came with it, as workers store it. That of ``STARTED`` and ``RETRY`` has a form of its own.
    """
    return visible(f"{name} {_said(state, meta)}")


def _said(state: str | None, meta: object) -> str:
    if isinstance(meta, Mapping):
        if state == "STARTED" and isinstance(meta.get("hostname"), str):
            return f"started on {_cut(meta['hostname'])}"
        if state == "RETRY" and isinstance(meta.get("exc_type"), str):
            why = "" if meta["exc_type"] in _NO_CAUSE else f": {_cut(_exception(meta['exc_type'], meta.get('exc_message')))}"
            return f"is tried again{why}"
    return f"says {state}: {_cut(str(meta))}"


def _exception(kind: str, message: object) -> str:
    """An exception as Python prints it: ``exc_message`` has its arguments, or is its text."""
    if isinstance(message, (list, tuple)):
        message = str(message[0]) if len(message) == 1 else str(tuple(message)) if message else ""
    return f"{kind}: {message}" if message else kind


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_META else f"{text[: LONGEST_META - 1]}…"
