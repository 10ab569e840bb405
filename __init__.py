"""flowc: a compiler for workflows.

``flowc.load("etl.flow")`` compiles a file and ``flowc.App`` is where tasks are registered. Everything is
imported when it is first asked for, so that ``import flowc`` costs nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["App", "Flow", "FlowError", "PlanError", "UnknownTasks", "load", "loads"]

TYPE_CHECKING = False  # not typing's: importing it would cost as much as the rest of this file
if TYPE_CHECKING:
    from .compiler.plan import PlanError
    from .flow import Flow, FlowError, load, loads
    from .runtime.app import App
    from .runtime.errors import UnknownTasks

_HOMES = {
    "App": "runtime.app",
    "Flow": "flow",
    "FlowError": "flow",
    "PlanError": "compiler.plan",
    "UnknownTasks": "runtime.errors",
    "load": "flow",
    "loads": "flow",
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
