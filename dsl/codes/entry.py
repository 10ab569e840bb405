"""What the registry knows of one code."""

from __future__ import annotations

from ..diagnostics import Severity
from ..record import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding.

    ``message`` is a template for ``str.format``; ``explanation`` is Markdown for ``flowc explain`` and the catalogue.
    ``bad`` is a flow that gets this finding and ``good`` one that does not; a line ``=== name.flow`` inside
    starts a further file that the first may include. Both are run by the tests. ``bad`` is empty where no
    text of a flow can show it (a file that cannot be read, a parameter of the command line).
    """

    code: str
    title: str
    message: str
    explanation: str
    bad: str = ""
    good: str = ""
    severity: Severity = Severity.ERROR
