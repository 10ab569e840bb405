"""Who consumes: an id that says whose process it is, so that others can tell when that process is gone.

An id is ``<machine>.<pid>.<start>.<random>``: the machine is the running kernel together with the namespace of process
numbers (a container has its own), the start is the process's own, so that a number that was given anew is not mistaken.
"""

from __future__ import annotations

import functools
import hashlib
import os
import uuid


@functools.cache
def _machine() -> str:
    """A digest of what makes process numbers comparable; empty where it cannot be known."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
    return hashlib.blake2b(f"{boot}/{space}".encode(), digest_size=8).hexdigest()


def _start(pid: int) -> str | None:
    """When a process started, in ticks since boot; None if there is none (or only its corpse), empty if it cannot be known."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # the second field, the name, is in brackets and may hold anything
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError:
        return ""
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()


def new_identity() -> str:
    """An id for a consumer of this process."""
    pid = os.getpid()
    return f"{_machine() or '-'}.{pid}.{_start(pid) or '-'}.{uuid.uuid4().hex[:12]}"


def is_gone(identity: str) -> bool:
    """Whether the process of that id has certainly ended. False if it lives, or if that cannot be told from here."""
    parts = identity.split(".")
    if len(parts) != 4:
        return False
    machine, pid, start, _ = parts
    if not pid.isdecimal() or start == "-" or machine == "-" or machine != _machine():
        return False
    now = _start(int(pid))
    return now is None or (now != "" and now != start)
