"""What kombu's Redis transport keeps in Redis, and under which keys: lists of messages, and what is unacknowledged.

A queue is a list for each level of priority (0, 3, 6, 9 by default), taken from the right; the level of 0 has the queue's name,
the others name, separator and number. What a consumer holds stands in two keys until it acknowledges: the hash ``unacked``, tag →
``[message, exchange, routing key]``, and the sorted set ``unacked_index``, tag → when it was taken. Whoever finds a score that
is older than the visibility timeout may give the message back. Names and options are those of the transport's channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .receiver_json import read_json, write_json
from .receiver_redis_link import RedisLink
from .receiver_redis_scripts import RESTORE

#: How many messages are given back by one script.
_CHUNK = 200


class RedisStore:
    """The keys of one server, as a kombu channel names them.

    Args:
        channel: kombu's channel.
    """

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self.prefix = str(channel.global_keyprefix or "")
        self.index = self.prefix + channel.unacked_index_key
        self.unacked = self.prefix + channel.unacked_key
        #: consumers of flowc that live: id → a number that goes up
        self.consumers = f"{self.index}.consumers"
        self.visibility_timeout = float(channel.visibility_timeout)
        self.restore_limit = int(channel.unacked_restore_limit or 1000)

    def lists(self, queues: Sequence[str]) -> list[list[str]]:
        """The keys of queues: for each level of priority, those of every queue."""
        return [[self.prefix + self._channel._q_for_pri(queue, level) for queue in queues] for level in self._channel.priority_steps]

    def forget(self, tags: Sequence[str]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The commands that acknowledge."""
        return ("ZREM", self.index, *tags), ("HDEL", self.unacked, *tags)

    def restore(self, link: RedisLink, tags: Sequence[Any]) -> int:
        """Give messages back to their lists, the first tag to be taken first; those that are registered no more are left alone.

        Returns:
            how many were given back.

        Raises:
            ConnectionLost: some may have been given back; it can be done again.
        """
        given = 0
        for chunk in _chunks(list(reversed(tags))):
            held = link.command("HMGET", self.unacked, *chunk)
            args: list[Any] = []
            for tag, entry in zip(chunk, held, strict=True):
                try:
                    places = list(self._places(entry)) if entry else []
                except (ValueError, TypeError, KeyError, AttributeError):
                    continue  # no message of kombu's: it is left where it is
                args += [tag, len(places), *(part for place in places for part in place)]
            given += link.script(RESTORE, (self.index, self.unacked), args)
        return given

    def _places(self, entry: bytes) -> Iterator[tuple[str, str]]:
        """Where a message that is restored goes: keys of lists, and its text for each."""
        message, exchange, routing_key = read_json(entry)
        for part in (message.get("headers"), message.get("properties", {}).get("delivery_info")):
            if isinstance(part, dict):
                part["redelivered"] = True
        channel = self._channel
        text = write_json(message)
        for queue in channel._lookup(exchange, routing_key) or [routing_key]:
            level = channel._get_message_priority(message, reverse=False)
            yield self.prefix + channel._q_for_pri(queue, level), text


def _chunks(tags: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (tags[at : at + _CHUNK] for at in range(0, len(tags), _CHUNK))
