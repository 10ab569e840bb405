"""The server: keeps texts and settings, checks what is typed, and hands requests to :mod:`.requests`."""

from __future__ import annotations

import asyncio
import logging
from typing import BinaryIO

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInvalidParams, PyglsError
from pygls.lsp.server import LanguageServer

from ..dsl.diagnostics import Diagnostic, Findings
from . import convert, requests
from .documents import Document, Documents, path_of
from .explaining import Explanations
from .session import Checked, Configure, Session

#: Seconds without a keystroke after which a text is checked.
PAUSE = 0.15

#: A text of more characters is checked when it is opened and saved, not while it is typed.
LARGEST_TYPED = 2_000_000

_log = logging.getLogger("flowc.lsp")


class FlowServer(LanguageServer):
    """One server for one editor."""

    def __init__(self, configure: Configure, version: str, pause: float = PAUSE) -> None:
        super().__init__("flowc", version, text_document_sync_kind=types.TextDocumentSyncKind.Full, max_workers=2)
        self.session = Session(configure)
        self.explanations = Explanations()
        self.pause = pause
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._published: dict[str, dict[str, tuple[Diagnostic, ...]]] = {}
        self._problems: set[str] = set()

    @property
    def documents(self) -> Documents:
        """The open texts."""
        return self.session.documents

    def document(self, uri: str) -> Document:
        """An open text; one that is not open is read from the disk.

        Raises:
            FileNotFoundError: there is none.
        """
        found = self.documents.open.get(uri)
        if found is not None:
            return found
        path = path_of(uri)
        source = None if path is None else self.documents.reader()(path)
        if path is None or source is None:
            raise FileNotFoundError(uri)
        return Document(uri, source.text, None, path, self.documents.encoding)

    # ── checking ──

    def check_soon(self, uri: str, pause: float) -> None:
        """Check a text once it has not changed for so many seconds."""
        waiting = self._waiting.pop(uri, None)
        if waiting is not None:
            waiting.cancel()
        self._waiting[uri] = asyncio.get_running_loop().create_task(self._check(uri, pause))

    async def _check(self, uri: str, pause: float) -> None:
        try:
            await asyncio.sleep(pause)
            document = self.documents.open.get(uri)
            if document is None:
                return
            checked = await asyncio.get_running_loop().run_in_executor(self.thread_pool, self.session.check, document)
            if self.documents.open.get(uri) is document:
                self._tell(checked)
        except asyncio.CancelledError:
            raise
        except Exception as bug:  # told, and the server lives on: the next keystroke is another text
            _log.exception("checking %s", uri)
            self.report_server_error(bug, PyglsError)

    def _tell(self, checked: Checked) -> None:
        """Publish the findings of a text, and those of files that it includes, together with what others found in them."""
        uri = checked.document.uri
        by_file: dict[str, list[Diagnostic]] = {uri: []}
        for finding in checked.findings:
            by_file.setdefault(uri if finding.source is checked.document.source else self.documents.uri(finding.source), []).append(finding)
        self._publish(uri, {name: tuple(found) for name, found in by_file.items()}, checked.configured.explain_url)
        problem = checked.configured.problem
        if problem and problem not in self._problems:
            self._problems.add(problem)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"flowc: {problem}"))

    def _publish(self, root: str, found: dict[str, tuple[Diagnostic, ...]], address: str = "") -> None:
        changed = {*found, *self._published.get(root, {})}
        if found:
            self._published[root] = found
        else:
            self._published.pop(root, None)
        for uri in sorted(changed):
            merged = Findings()
            for each in self._published.values():
                merged.extend(each.get(uri, ()))
            document = self.documents.open.get(uri)
            diagnostics = [convert.diagnostic(finding, self.documents, self.explanations, address) for finding in merged.sorted()]
            version = document.version if document is not None else None
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))

    def check_including(self, uri: str, pause: float) -> None:
        """A file has changed: what includes it is checked too."""
        path = path_of(uri)
        if path is None:
            return
        again = self.session.including(path)
        self.session.forget(path)
        for document in again:
            if document.uri != uri:
                self.check_soon(document.uri, pause)

    def check_all(self) -> None:
        """Settings or files have changed."""
        self.session.forget()
        for uri in self.documents.open:
            self.check_soon(uri, self.pause)

    def close(self, uri: str) -> None:
        """A text is closed: its findings go."""
        waiting = self._waiting.pop(uri, None)
        if waiting is not None:
            waiting.cancel()
        self.check_including(uri, self.pause)
        self.documents.close(uri)
        self.session.last.pop(uri, None)
        self._publish(uri, {})

    def report_server_error(self, error: Exception, source: type[PyglsError] | type[JsonRpcException]) -> None:
        """Tell the user of a mistake in the server. A request's own is in its answer too."""
        if is_answer(error):
            return
        what = f"{type(error).__name__}: {error}"[:300]
        _log.error("%s", what)
        kind = types.MessageType.Warning if source is FeatureRequestError else types.MessageType.Error
        self.window_log_message(types.LogMessageParams(kind, f"flowc: a mistake in the server: {what}"))


def is_answer(error: BaseException | None) -> bool:
    """Whether an exception is what the user gets for an answer, and no mistake of the server."""
    return isinstance(error, (requests.RequestFailed, JsonRpcInvalidParams))


def _is_bug(record: logging.LogRecord) -> bool:
    return not (record.exc_info and is_answer(record.exc_info[1]))


def make_server(configure: Configure, version: str, pause: float = PAUSE) -> FlowServer:
    """A server that answers all that flowc has an answer to."""
    server = FlowServer(configure, version, pause)
    _keep_up(server)
    requests.register(server)
    return server


def _keep_up(server: FlowServer) -> None:
    """What the editor tells: texts, files and folders."""

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        workspace = server.workspace
        server.session.set_folders(folder.uri for folder in workspace.folders.values())
        if not server.session.folders and workspace.root_uri:
            server.session.set_folders([workspace.root_uri])
        server.documents.encoding = workspace.position_encoding or types.PositionEncodingKind.Utf16
        watched = server.client_capabilities.workspace and server.client_capabilities.workspace.did_change_watched_files
        if watched and watched.dynamic_registration:
            watchers = [types.FileSystemWatcher(pattern) for pattern in ("**/*.flow", "**/pyproject.toml")]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            asked = types.Registration("watched", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            server.client_register_capability(types.RegistrationParams([asked]), lambda _: None)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: types.DidOpenTextDocumentParams) -> None:
        text = params.text_document
        server.documents.put(text.uri, text.text, text.version)
        server.check_soon(text.uri, 0)
        server.check_including(text.uri, server.pause)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: types.DidChangeTextDocumentParams) -> None:
        if not params.content_changes:
            return
        text = params.content_changes[-1].text
        server.documents.put(params.text_document.uri, text, params.text_document.version)
        if len(text) <= LARGEST_TYPED:
            server.check_soon(params.text_document.uri, server.pause)
            server.check_including(params.text_document.uri, server.pause)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: types.DidSaveTextDocumentParams) -> None:
        server.check_soon(params.text_document.uri, 0)
        server.check_including(params.text_document.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        server.check_all()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def settings_changed(params: types.DidChangeConfigurationParams) -> None:
        server.check_all()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.session.set_folders(folder.uri for folder in server.workspace.folders.values())


def serve(configure: Configure, version: str, stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Talk to one editor over two streams until it says goodbye or goes away."""
    server = make_server(configure, version)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_bug)
    try:
        server.start_io(stdin, stdout)
    finally:
        server.explanations.close()


__all__ = ["FlowServer", "make_server", "serve"]
