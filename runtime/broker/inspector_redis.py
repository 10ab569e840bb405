"""Inspecting over Redis. Answers come into a list, which is looked at again and again; nothing is consumed as kombu consumes."""

from __future__ import annotations

import contextlib
import json
import re
import time
import uuid
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from .control import make_mailbox
from .inspecting import Inspector, Standing
from .receiver_json import read_json, write_json
from .receiver_queues import losses, open_connection
from .receiver_virtual import NO_MESSAGE, delivery_of

if TYPE_CHECKING:
    from .broker import Broker

#: Seconds for which the reply queue is known to workers after the last question.
_KNOWN = 300.0
#: Messages of a list that are looked through at most; a longer one has not been.
MOST_WAITING = 20_000
#: Messages read by one command.
_READ_AT_ONCE = 200

_ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.)*")')


class RedisInspector(Inspector):
    """See :class:`Inspector`.

    Args:
        broker: makes the connection.
    """

    def __init__(self, broker: Broker) -> None:
        super().__init__()
        self._connection = open_connection(broker)
        self._losses = (*self._connection.connection_errors, *self._connection.channel_errors)
        mailbox = make_mailbox(broker.conf)
        self._mailbox, self._replies = mailbox.exchange.name, mailbox.reply_exchange.name
        self._key = str(uuid.uuid4())
        self._queue = f"{self._key}.{self._replies}"
        try:
            with losses(self._losses, "cannot ask workers"):
                self._channel = self._connection.channel()
        except BaseException:
            self._connection.release()
            raise
        self._client = self._channel.client
        self._prefix = str(getattr(self._channel, "global_keyprefix", "") or "")

    def prepare(self) -> None:
        with losses(self._losses, "cannot ask workers"):
            # kombu itself would not say it twice, and a server that was started anew has forgotten it
            self._channel._new_queue(self._queue, arguments={"x-expires": int(_KNOWN * 1000)})
            self._channel._queue_bind(self._replies, self._key, "", self._queue)

    def reply_to(self) -> dict[str, str]:
        return {"exchange": self._replies, "routing_key": self._key}

    def publish(self, body: str, headers: dict[str, Any]) -> int | None:
        message = self._channel.prepare_message(body, None, "application/json", "utf-8", headers, {"delivery_mode": 1})
        self._channel._inplace_augment_message(message, self._mailbox, "")
        text = write_json(message)
        with losses(self._losses, "cannot ask workers"):
            heard = [int(self._client.publish(topic, text)) for topic in self._channel._get_publish_topics(self._mailbox, "")]
        return sum(heard)

    def collect(self, timeout: float) -> Iterator[tuple[str, Any]]:
        until, pause = time.monotonic() + timeout, 0.002
        with losses(self._losses, "the connection was lost while workers answered"):
            while (raw := self._client.rpop(self._queue)) is None and time.monotonic() < until:
                time.sleep(pause)
                pause = min(pause * 1.5, 0.05)
            while raw is not None:
                with contextlib.suppress(*NO_MESSAGE):
                    delivery = delivery_of(read_json(raw), None)
                    yield str(delivery.headers.get("ticket")), json.loads(delivery.body)
                raw = self._client.rpop(self._queue)

    def standing(self, queue: str) -> Standing:
        with losses(self._losses, "a queue could not be looked at"):
            return Standing(sum(self._client.llen(key) for key in self._lists(queue)))

    def waiting(self, queue: str, task_ids: Collection[str]) -> frozenset[str] | None:
        wanted, found, looked = set(task_ids), set[str](), 0
        with losses(self._losses, "a queue could not be looked at"):
            for key in self._lists(queue):
                start = 0
                # what is taken meanwhile makes the list shorter on its right; from there nothing is overlooked
                while part := self._client.execute_command("LRANGE", self._prefix + key, -start - _READ_AT_ONCE, -start - 1):
                    for raw in part:
                        found |= _ids(raw) & wanted
                    start += len(part)
                    looked += len(part)
                    if found == wanted:
                        return frozenset(found)
                    if looked > MOST_WAITING:
                        return None
                    if len(part) < _READ_AT_ONCE:
                        break
        return frozenset(found)

    def held(self, task_ids: Collection[str]) -> frozenset[str]:
        wanted, found = set(task_ids), set[str]()
        key = self._prefix + self._channel.unacked_key
        with losses(self._losses, "unacknowledged messages could not be looked at"):
            cursor: Any = 0
            while True:
                cursor, entries = self._client.execute_command("HSCAN", key, cursor, "COUNT", _READ_AT_ONCE)
                for raw in entries.values():
                    found |= _ids(raw) & wanted
                if not int(cursor) or found == wanted:
                    return frozenset(found)

    def _lists(self, queue: str) -> list[str]:
        return [self._channel._q_for_pri(queue, level) for level in self._channel.priority_steps]

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._channel._delete(self._queue, self._replies, self._key, "")
        with contextlib.suppress(Exception):
            self._channel.close()
        with contextlib.suppress(Exception):
            self._connection.release()


def _ids(raw: bytes) -> set[str]:
    """The ids that a message may have: its own, and whatever else its headers call an id."""
    found: set[str] = set()
    for text in _ID.findall(raw):
        with contextlib.suppress(ValueError):  # anything may stand in a queue
            found.add(json.loads(text))
    return found
