"""The command, as the tests of the command line run it."""

from __future__ import annotations

from ...cli.conftest import flowc, here

__all__ = ["flowc", "here"]
