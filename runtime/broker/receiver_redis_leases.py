"""A worker keeps what it holds, and gets back what dead ones held.

kombu knows one rule: a message that was taken longer ago than the visibility timeout (an hour by default) goes back to its
queue. So a task that runs longer, or waits for its time longer, runs twice, and the messages of a worker that was killed
lie for an hour. Here a thread of the worker

- renews the scores of what the worker holds, so that they never grow old while it lives, whatever it is busy with;
- beats: adds one to the worker's number in a hash that all workers of flowc know, every :data:`BEAT` seconds;
- looks at the numbers of the others. The id of a worker says which process it is (:mod:`.receiver_identity`): one of this machine
  whose process has ended is dead; one of another machine is dead when its number has stood still for :data:`MISSED`
  looks of ours. Looks are counted, not seconds: while Redis is away, or we were asleep ourselves, nobody is looked at,
  and after a new connection the count begins anew. What a dead worker held is given back, in its order: its tags begin with its id;
- gives back what is older than the visibility timeout, as kombu does, except what a worker that beats holds.

A worker that is taken for dead and is not (cut off from Redis, stopped by a debugger) does no harm but that its messages run again:
to give back and to acknowledge a message both begin with taking its entry out of the hash, so only one of them counts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from ..errors import ConnectionLost
from .receiver_identity import is_gone
from .receiver_redis_link import RedisLink
from .receiver_redis_store import RedisStore

#: Seconds between two beats.
BEAT = 2.0
#: After so many looks without a beat, a worker of another machine is dead.
MISSED = 15
#: Scores are renewed at least this often, in seconds: workers with a shorter visibility timeout may look at them.
_RENEW = 60.0
#: Seconds between two searches for messages that are older than the visibility timeout, at most.
_SEARCH = 30.0


class RedisLeases:
    """The thread that does it.

    Args:
        pool: makes the thread's own connection.
        store: the keys.
        identity: this worker's id, which its tags begin with.
        held: the tags that this worker holds now.
    """

    def __init__(self, pool: Any, store: RedisStore, identity: str, held: Callable[[], Collection[str]]) -> None:
        self._pool = pool
        self._store = store
        self._identity = identity
        self._held = held
        self._stop = threading.Event()
        self._looks: dict[str, tuple[bytes, int]] = {}
        self._thread = threading.Thread(target=self._run, name="flowc-leases", daemon=True)

    def start(self, link: RedisLink) -> None:
        """Enter this worker among those that live, and begin. Raises ConnectionLost."""
        link.command("HINCRBY", self._store.consumers, self._identity, 1)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        link: RedisLink | None = None
        timeout = self._store.visibility_timeout
        renew, search = min(timeout / 3, _RENEW), min(max(timeout / 4, 0.25), _SEARCH)
        tick = min(BEAT, renew, search)
        next_renew = next_beat = next_search = 0.0
        while not self._stop.wait(tick):
            now = time.monotonic()
            try:
                if link is None:
                    self._looks.clear()
                    link = RedisLink(self._pool)
                if now >= next_renew:
                    next_renew = now + renew
                    self._renew(link)
                if now >= next_beat:
                    next_beat = now + BEAT
                    self._look(link)
                if now >= next_search:
                    next_search = now + search
                    self._search(link)
            except ConnectionLost:
                # the receiver will notice by itself
                if link is not None:
                    link.close()
                link, next_renew = None, 0.0
        if link is not None:
            link.close()

    def _renew(self, link: RedisLink) -> None:
        """Let the scores of what is held be those of now."""
        score, tags = time.time(), list(self._held())
        for at in range(0, len(tags), 1000):
            # XX: what was acknowledged meanwhile stays away
            link.command("ZADD", self._store.index, "XX", *(part for tag in tags[at : at + 1000] for part in (score, tag)))

    def _look(self, link: RedisLink) -> None:
        """Beat, and see who has stopped."""
        link.command("HINCRBY", self._store.consumers, self._identity, 1)
        answer = link.command("HGETALL", self._store.consumers)
        found = {answer[at].decode(): answer[at + 1] for at in range(0, len(answer), 2)}
        found.pop(self._identity, None)
        before, self._looks = self._looks, {}
        for identity, number in found.items():
            same, times = before.get(identity, (number, 0))
            times = times + 1 if same == number else 0
            if times >= MISSED or is_gone(identity):
                self._inherit(link, identity)
            else:
                self._looks[identity] = (number, times)

    def _inherit(self, link: RedisLink, identity: str) -> None:
        """Give back what a dead worker held, and forget it."""
        tags: list[str] = []
        cursor = b"0"
        while True:
            cursor, found = link.command("ZSCAN", self._store.index, cursor, "MATCH", f"{identity}:*", "COUNT", 1000)
            tags += [tag.decode() for tag in found[::2]]
            if cursor == b"0":
                break
        self._store.restore(link, sorted(set(tags), key=lambda tag: int(tag.rpartition(":")[2])))
        link.command("HDEL", self._store.consumers, identity)

    def _search(self, link: RedisLink) -> None:
        """Give back what nobody has renewed for the visibility timeout."""
        oldest = f"({time.time() - self._store.visibility_timeout}"
        found = link.command("ZRANGEBYSCORE", self._store.index, "-inf", oldest, "LIMIT", 0, self._store.restore_limit)
        tags = [raw.decode("utf-8", "replace") for raw in found]
        mine = self._held()
        old = [tag for tag in tags if tag not in mine and tag.rpartition(":")[0] not in self._looks]
        if old:
            self._store.restore(link, old)
