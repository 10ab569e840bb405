"""The settings of an application: one validated object, ``Configuration``, and the sources that it takes them from.

Nothing is imported eagerly: the command line reads ``[tool.flowc]`` through ``project`` without pydantic.
"""

from __future__ import annotations

__all__ = ["Configuration"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .configuration import Configuration


def __getattr__(name: str) -> object:
    """``Configuration``, imported from its home on first use (PEP 562)."""
    if name != "Configuration":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .configuration import Configuration

    globals()[name] = Configuration
    return Configuration
