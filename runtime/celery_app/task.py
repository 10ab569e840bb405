"""A Celery task as one of flowc's."""

from __future__ import annotations

from typing import Any

from .. import request as requests
from ..errors import SoftTimeLimitExceeded
from ..task import Task
from .recognising import CELERY
from .serving import serve
from .task_options import body_of, function_of, options_of


class CeleryTask(Task):
    """Runs a Celery task for a call of flowc's.

    Attributes:
        peer: the Celery task.
        body: what a worker of Celery's would call.

    What is not known here is asked of the Celery task: attributes of its class, say.
    """

    def __init__(self, app: Any, peer: Any) -> None:
        if not peer.__bound__:  # registered by hand
            peer.bind(app.peer)
        function, bind = function_of(peer)
        super().__init__(app, function, peer.name, bind=bind, options=options_of(peer, app.written))
        self.peer = peer
        self.body = body_of(peer, CELERY.task)
        self.soft_limit_error = _soft_limit_error(CELERY.soft_limit_error)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the Celery task as its own worker would; called as a plain function, as Celery does then."""
        context = requests.current()
        if context is None or context.called_directly:
            return self.peer(*args, **kwargs)
        return serve(self, context, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        peer = self.__dict__.get("peer")
        if peer is None or name.startswith("__"):
            raise AttributeError(f"{type(self).__name__} has no {name!r}")
        return getattr(peer, name)


_made: dict[type[Exception], type[Exception]] = {}


def _soft_limit_error(celerys: type[Exception]) -> type[Exception]:
    """What is raised at a soft time limit: a task may catch Celery's class, and the run knows flowc's."""
    if celerys not in _made:
        name = SoftTimeLimitExceeded.__name__
        _made[celerys] = type(name, (SoftTimeLimitExceeded, celerys), {"__module__": SoftTimeLimitExceeded.__module__})
    return _made[celerys]
