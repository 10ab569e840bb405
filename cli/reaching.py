"""What cannot be reached ends a command with a message and an exit code of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .exits import Exit, Stop


@contextmanager
def reaching() -> Iterator[None]:
    """Inside: a broker or result store that cannot be reached ends the command with a message and exit code 5."""
    from ..runtime.errors import BackendError, ConnectionLost

    try:
        yield
    except Stop:
        raise
    except Exception as error:  # whatever is not known here goes on as it is
        # kombu's OperationalError is known by its name: the command line does not import kombu
        names = {kind.__name__ for kind in type(error).__mro__}
        if "Refused" in names:  # a wrong password, say
            raise Stop(f"broker_url: {error}") from None
        if isinstance(error, (BackendError, ConnectionLost, OSError)) or "OperationalError" in names:
            raise Stop(str(error) or type(error).__name__, Exit.BROKER) from None
        raise
