"""DOT text to SVG, PNG or PDF: by an installed ``dot``, or by the Graphviz that comes inside pygraphviz's wheels.

Both run in a process of their own, with a time limit: a layout without end, or a crash of the library, is an error message.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Literal, TypeAlias

Format: TypeAlias = Literal["svg", "png", "pdf"]

#: Seconds that one rendering may take.
TIMEOUT = 120.0

_STARTS: dict[str, tuple[bytes, ...]] = {"svg": (b"<?xml", b"<svg", b"<!DOCTYPE"), "png": (b"\x89PNG",), "pdf": (b"%PDF",)}

#: Lays out standard input with the bundled library. ``-P`` and the path keep modules of the current folder out.
_BUNDLED = """
import sys
sys.path.append(sys.argv[2])
from pygraphviz import AGraph
graph = AGraph(string=sys.stdin.buffer.read().decode("utf-8"))
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))
"""


class DiagramError(Exception):
    """No picture can be made: no Graphviz that works, it took too long, or a name that the flow does not have. The message says which.

    ``hint`` is what to do, where that is no part of the message.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class _NotUsableError(Exception):
    """This renderer cannot be used; another may."""


def render(dot_text: str, format: Format, *, timeout: float = TIMEOUT) -> bytes:  # noqa: A002 (the word that people know)
    """The picture of a DOT text.

    Args:
        dot_text: of :func:`flowc.compiler.diagram.to_dot`.
        format: ``svg``, ``png`` or ``pdf``.
        timeout: seconds that the layout may take.

    Raises:
        DiagramError: there is no Graphviz that works, or it did not finish in time.
    """
    if format not in _STARTS:
        raise DiagramError(f"'{format}' is no format of pictures: svg, png and pdf are")
    reasons = []
    for command, name in _commands(format):
        try:
            return _run(command, dot_text, format, timeout)
        except _NotUsableError as error:
            reasons.append(f"{name}: {error}")
    raise DiagramError(
        "no Graphviz that works was found (" + "; ".join(reasons) + "). "
        "Install pygraphviz 2, whose wheels bring Graphviz along, or Graphviz itself; DOT text (-o name.dot) needs neither."
    )


def _commands(format: str) -> list[tuple[list[str] | str, str]]:  # noqa: A002
    """The ways to render here, in the order to try them: a command line, or why there is none."""
    dot = shutil.which("dot")
    return [
        ([dot, f"-T{format}"] if dot else "not installed", dot or "dot"),
        (_bundled(format), "pygraphviz"),
    ]


def _bundled(format: str) -> list[str] | str:  # noqa: A002
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("pygraphviz")
    if spec is None or not spec.origin:
        return "not installed"
    if not sys.executable:
        return "no Python interpreter to run it with"
    return [sys.executable, "-P", "-c", _BUNDLED, format, str(Path(spec.origin).parent.parent)]


def _run(command: list[str] | str, dot_text: str, format: str, timeout: float) -> bytes:  # noqa: A002
    if isinstance(command, str):
        raise _NotUsableError(command)
    try:
        done = subprocess.run(command, input=dot_text.encode("utf-8", "replace"), capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise DiagramError(
            f"Graphviz did not finish the layout within {timeout:g} s. Draw less: a lower limit collapses more, or write .dot instead."
        ) from None
    except OSError as error:
        raise _NotUsableError(error.strerror or str(error)) from None
    if done.returncode == 0 and done.stdout.lstrip().startswith(_STARTS[format]):
        return done.stdout
    raise _NotUsableError(_reason(done))


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip() and "Fontconfig" not in line]
    said = f": {lines[-1].strip()[:200]}" if lines else ""
    if done.returncode < 0:
        return f"it crashed (signal {-done.returncode}){said}"
    return (f"it failed (exit code {done.returncode})" if done.returncode else "it made no picture") + said
