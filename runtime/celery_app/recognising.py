"""What a Celery application is, and the parts of the loaded Celery that are worked with."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import Any


def is_celery(value: object) -> bool:
    """Whether it is a Celery application. Asking does not import Celery: without it nothing is one."""
    base = sys.modules.get("celery.app.base")
    kind = getattr(base, "Celery", None)
    return isinstance(kind, type) and issubclass(type(value), kind)


def unwrapped(value: object) -> object:
    """The application that a proxy of Celery's (``celery.current_app``) stands for; anything else as it is."""
    local = sys.modules.get("celery.local")
    kind = getattr(local, "Proxy", None)
    if isinstance(kind, type) and issubclass(type(value), kind):
        return value._get_current_object()  # type: ignore[attr-defined]
    return value


def celery_folders() -> tuple[str, ...]:
    """The folders of the loaded Celery and kombu; none where Celery is not loaded."""
    if "celery" not in sys.modules:
        return ()
    files = [getattr(sys.modules.get(name), "__file__", None) for name in ("celery", "kombu")]
    return tuple(str(Path(file).parent) for file in files if file)


class CeleryParts:
    """Modules and classes of the Celery that the user's module has imported."""

    @cached_property
    def state(self) -> Any:
        """Which task and application are current."""
        return sys.modules["celery._state"]

    @cached_property
    def signals(self) -> Any:
        """Celery's signals."""
        return sys.modules["celery.signals"]

    @cached_property
    def request(self) -> Any:
        """The class of ``self.request``."""
        return sys.modules["celery.app.task"].Context

    @cached_property
    def exception_info(self) -> Any:
        """The class of ``einfo`` in ``on_failure`` and the like."""
        return sys.modules["celery.app.task"].ExceptionInfo

    @cached_property
    def retry(self) -> type[Exception]:
        """What ``self.retry`` raises."""
        return sys.modules["celery.exceptions"].Retry  # type: ignore[no-any-return]

    @cached_property
    def ignore(self) -> type[Exception]:
        """Celery's ``Ignore``."""
        return sys.modules["celery.exceptions"].Ignore  # type: ignore[no-any-return]

    @cached_property
    def reject(self) -> type[Exception]:
        """Celery's ``Reject``."""
        return sys.modules["celery.exceptions"].Reject  # type: ignore[no-any-return]

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """Celery's settings with their defaults."""
        return sys.modules["celery.app.defaults"].DEFAULTS  # type: ignore[no-any-return]

    @cached_property
    def task(self) -> Any:
        """The base class of Celery's tasks."""
        return sys.modules["celery.app.task"].Task

    @cached_property
    def soft_limit_error(self) -> type[Exception]:
        """What tasks catch at their soft time limit."""
        return sys.modules["celery.exceptions"].SoftTimeLimitExceeded  # type: ignore[no-any-return]

    @cached_property
    def between(self) -> tuple[str, ...]:
        """Files of Celery's that stand between who runs a task and the user's function."""
        folder = Path(str(sys.modules["celery.app.task"].__file__)).parent
        files = [folder / f"{name}.py" for name in ("base", "task", "trace", "autoretry")]
        return tuple(map(str, (*files, folder.parent / "utils" / "serialization.py")))


#: Those of this process.
CELERY = CeleryParts()
