"""Waiting for a message on Redis, without taking it.

A blocking pop (BRPOP, BLMPOP) takes the message out of its list before anybody has registered it: a consumer that is killed
just then loses it, and so does kombu's. BLMOVE waits for a single list, where a worker has several queues of four levels.
So nothing is popped while waiting: a connection asks Redis to tell when a key that it has read changes, which is what clients'
caches use (``CLIENT TRACKING``, since Redis 6). One EXISTS over all lists does three things at once: it says whether there is a
message now, and arms the alarm for each list if not; a message that is pushed in between is in one or the other. The alarm
comes on a second connection, as RESP 2 has it, rings once, and is armed again before the next wait: while messages flow,
it costs nothing. All workers that wait are told of the message, and the first that asks gets it; the others find nothing and
wait again.

Where tracking is refused (an older server, a proxy, an access list), the lists are looked at again and again, ever more slowly.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from ..errors import ConnectionLost
from .receiver_redis_link import RedisLink
from .receiver_waker import Readable

#: With an alarm, seconds until the lists are looked at all the same.
_WITH_ALARM = 5.0
#: Without one: the first wait, and the longest.
_FIRST, _LONGEST = 0.002, 0.1


class RedisBell:
    """Says what to wait for, and for how long.

    Args:
        link: the connection that commands are run on.
        pool: makes the other.
        lists: the keys of all lists.
    """

    def __init__(self, link: RedisLink, pool: Any, lists: Sequence[Any]) -> None:
        self._link = link
        self._exists = ("EXISTS", *lists)
        self._alarm: RedisLink | None = None
        self._step = _FIRST
        alarm = RedisLink(pool)
        try:
            number = alarm.command("CLIENT", "ID")
            alarm.command("SUBSCRIBE", "__redis__:invalidate")
            link.command("CLIENT", "TRACKING", "ON", "REDIRECT", number, "OPTIN")
        except ConnectionLost:
            alarm.close()
        else:
            self._alarm = alarm

    @property
    def tracking(self) -> bool:
        """Whether Redis tells of messages."""
        return self._alarm is not None

    def listen(self, lists: Sequence[Any]) -> None:
        """Wait for messages in these lists from now on."""
        self._exists = ("EXISTS", *lists)

    def arm(self) -> bool:
        """Get ready to wait; False if there are messages already. Raises ConnectionLost."""
        if self._alarm is None:
            self._link.settle()
            return True
        self._alarm.heard()
        _, found = self._link.ask(("CLIENT", "CACHING", "YES"), self._exists)
        return bool(found == 0)

    def sources(self) -> Sequence[Readable]:
        """What becomes readable when there may be a message, or when a connection has ended."""
        return (self._link, self._alarm) if self._alarm is not None else (self._link,)

    def patience(self) -> float:
        """Seconds to wait before the lists are looked at again."""
        if self._alarm is not None:
            return _WITH_ALARM
        step, self._step = self._step, min(self._step * 1.5, _LONGEST)
        return step

    def rung(self) -> None:
        """Something became readable. Raises ConnectionLost if a connection has ended."""
        if self._alarm is not None:
            self._alarm.heard()
        self._link.heard()

    def calm(self) -> None:
        """Messages came: wait shortly at first, the next time."""
        self._step = _FIRST

    def close(self) -> None:
        """Close the connection for alarms."""
        if self._alarm is not None:
            with contextlib.suppress(Exception):
                self._alarm.close()
