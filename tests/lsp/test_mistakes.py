"""A mistake in the server itself: it is answered and told, and the next request is served."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flowc.lsp import requests
from flowc.lsp.server import FlowServer, make_server
from flowc.lsp.session import Configured


class Wire:
    """What the server writes."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.messages.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def close(self) -> None:
        """Nothing to do."""


def ask(server: FlowServer, number: int, method: str, params: dict[str, Any]) -> None:
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    server.protocol.handle_message(server.protocol.structure_message(message))


def test_a_bug_in_one_request_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire()
    server = make_server(lambda folder: Configured(), "1")
    server.protocol.set_writer(wire)
    server.documents.put("untitled:1", "x = len([1])\n")
    hover = {"textDocument": {"uri": "untitled:1"}, "position": {"line": 0, "character": 5}}

    def boom(*_: object) -> None:
        raise RuntimeError("boom")

    with monkeypatch.context() as wrong:
        wrong.setattr(requests, "describe", boom)
        ask(server, 1, "textDocument/hover", hover)
    ask(server, 2, "textDocument/hover", hover)
    answers = {message["id"]: message for message in wire.messages if "id" in message}
    assert answers[1]["error"]["code"] == -32603
    assert "len(x)" in answers[2]["result"]["contents"]["value"]
    (logged,) = [message for message in wire.messages if message.get("method") == "window/logMessage"]
    assert "boom" in logged["params"]["message"]


def test_a_bug_in_a_check_is_told_and_the_next_text_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    wire = Wire()
    server = make_server(lambda folder: Configured(), "1", pause=0)
    server.protocol.set_writer(wire)
    check = server.session.check

    async def type_twice() -> None:
        server.documents.put("untitled:1", "x = 1 +", 1)
        monkeypatch.setattr(server.session, "check", lambda document: 1 // 0)
        server.check_soon("untitled:1", 0)
        await server._waiting["untitled:1"]
        monkeypatch.setattr(server.session, "check", check)
        server.documents.put("untitled:1", "x = 1 + ", 2)
        server.check_soon("untitled:1", 0)
        await server._waiting["untitled:1"]

    asyncio.run(type_twice())
    server.thread_pool.shutdown()
    methods = [message.get("method") for message in wire.messages]
    assert methods == ["window/logMessage", "textDocument/publishDiagnostics"]
    assert [found["code"] for found in wire.messages[1]["params"]["diagnostics"]] == ["F0101"]
