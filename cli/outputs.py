"""Where the reports of one run go: standard output, and files in formats of their own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .exits import Stop
from .report import FORMATS

if TYPE_CHECKING:
    from ..dsl.render import Report

#: The format that the end of a file's name stands for; the longest end that fits counts.
ENDINGS = {
    ".sarif": "sarif",
    ".sarif.json": "sarif",
    ".json": "json",
    ".xml": "junit",
    ".md": "markdown",
    ".txt": "full",
    "gl-code-quality-report.json": "gitlab",
}


class Output(NamedTuple):
    """A file for a report, and the report's format."""

    form: str
    path: str


def read_outputs(written: Iterable[str], checked: Sequence[str] = ()) -> tuple[Output, ...]:
    """What ``-o`` says: ``FORMAT:FILE``, or just a file whose name ends as a format's files do.

    Raises:
        Stop: the format is not known, a file is named twice, or is one of those that are ``checked``.
    """
    outputs: list[Output] = []
    for text in written:
        output = _read(text)
        if "\0" in output.path:
            raise Stop(f"-o {text!r}: it is no path")
        real = os.path.realpath(output.path)
        if any(os.path.realpath(other.path) == real for other in outputs):
            raise Stop(f"-o names {output.path} twice")
        if any("\0" not in path and os.path.realpath(path) == real for path in checked):
            raise Stop(f"-o {text} would overwrite a flow that is to be checked")
        outputs.append(output)
    return tuple(outputs)


def _read(text: str) -> Output:
    form, colon, path = text.partition(":")
    if colon and form in FORMATS:
        if path in ("", "-"):
            raise Stop(f"-o {text} names no file", hint=f"For standard output: --output-format {form}")
        return Output(form, path)
    name = os.path.basename(text).lower()
    fitting = [ending for ending in ENDINGS if name.endswith(ending)]
    if fitting:
        return Output(ENDINGS[max(fitting, key=len)], text)
    raise Stop(f"-o {text}: which format?", hint=_hint(text, form if colon else ""))


def _hint(text: str, form: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(form.lower(), FORMATS, 1)
    if near:
        return f"Did you mean {near[0]}:{text.partition(':')[2]}?"
    return f"Write FORMAT:FILE, such as sarif:{text or 'report'}. Formats: {', '.join(FORMATS)}."


def write_outputs(report: Report, outputs: Iterable[Output]) -> None:
    """Write each file whole or not at all. If one cannot be written, the others are, all the same.

    Raises:
        Stop: a file cannot be written.
    """
    from ..dsl.render import rendered
    from .replacing import replace_file

    failed: Stop | None = None
    for form, path in outputs:
        try:
            replace_file(path, rendered(report, form))
        except Stop as stop:
            failed = failed or stop
    if failed is not None:
        raise failed
