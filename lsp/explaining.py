"""The explanations of codes as files, since an editor opens a link and not a command."""

from __future__ import annotations

import os
import shutil
import tempfile

from ..dsl.codes import CODES, Code
from .documents import uri_of


class Explanations:
    """Writes the page of a code when it is first linked to, in a folder of this process that ``close`` removes."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._written: dict[str, str | None] = {}

    def uri(self, code: str, address: str = "") -> str | None:
        """Where a code is explained; None where there is no place to write. ``address``: that of a page, ``{code}`` in it for the code."""
        if address:
            return address.replace("{code}", code.lower()).replace("{CODE}", code)
        if code not in self._written:
            self._written[code] = self._write(CODES[code]) if code in CODES else None
        return self._written[code]

    def _write(self, entry: Code) -> str | None:
        try:
            if self._folder is None:
                self._folder = tempfile.mkdtemp(prefix="flowc-lsp-")
            path = os.path.join(self._folder, f"{entry.code}.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write(page(entry))
        except OSError:
            return None
        return uri_of(path)

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def page(entry: Code) -> str:
    """What ``flowc explain`` says of a code, as Markdown."""
    parts = [f"# {entry.code}: {entry.title}", entry.explanation.strip()]
    for words, example in (("This gets the finding:", entry.bad), ("This does not:", entry.good)):
        if example.strip():
            fence = "````" if "```" in example else "```"
            parts += [words, f"{fence}flow\n{example.strip()}\n{fence}"]
    return "\n\n".join(parts) + "\n"
