"""A process that has flowc loaded and forks one child for each command, so that a hundred commands need no hundred starts.

It reads one JSON request a line from standard input and answers each with a line. Run as a script; :mod:`attack` talks to it.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import sys
import threading
import time
from importlib import import_module
from typing import Any, NoReturn

#: Modules that some command loads. Nothing of them may start a thread.
PRELOADED = (
    *(f"flowc.cli.{name}" for name in ("main", "check", "plan", "graph", "fmt", "run", "explain", "listing", "config", "settings")),
    *(f"flowc.cli.{name}" for name in ("application", "flows", "one", "outcome", "progress", "difference")),
    *(f"flowc.compiler.{name}" for name in ("pipeline", "options", "parameters", "diagram", "graph")),
    *(f"flowc.compiler.diagram.{name}" for name in ("arrange", "captions", "dot", "frames", "handling", "ranks", "thin")),
    *(f"flowc.dsl.{name}" for name in ("format", "recover", "render")),
    "flowc.flow",
    "flowc.runtime.driver",
    "graphviz",
    "kombu.transport.memory",
    "networkx",
    "pygraphviz",
    "yaml",
)


PR_SET_PDEATHSIG = 1

#: Commands that run nothing of the user's.
HARMLESS = {"check", "plan", "graph", "fmt", "explain"}


def prepare(request: dict[str, Any]) -> None:
    """Make this child what the request asks for: its folder, streams, variables and limits."""
    os.setsid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # it is the parent that ends what hangs
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    streams = ((0, request["stdin"], os.O_RDONLY), (1, request["out"], os.O_WRONLY), (2, request["err"], os.O_WRONLY))
    for number, path, mode in streams:
        handle = os.open(path, mode)
        os.dup2(handle, number)
        os.close(handle)
    limit(request["seconds"], request["memory"])
    sys.argv = ["flowc", *request["args"]]


def limit(seconds: int, memory: int) -> None:
    """Let this process take no more seconds of processor time and bytes of address space."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def await_end(pid: int, patience: float) -> tuple[int | None, resource.struct_rusage]:
    """A child's exit code (negative: the signal that ended it) and what it used; None as the code of one that had to be killed."""
    until = time.monotonic() + patience
    while True:
        done, status, used = os.wait4(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), used
        if time.monotonic() > until:
            os.killpg(pid, signal.SIGKILL)
            return None, os.wait4(pid, 0)[2]
        time.sleep(0.002)


def serve() -> dict[str, Any] | None:
    """Answer requests until there are no more; in each child, return the request that it is to run."""
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        pid = os.fork()
        if pid == 0:
            return request
        code, used = await_end(pid, request["patience"])
        answer = {"code": code, "seconds": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss << 10}
        print(json.dumps(answer), flush=True)
    return None


def leave(code: int) -> NoReturn:
    """End this process as the interpreter does, but leave its memory alone: to tidy that up takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    for name in PRELOADED:
        import_module(name)
    gc.collect()
    gc.freeze()  # or else each child would copy all that memory, only to count references
    found = serve()
    if found is not None:
        prepare(found)
        from flowc.cli.main import main

        if HARMLESS.issuperset(found["args"][:1]) and "--app" not in found["args"]:
            leave(main())
        sys.exit(main())
