"""Makes an application of flowc's of a Celery application: once for each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from ..app import App, Registry
from ..errors import ImproperlyConfigured
from ..failures import never_show
from .inside import Inside
from .recognising import CELERY, is_celery, unwrapped
from .settings import ORIGIN, Settings, settings_of, valid
from .task import CeleryTask
from .task_options import by_settings

#: What cannot be made before it is certain that the settings lead where the Celery application's lead.
_NEEDS_SETTINGS = ("broker", "sender", "control", "backend")

_lock = threading.RLock()

#: Where a Celery application keeps the one that stands for it: they live as long as each other.
_KEPT = "_flowc"


class _Tasks(Registry):
    """The tasks of a Celery application, those too that it registers later."""

    __slots__ = ("_app",)

    def __init__(self, app: CeleryApp, builtin: Registry) -> None:
        super().__init__()
        self._app = app
        self._tasks.update(builtin)

    def __getitem__(self, name: str) -> Any:
        found = self._tasks.get(name)
        if found is not None:
            return found
        peer = self._app.peer.tasks.get(name)
        if peer is None:
            raise KeyError(name)
        made = CeleryTask(self._app, peer)
        self._tasks[name] = made
        return made

    def __contains__(self, name: object) -> bool:
        return name in self._tasks or name in self._app.peer.tasks

    def __iter__(self) -> Iterator[str]:
        self._complete()
        return iter(tuple(self._tasks))

    def __len__(self) -> int:
        self._complete()
        return len(self._tasks)

    def _complete(self) -> None:
        for name in self._app.peer.tasks:
            if name not in self._tasks:
                self[name]


class CeleryApp(App):
    """A Celery application as one of flowc's.

    Attributes:
        peer: the Celery application.
        inside: who runs inside it.
        begun: the id of the process that has been told that it begins.
        written: what its settings write onto its tasks.
    """

    def __init__(self, celery_app: Any) -> None:
        self.peer = celery_app
        self.inside = Inside(celery_app)
        self.begun: int | None = None
        self.written = by_settings(celery_app.conf)
        self._settings: Settings = settings_of(celery_app)
        super().__init__(celery_app.main, settings=self._settings.values, set_as_current=False)
        self.tasks = _Tasks(self, self.tasks)
        self._routes: dict[str, dict[str, Any]] = {}

    def _once(self, what: str, make: Callable[[App], Any]) -> Any:
        if what in self._made:
            return self._made[what]
        if what == "conf":
            return super()._once(what, self._make_conf)
        if what in _NEEDS_SETTINGS:
            self._once("conf", make)
            if self._settings.problems:
                raise ImproperlyConfigured("; ".join(self._settings.problems))
        return super()._once(what, make)

    def _make_conf(self, _: App) -> Any:
        from ..configuration import Configuration

        self._settings = valid(self._settings)
        return Configuration.load(self._settings.values, ORIGIN)

    @property
    def has_broker(self) -> bool:
        """Whether calls can leave this process."""
        return not str(self.conf.broker_url).startswith("memory://")

    def delivery_info(self, peer: Any) -> dict[str, Any]:
        """``self.request.delivery_info`` of a call that has come on no broker: as if on the queue to which the task is routed."""
        found = self._routes.get(peer.name)
        if found is None:
            queue = peer.queue if isinstance(getattr(peer, "queue", None), str) else self.peer.conf.task_default_queue
            found = {"exchange": "", "routing_key": queue, "priority": 0, "redelivered": False}
            self._routes[peer.name] = found
        return dict(found)

    def stands_alone(self) -> None:
        """This process does nothing but run the application's tasks: what any of its threads calls is a task's doing."""
        self.inside.alone = True

    def forked(self) -> None:
        """This is a forked child."""
        super().forked()
        self.inside.forked()

    def __repr__(self) -> str:
        return f"<App of {self.peer!r}: {len(self.tasks)} tasks>"


def adopted(celery_app: Any) -> CeleryApp:
    """See :func:`flowc.runtime.celery_app.adopt`."""
    celery_app = unwrapped(celery_app)
    if not is_celery(celery_app):
        raise TypeError(f"an application is needed, flowc's or Celery's, not an object of type {type(celery_app).__name__}")
    with _lock:
        found: CeleryApp | None = vars(celery_app).get(_KEPT)
        if found is None:
            _configure(celery_app)
            celery_app.finalize()
            celery_app.loader.import_default_modules()
            never_show(*CELERY.between)
            found = CeleryApp(celery_app)
            vars(celery_app)[_KEPT] = found
        return found


def _configure(celery_app: Any) -> None:
    """Have its settings read now, which it does when one is first needed.

    Raises:
        ImproperlyConfigured: they come from a module that is not there or fails.
    """
    source = getattr(celery_app, "_config_source", None)
    try:
        len(celery_app.conf)  # to look one up would not do: a KeyError of the user's module counts there as "not set"
    except Exception as exc:
        if not isinstance(source, str):
            raise
        raise ImproperlyConfigured(f"its settings come from {source!r}, which cannot be read: {type(exc).__name__}: {exc}") from exc
