"""A Celery application as one of flowc's: its tasks run in flowc's pools and workers, its settings lead to its broker and results.

Celery itself is never imported here: the user's module has done so, and what is needed of it is found in ``sys.modules``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .recognising import is_celery

if TYPE_CHECKING:
    from ..app import App

__all__ = ["adopt", "is_celery"]


def adopt(celery_app: Any) -> App:
    """The :class:`flowc.App` that has the tasks and settings of a Celery application; the same one each time.

    It imports what the application's own workers import (``imports``, ``include``, ``autodiscover_tasks``). Its ``peer`` is the Celery
    application. No connection is opened.

    Raises:
        ImproperlyConfigured: its settings cannot be read, or a module that it names cannot be imported.
        TypeError: it is no Celery application.
    """
    from .adopting import adopted

    return adopted(celery_app)
