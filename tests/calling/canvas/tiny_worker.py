"""A worker of fifty lines: it runs what was sent, message by message, through JSON, and follows what the messages say comes next."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from typing import Any

from kombu.utils import json as kombu_json

from flowc import App, maybe_signature
from flowc.runtime import request as requests
from flowc.runtime.codec import pack, unpack
from flowc.runtime.errors import Ignore
from flowc.runtime.ids import new_id
from flowc.runtime.request import Context
from flowc.runtime.results.interface import Stored
from flowc.runtime.sending import Sending

FOLLOWING = ("link", "link_error", "chain", "chord")


class TinyWorker:
    """Stands in for an application's sender; ``run`` works off what has been sent.

    ``sent`` are all calls that ever left, as the wire shows them; ``batches`` is how many were sent at once.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.queue: deque[dict[str, Any]] = deque()
        self.sent: list[dict[str, Any]] = []
        self.batches: list[int] = []
        self.failed: list[str] = []
        app._made["sender"] = self

    def send(self, sending: Sending) -> str:
        return self.send_many([sending])[0]

    def send_many(self, sendings: Sequence[Sending]) -> list[str]:
        self.batches.append(len(sendings))
        ids = []
        for name, args, kwargs, options, _ in sendings:
            for key in FOLLOWING:
                json.dumps(options.get(key))  # plain JSON carries all of it
            id_ = options.get("task_id") or new_id()
            text = kombu_json.dumps({"task": name, "args": args, "kwargs": kwargs, "options": options, "id": id_})
            self.sent.append(kombu_json.loads(text))
            self.queue.append(self.sent[-1])
            ids.append(id_)
        return ids

    def close(self) -> None:
        """Nothing is open."""

    def run(self, last_first: bool = False) -> None:
        """Run everything, and what follows from it. ``last_first``: in the other order, as a fast worker might."""
        while self.queue:
            self._serve(self.queue.pop() if last_first else self.queue.popleft())

    def _serve(self, message: dict[str, Any]) -> None:
        options = message["options"]
        context = Context(
            id=message["id"], task=message["task"], args=message["args"], kwargs=message["kwargs"], called_directly=False, app=self.app,
            callbacks=options.get("link"), errbacks=options.get("link_error"), chain=options.get("chain"), chord=options.get("chord"),
            group=options.get("group_id"), group_index=options.get("group_index"), root_id=options.get("root_id") or message["id"],
        )  # fmt: skip
        requests.push(context)
        try:
            value = self.app.tasks[message["task"]].run(*message["args"], **message["kwargs"])
            for callback in context.callbacks or ():
                maybe_signature(callback, self.app).apply_async((value,))
            if context.chain:
                maybe_signature(context.chain[-1], self.app).apply_async((value,), chain=context.chain[:-1])
        except Ignore:
            return
        except Exception as exc:
            self.failed.append(f"{message['task']}: {exc!r}")
            for errback in context.errbacks or ():
                maybe_signature(errback, self.app).apply_async((message["id"],))
            return
        finally:
            requests.pop()
        meta = {
            "task_id": context.id,
            "status": "SUCCESS",
            "result": pack(value, "it"),
            "traceback": None,
            "children": [],
            "date_done": None,
        }
        self.app.backend.store([Stored(meta)])
        if context.chord:
            assert context.group is not None
            parts = self.app.backend.chord_part(context.group, context.group_index or 0, {**meta, "result": unpack(meta["result"])})
            if parts is not None:
                maybe_signature(context.chord, self.app).apply_async(([part["result"] for part in parts],))
