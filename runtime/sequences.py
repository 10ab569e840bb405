"""Which handlers a failure calls, and one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from ..compiler.plan import Scope
from .events import CallHandler
from .failures import Failure


class HandlerSequences:
    """The handlers that are being called: one sequence for each failure that has any.

    A scope serves its first failure (``each``: every one), inner scopes before outer ones, its handlers in written order.
    """

    def __init__(self) -> None:
        self._served: set[str] = set()
        self._waiting: dict[int, deque[CallHandler]] = {}
        self._count = 0

    def __bool__(self) -> bool:
        """Whether any handler has not ended."""
        return bool(self._waiting)

    def begin(self, step: str, failure: Failure, scopes: Iterable[Scope]) -> CallHandler | None:
        """A step has failed inside ``scopes`` (innermost first): the first handler to call, if there is any."""
        number = self._count + 1
        sequence: deque[CallHandler] = deque()
        for scope in scopes:
            if not scope.each:
                if scope.id in self._served:
                    continue
                self._served.add(scope.id)
            sequence.extend(CallHandler(number, scope.id, handler.id, step, failure) for handler in scope.handlers)
        if not sequence:
            return None
        self._count = number
        self._waiting[number] = sequence
        return sequence.popleft()

    def next(self, number: int) -> CallHandler | None:
        """A handler of a sequence has ended, however: the next one, if there is one."""
        sequence = self._waiting.get(number)
        if sequence:
            return sequence.popleft()
        self._waiting.pop(number, None)
        return None
