"""An editor: a client that starts ``flowc lsp`` and talks to it over its standard streams, from a thread of its own."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient

T = TypeVar("T")

#: Seconds that an answer may take on a busy machine.
PATIENCE = 60.0


class Editor:
    """Opens texts and asks about them; ``§`` in a text says where the cursor is."""

    def __init__(self, folder: Path, *options: str, related: bool = True) -> None:
        self.folder = folder
        self.found: dict[str, list[types.Diagnostic]] = {}
        self.versions: dict[str, int | None] = {}
        self.messages: list[str] = []
        self.logged: list[str] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.client = LanguageClient("editor", "1")
        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self._publish(params))
        self.client.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: self.messages.append(params.message))
        self.client.feature(types.WINDOW_LOG_MESSAGE)(lambda params: self.logged.append(params.message))
        self.wait(self.client.start_io(sys.executable, "-m", "flowc", "lsp", "--stdio", *options, cwd=str(folder)))
        self.capabilities = self.wait(
            self.client.initialize_async(
                types.InitializeParams(
                    capabilities=types.ClientCapabilities(),
                    process_id=None,
                    root_uri=folder.as_uri(),
                    workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name)],
                )
            )
        ).capabilities
        self.client.initialized(types.InitializedParams())

    async def _stop(self) -> None:
        await self.client.stop()  # type: ignore[no-untyped-call]

    def _publish(self, params: types.PublishDiagnosticsParams) -> None:
        self.versions[params.uri] = params.version
        self.found[params.uri] = list(params.diagnostics)

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something on the client's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def until(self, holds: Callable[[], T]) -> T:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not (value := holds()):
            assert time.monotonic() < deadline, (self.found, self.logged)
            time.sleep(0.01)
        return value

    def close(self) -> None:
        """End the server as editors do."""
        try:
            self.wait(self.client.shutdown_async(None))
            self.client.exit(None)
            self.wait(self._stop())
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(PATIENCE)
            self.loop.close()

    # ── texts ──

    def open(self, name: str, text: str, version: int = 1) -> tuple[str, types.Position]:
        """Open a text as a file of the folder, which need not be there; its URI, and the place of the cursor."""
        uri = (self.folder / name).as_uri()
        before, _, after = text.partition("§")
        item = types.TextDocumentItem(uri, "flow", version, before + after)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri, place(before)

    def change(self, uri: str, text: str, version: int) -> types.Position:
        """Type: the whole text anew."""
        before, _, after = text.partition("§")
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, uri), [types.TextDocumentContentChangeWholeDocument(before + after)]
            )
        )
        return place(before)

    def shut(self, uri: str) -> None:
        """Close a text."""
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def findings(self, uri: str, version: int = 1) -> list[types.Diagnostic]:
        """The findings of a version of a text, once they have come."""
        self.until(lambda: uri in self.found and (self.versions[uri] or 0) >= version)
        return self.found[uri]


def place(before: str) -> types.Position:
    """The place behind a text, in units of UTF-16."""
    line = before.rpartition("\n")[2]
    return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)
