"""How the zygote is started: forked where that is safe, else as a fresh program that imports the application by name."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from ...app import App
from ...errors import UsageError
from .channel import Channel
from .zygote import READY, run_zygote


def start_zygote(app: App) -> tuple[socket.socket, int]:
    """Start a zygote for the application: our end of its control socket, and its process id.

    Raises:
        UsageError: it had to be started afresh and could not import the application.
    """
    ours, theirs = socket.socketpair()
    place = None if _fork_is_safe() else _importable(app)
    with theirs:
        pid = _fork(ours, theirs, app) if place is None else _fresh(theirs, *place)
    if place is not None and not _greeted(ours, app):
        ours.close()
        os.waitpid(pid, 0)
        raise UsageError(f"a new process could not import {place[0]}, which has the application; it has said why above")
    return ours, pid


def _fork_is_safe() -> bool:
    return sys.platform != "darwin" and threading.active_count() == 1


def _fork(ours: socket.socket, theirs: socket.socket, app: App) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        # Python 3.12 warns of threads that it has not started itself (of numerical libraries, which look after themselves)
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        ours.close()
        run_zygote(theirs, app)
    return pid


def _importable(app: App) -> tuple[str, str, list[str]] | None:
    """The module and name under which the application can be imported, and all modules with tasks of it; None if there is none."""
    modules = sorted({task.function.__module__ for task in app.tasks.values()} - {__package__.rpartition(".worker")[0] + ".builtin_tasks"})
    if any(_without_file(name) for name in modules):
        return None
    for name, module in sorted(sys.modules.items()):
        if name == "__main__" or name.startswith("celery.") or _without_file(name):  # Celery knows its applications in places of its own
            continue
        for attribute, value in list(vars(module).items()):
            if value is app or (app.peer is not None and value is app.peer):
                return name, attribute, sorted({*modules, name})
    return None


def _without_file(name: str) -> bool:
    """Whether a module cannot be imported again under its name by another process."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return name == "__main__" or spec is None or not spec.has_location or not Path(str(spec.origin)).exists()


def _greeted(ours: socket.socket, app: App) -> bool:
    """Tell a fresh zygote the settings, and wait until it is ready. Not on its command line: they may have passwords."""
    with contextlib.suppress(OSError):
        Channel(ours).send(_settings(app))
        return ours.recv(1) == READY
    return False


def _settings(app: App) -> dict[str, Any]:
    """What the program has set, which a process that only imports the application would not know; what cannot be carried is left out."""
    if "conf" not in app._made:
        return {}
    found = {}
    for key in app.conf:
        if app.conf.origin(key) in ("conf.update", "assigned", "App(…)"):
            with contextlib.suppress(Exception):  # a function of the user's script, say
                pickle.dumps(app.conf[key])
                found[key] = app.conf[key]
    return found


def _fresh(theirs: socket.socket, module: str, attribute: str, modules: list[str]) -> int:
    told = json.dumps({"path": sys.path, "module": module, "attribute": attribute, "modules": modules})
    fd = theirs.fileno()
    process = subprocess.Popen([sys.executable, "-m", "flowc.runtime.worker.pools.zygote", str(fd), told], pass_fds=(fd,))
    process.returncode = 0  # the pool waits for it by its id
    return process.pid
