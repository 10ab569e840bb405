"""flowc: a compiler for workflows.

``flowc.load("etl.flow")`` compiles a file and ``flowc.App`` is where tasks are registered. Everything is
imported when it is first asked for, so that ``import flowc`` costs nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = [
    "App",
    "AsyncResult",
    "EagerResult",
    "Flow",
    "FlowError",
    "GroupResult",
    "PlanError",
    "ResultSet",
    "Signature",
    "Submission",
    "SubmissionFailed",
    "SubmissionRefused",
    "Task",
    "UnknownTasks",
    "allow_join_result",
    "chain",
    "chord",
    "chunks",
    "current_app",
    "current_task",
    "group",
    "load",
    "loads",
    "maybe_signature",
    "shared_task",
    "signature",
    "xmap",
    "xstarmap",
]

TYPE_CHECKING = False  # not typing's: importing it would cost as much as the rest of this file
if TYPE_CHECKING:
    from .compiler.plan import PlanError
    from .flow import Flow, FlowError, load, loads
    from .runtime.app import App
    from .runtime.canvas import chunks, xmap, xstarmap

    # From their modules: a type checker may take the package's attribute for the module of that name.
    from .runtime.canvas.chain import chain
    from .runtime.canvas.chord import chord
    from .runtime.canvas.group import group
    from .runtime.canvas.signature import Signature, maybe_signature, signature
    from .runtime.errors import UnknownTasks
    from .runtime.fleet.refusals import SubmissionRefused
    from .runtime.fleet.submission import Submission, SubmissionFailed
    from .runtime.proxies import current_app, current_task
    from .runtime.result import AsyncResult, EagerResult, GroupResult, ResultSet, allow_join_result
    from .runtime.shared import shared_task
    from .runtime.task import Task

_HOMES = {
    "App": "runtime.app",
    "AsyncResult": "runtime.result",
    "EagerResult": "runtime.result",
    "Flow": "flow",
    "FlowError": "flow",
    "GroupResult": "runtime.result",
    "PlanError": "compiler.plan",
    "ResultSet": "runtime.result",
    "Signature": "runtime.canvas",
    "Submission": "runtime.fleet.submission",
    "SubmissionFailed": "runtime.fleet.submission",
    "SubmissionRefused": "runtime.fleet.refusals",
    "Task": "runtime.task",
    "UnknownTasks": "runtime.errors",
    "allow_join_result": "runtime.result",
    "chain": "runtime.canvas",
    "chord": "runtime.canvas",
    "chunks": "runtime.canvas",
    "current_app": "runtime.proxies",
    "current_task": "runtime.proxies",
    "group": "runtime.canvas",
    "load": "flow",
    "load_ipython_extension": "notebook",
    "loads": "flow",
    "maybe_signature": "runtime.canvas",
    "shared_task": "runtime.shared",
    "signature": "runtime.canvas",
    "unload_ipython_extension": "notebook",
    "xmap": "runtime.canvas",
    "xstarmap": "runtime.canvas",
}


def __getattr__(name: str) -> object:
    """The public names, each imported from its home on first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
