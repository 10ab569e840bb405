"""What sending fails with, for those who do not know kombu."""

from __future__ import annotations


def operational_error() -> type[Exception]:
    """kombu's ``OperationalError``: the broker cannot be reached, and every retry is used up."""
    from kombu.exceptions import OperationalError

    found: type[Exception] = OperationalError
    return found
