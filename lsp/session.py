"""What the server knows between two requests: open texts, settings, and what was last found out about each text."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ..compiler.lookup.observing import Observed, observe
from ..compiler.lookup.project import Project
from ..compiler.lookup.symbols import Index
from ..compiler.pipeline import Settings
from ..dsl.diagnostics import Diagnostic
from ..dsl.ignores import sift
from .documents import Document, Documents, flows_below, path_of

Chosen = Callable[[tuple[Diagnostic, ...]], tuple[Diagnostic, ...]]


@dataclass(frozen=True)
class Configured:
    """What counts for the files of a folder.

    ``stubs``: paths of the files that declare tasks. ``choose``: leaves out findings that the user does not want to see.
    ``explain_url``: where codes are explained, with ``{code}`` or ``{CODE}`` in it; empty for the server's own pages.
    ``problem``: what is wrong with the settings; then the others are the defaults.
    """

    settings: Settings = field(default_factory=lambda: Settings(require_params=False))
    stubs: tuple[str, ...] = ()
    choose: Chosen = lambda findings: findings
    explain_url: str = ""
    problem: str = ""


#: Reads the settings in force in a folder (None: of a text without a file).
Configure = Callable[[str | None], Configured]


@dataclass(frozen=True)
class Checked:
    """A text with its findings (its own, and those of files that it includes) and what the compiler saw."""

    document: Document
    observed: Observed
    findings: tuple[Diagnostic, ...]
    configured: Configured


class Session:
    """The state of one server. Checking may happen in another thread than all else."""

    def __init__(self, configure: Configure) -> None:
        self.configure = configure
        self.documents = Documents()
        self.folders: list[str] = []
        self.last: dict[str, Checked] = {}
        self._projects: dict[tuple[str, ...], Project] = {}
        self._lock = threading.Lock()

    def configured(self, document: Document) -> Configured:
        """The settings for a document."""
        return self.configure(os.path.dirname(document.path) if document.path is not None else next(iter(self.folders), None))

    def project(self, document: Document) -> Project:
        """The files round a document, as they stand now."""
        stubs = self.configured(document).stubs
        project = self._projects.setdefault(stubs, Project(self.documents.reader(), stubs))
        project.read = self.documents.reader()
        return project

    def index(self, document: Document) -> Index:
        """The names of a document."""
        return self.project(document).index(document.source)

    def files(self, document: Document) -> Iterable[str]:
        """The paths of all flows that may have to do with a document: those open, and those below the workspace's folders."""
        folders = self.folders or ([os.path.dirname(document.path)] if document.path is not None else [])
        return dict.fromkeys((*(d.path for d in self.documents.open.values() if d.path is not None), *flows_below(folders)))

    def check(self, document: Document) -> Checked:
        """Compile a document, unless it was just compiled."""
        with self._lock:
            last = self.last.get(document.uri)
            if last is not None and last.document is document:
                return last
            configured = self.configured(document)
            observed = observe(document.source, replace(configured.settings, opened=self.documents.opened))
            sifted = sift(observed.findings, (document.source,), complete=not observed.dropped)
            checked = Checked(document, observed, configured.choose(sifted.kept), configured)
            if self.documents.open.get(document.uri) is document:
                self.last[document.uri] = checked
            return checked

    def forget(self, path: str | None = None) -> None:
        """A file has changed (or any may have): what was made with it is worked out anew."""
        for uri, checked in list(self.last.items()):
            if path is None or path in checked.observed.files or path in checked.configured.stubs:
                self.last.pop(uri, None)

    def including(self, path: str) -> list[Document]:
        """The open documents whose last check read a file."""
        found = (uri for uri, checked in self.last.items() if path in checked.observed.files or path in checked.configured.stubs)
        return [self.documents.open[uri] for uri in found if uri in self.documents.open]

    def set_folders(self, uris: Iterable[str]) -> None:
        """The folders of the workspace."""
        self.folders = [path for uri in uris if (path := path_of(uri)) is not None]
