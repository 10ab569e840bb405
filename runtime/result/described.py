"""What a document says of a call."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ..results.interface import READY_STATES, Meta
from . import reading
from .base import ResultBase

#: Nothing is known of the call.
NOTHING: Meta = {"status": "PENDING", "result": None, "traceback": None, "children": None}


class Described(ResultBase):
    """A result that has a document, asked for anew until it is final."""

    __slots__ = ()

    _final: Meta | None
    _value: Any

    def _document(self) -> Meta:
        raise NotImplementedError

    @property
    def state(self) -> str:
        """``PENDING`` (nothing is known of it), ``STARTED``, ``RETRY``, ``SUCCESS``, ``FAILURE``, ``REVOKED``, or a state of its own."""
        status: str = self._document()["status"]
        return status

    status = state

    @property
    def result(self) -> Any:
        """What it returned, the exception that it raised, or the meta of its state."""
        meta = self._document()
        return self._value if meta is self._final else reading.value(self.app, meta)

    info = result

    def ready(self) -> bool:
        """Whether it has ended."""
        return self.state in READY_STATES

    def successful(self) -> bool:
        """Whether it has returned."""
        return self.state == "SUCCESS"

    def failed(self) -> bool:
        """Whether it has raised."""
        return self.state == "FAILURE"

    def exists(self) -> bool:
        """Whether anything is kept of it."""
        return self._document() is not NOTHING

    @property
    def traceback(self) -> str | None:
        """The traceback of what it raised."""
        return self._document().get("traceback")

    @property
    def children(self) -> list[Any] | None:
        """The results of the calls that it made itself."""
        from .tuples import result_from_tuple

        found = self._document().get("children")
        return None if found is None else [result_from_tuple(child, self.app) for child in found]

    @property
    def date_done(self) -> dt.datetime | None:
        """When it ended (UTC)."""
        return reading.moment(self._document().get("date_done"))

    @property
    def name(self) -> str | None:
        """The task's name (``result_extended``)."""
        return self._document().get("name")

    @property
    def args(self) -> Any:
        """Its arguments (``result_extended``)."""
        return self._document().get("args")

    @property
    def kwargs(self) -> Any:
        """Its named arguments (``result_extended``)."""
        return self._document().get("kwargs")

    @property
    def worker(self) -> str | None:
        """The worker that ran it (``result_extended``)."""
        return self._document().get("worker")

    @property
    def retries(self) -> int | None:
        """How often it was tried again (``result_extended``)."""
        return self._document().get("retries")

    @property
    def queue(self) -> str | None:
        """The queue that it was in (``result_extended``)."""
        return self._document().get("queue")
