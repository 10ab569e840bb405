"""One server of each kind for a whole test run, whichever of its processes asks first."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from .rabbitmq import RabbitServer
from .redis import RedisServer
from .server import Server, end_keeper

#: The variable by which the processes of a run know the folder of its servers; its name holds the id of the run's first process.
VARIABLE = "FLOWC_TEST_SERVERS"

KINDS: dict[str, Callable[[Path, int, Path], Server]] = {
    "redis": lambda folder, owner, litter: RedisServer(folder, appendfsync=None, owner=owner, litter=litter),
    "rabbitmq": lambda folder, owner, litter: RabbitServer(folder, owner=owner, litter=litter),
}


def open_run() -> None:
    """Choose a folder for the servers of this process's run. Nothing is made or started before somebody asks."""
    os.environ[VARIABLE] = os.path.join(tempfile.gettempdir(), f"flowc-servers-{os.getpid()}-{secrets.token_hex(8)}")


def close_run() -> None:
    """Kill the run's servers, those that are clients of others first, and remove the folder."""
    folder = Path(os.environ.pop(VARIABLE))
    others = [lock.parent for lock in folder.glob("*/keeper.lock") if lock.parent.name not in KINDS]
    for kept in (*others, *(folder / kind for kind in KINDS)):
        end_keeper(kept, signal.SIGUSR1)
    shutil.rmtree(folder, ignore_errors=True)


def shared_url(kind: str) -> str:
    """The URL of the run's server of a kind, started by the first who asks.

    Raises:
        ServerMissing: it is not installed.
        ServerFailed: it does not start.
    """
    folder = Path(os.environ[VARIABLE])
    folder.mkdir(mode=0o700, exist_ok=True)
    known = folder / f"{kind}.url"
    with (folder / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            server = KINDS[kind](folder / kind, int(folder.name.split("-")[2]), folder)
            server.start()
            known.write_text(server.url)
    return known.read_text()
