"""Results from the form in which Celery stores and sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DecodeError
from .base import ResultBase
from .group import GroupResult
from .single import AsyncResult

if TYPE_CHECKING:
    from ..app import App


def result_from_tuple(form: Any, app: App | None = None) -> Any:
    """The result that ``as_tuple`` described: an :class:`AsyncResult`, or a :class:`GroupResult` for a form with members.

    Raises:
        DecodeError: it is no such form.
    """
    if isinstance(form, ResultBase):
        return form
    made: ResultBase | None = None
    for id_, members in reversed(_chain(form)):
        if members is None:
            if not isinstance(id_, str) or not id_:
                raise _malformed(form)
            made = AsyncResult(id_, app=app, parent=made)
        else:
            made = GroupResult(id_, [result_from_tuple(member, app) for member in members], app=app, parent=made)
    return made


def _chain(form: Any) -> list[tuple[Any, Any]]:
    """Ids and members: of the form itself, of its parent, and so on."""
    found: list[tuple[Any, Any]] = []
    node = form
    while node is not None:
        if not isinstance(node, (list, tuple)) or len(node) != 2:
            raise _malformed(form)
        head, members = node
        id_, node = head if isinstance(head, (list, tuple)) and len(head) == 2 else (head, None)
        if members is not None and not isinstance(members, (list, tuple)):
            raise _malformed(form)
        found.append((id_, members))
    return found


def _malformed(form: Any) -> DecodeError:
    return DecodeError(f"this is no result in the form [[id, parent], members]: {repr(form)[:100]}")
