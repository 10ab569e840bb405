"""What can be wrong with the test of a flow."""

from __future__ import annotations

from ..errors import UsageError


class StubError(UsageError):
    """A name that the flow does not have, a task without a stub, or a stub that cannot do what it is asked for."""
