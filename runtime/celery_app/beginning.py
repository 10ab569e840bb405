"""What a worker of Celery's does when it starts, for tasks that count on it: ``setup_logging``, ``worker_init``, ``worker_process_init``.

Only in a process that does nothing but run an application's tasks: in any other one, what these signals set up (Django's connections to
its databases, say) is the program's own.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .recognising import CELERY

if TYPE_CHECKING:
    from .adopting import CeleryApp

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Sender:
    """What stands for a worker as the sender of ``worker_init``."""

    app: Any
    hostname: str
    pool_cls: str = "flowc"


def begin(app: CeleryApp) -> None:
    """Before the first task that this process runs: tell that a worker, and one of its processes, begin."""
    if not app.inside.alone or app.begun == os.getpid():
        return
    with _lock:
        if app.begun == os.getpid():
            return
        app.peer.set_default()
        signals = CELERY.signals
        if not _logged_by_user(signals):
            logging.getLogger("celery").addHandler(logging.lastResort or logging.NullHandler())
        signals.worker_init.send(sender=Sender(app.peer, socket.gethostname()))
        signals.worker_process_init.send(sender=None)
        app.begun = os.getpid()


def _logged_by_user(signals: Any) -> bool:
    """Whether the program says how it logs. Otherwise Celery's loggers would be silent: each has a handler that does nothing."""
    if signals.setup_logging.receivers:
        signals.setup_logging.send(sender=None, loglevel=logging.WARNING, logfile=None, format="%(message)s", colorize=False)
        return True
    return bool(logging.root.handlers or [one for one in logging.getLogger("celery").handlers if type(one) is not logging.NullHandler])
