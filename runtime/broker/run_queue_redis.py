"""The queue of a run on Redis: lists that are read by the run alone, so that nothing need be registered as unacknowledged.

kombu's consumers register what they take in keys that all consumers of a database share, and one with another visibility timeout
would give the workers' own messages back. Here messages stay in their list until the run has dealt with them: they are read, and
removed when the next ones are asked for.

Lists in Redis vanish when they are empty, and their time to live with them. So each ends in an element that is never removed:
workers push on the left, it is the last on the right. It counts how often messages were removed, so that an order to remove
them whose answer was lost is not obeyed twice. The binding expires before the lists do: a worker that finds no binding drops its
message, where one that finds no list would make one that stays for ever.

A worker with ``task_inherit_parent_priority`` sends a link with the priority of its task: so there is a list for each step of priority.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from ..errors import ConnectionLost
from .interface import Delivery
from .receiver_json import read_json
from .receiver_queues import losses, open_connection
from .receiver_redis_link import RedisLink
from .receiver_redis_scripts import script
from .receiver_virtual import NO_MESSAGE, delivery_of, say_dropped
from .receiver_waker import Readable, Waker

if TYPE_CHECKING:
    from .broker import Broker

#: Messages that one script reads at most, from each list: it holds up the whole server.
_MOST = 250
#: By how much longer the lists live than the binding.
_AFTERWARDS = 4 / 3
#: Seconds that the list stays when the run is over.
_LINGER = 60
#: With an alarm, seconds until the lists are looked at all the same.
_WITH_ALARM = 5.0
#: Without one: the first wait, and the longest.
_FIRST, _LONGEST = 0.001, 0.025
#: While more messages than this are expected they are let gather, for so many seconds each and in all.
_FEW, _GATHER_EACH, _GATHER = 8, 0.00025, 0.006

#: Remove what was read before, and read what there is now, oldest first.
#:
#: KEYS: the binding, and the lists. ARGV: how many at most, whether to renew, milliseconds that the binding and that the lists live, the
#: member of the binding, and for each list how often messages were removed from it and how many are to be removed now.
#: Returns for each list the count of removals and the messages, newest first.
TAKE = script("""
local most, renew, bound, lists, member = tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3], ARGV[4], ARGV[5]
local out = {}
if renew then
  redis.call('SADD', KEYS[1], member)
  redis.call('PEXPIRE', KEYS[1], bound)
end
for n = 2, #KEYS do
  local count, gone = tonumber(ARGV[2 + 2 * n]), tonumber(ARGV[3 + 2 * n])
  local last = redis.call('LINDEX', KEYS[n], -1)
  local kept = last and string.match(last, '^flowc%-end:(%d+)$')
  if not kept then
    redis.call('RPUSH', KEYS[n], 'flowc-end:' .. count)
    redis.call('PEXPIRE', KEYS[n], lists)
  elseif tonumber(kept) == count and gone > 0 then
    count = count + 1
    redis.call('LTRIM', KEYS[n], 0, -(gone + 2))
    redis.call('RPUSH', KEYS[n], 'flowc-end:' .. count)
    redis.call('PEXPIRE', KEYS[n], lists)
  else
    count = tonumber(kept)
    if renew then redis.call('PEXPIRE', KEYS[n], lists) end
  end
  out[#out + 1] = count
  out[#out + 1] = redis.call('LRANGE', KEYS[n], -(most + 1), -2)
end
return out
""")


class RedisRunQueue:
    """See :class:`~flowc.runtime.broker.run_queue.RunQueue`.

    Args:
        broker: makes connections.
        run_id: the run.
        abandoned: seconds after which all is gone when nobody reads it any more.
        late_replies: whether replies may still come when the run is over.
    """

    def __init__(self, broker: Broker, run_id: str, abandoned: float, *, late_replies: bool) -> None:
        self._broker = broker
        self._late_replies = late_replies
        self._abandoned = max(1.0, abandoned)
        self.name = self.exchange = f"flowc.{run_id}"
        self.routing_key = run_id
        self._waker = Waker()
        self._connection: Any = None
        self._link: RedisLink | None = None
        self._alarm: RedisLink | None = None
        self._keys: list[str] = []
        self._member = ""
        self._counts: list[int] = []
        self._read: list[int] = []
        self._look = True
        self._renewed = 0.0
        self._step = _FIRST
        self.expected = 0

    def open(self) -> None:
        """Connect, declare everything, and begin to receive."""
        self._disconnect()
        connection = self._connection = open_connection(self._broker)
        with losses((*connection.connection_errors, *connection.recoverable_channel_errors), "no reply queue could be made"):
            channel = connection.channel()
        prefix = getattr(channel, "global_keyprefix", "")
        lists = dict.fromkeys(channel._q_for_pri(self.name, step) for step in channel.priority_steps)
        self._keys = [f"{prefix}{channel.keyprefix_queue % self.exchange}", *(f"{prefix}{name}" for name in lists)]
        self._member = channel.sep.join((self.routing_key, "", self.name))
        self._counts = self._counts or [0] * len(lists)
        self._read = [0] * len(lists)
        self._link = RedisLink(channel.pool)
        self._renewed = 0.0
        self._look = True
        self._ask(0)
        self._alarm = self._make_alarm(channel.pool, f"{prefix}{self.name}")

    def receive(self, timeout: float) -> list[Delivery]:
        """Remove what was given before, and wait for more."""
        deadline = time.monotonic() + timeout
        while True:
            if self._look:
                self._let_gather()
                taken = self._ask(_MOST)
                # what is pushed from now on sets off the alarm
                self._look = self._alarm is None or max(self._read) == _MOST
                if taken:
                    self._step = _FIRST
                    return taken
            left = deadline - time.monotonic()
            if left <= 0 or self._wait(min(left, self._patience())):
                return []

    def wake(self) -> None:
        """Let :meth:`receive` return soon."""
        self._waker.ring()

    def close(self, *, forget: bool) -> None:
        """Disconnect."""
        if self._link is not None:
            with contextlib.suppress(ConnectionLost):  # it all expires
                self._ask(0)
                if forget:
                    self._leave(self._link)
        self._disconnect()
        self._waker.close()

    def _leave(self, link: RedisLink) -> None:
        """Nothing more should come. But a worker may have looked the binding up a moment ago and push only now: that must find a list
        which expires. Lists of priorities that nothing was ever sent with can go at once."""
        binding, _, *others = self._keys
        unused = [key for key, count in zip(others, self._counts[1:], strict=True) if not count]
        link.command("DEL", binding, *unused)
        if not self._late_replies:
            link.ask(*(("EXPIRE", key, _LINGER) for key in self._keys[1:]))

    # -------------------------------------------------------------------------------------------------------------- messages
    def _ask(self, most: int) -> list[Delivery]:
        link = self._link
        if link is None:
            raise ConnectionLost("the connection was lost before")
        now = time.monotonic()
        renew = now - self._renewed > self._abandoned / 3
        bound = int(self._abandoned * 1000)
        args: list[Any] = [most, int(renew), bound, int(bound * _AFTERWARDS), self._member]
        for count, read in zip(self._counts, self._read, strict=True):
            args += (count, read)
        answer = link.script(TAKE, self._keys, args)
        if renew:
            self._renewed = now
        self._counts = answer[::2]
        self._read = [len(texts) for texts in answer[1::2]]
        return [delivery for texts in answer[1::2] for text in reversed(texts) if (delivery := self._delivery(text)) is not None]

    def _delivery(self, text: bytes) -> Delivery | None:
        try:
            return delivery_of(read_json(text), None)
        except NO_MESSAGE as failure:
            say_dropped(self.name, failure)
            return None

    # --------------------------------------------------------------------------------------------------------------- waiting
    def _make_alarm(self, pool: Any, prefix: str) -> RedisLink | None:
        """A connection on which Redis tells that something was pushed (since Redis 6); None where it will not."""
        assert self._link is not None
        alarm = RedisLink(pool)
        try:
            number = alarm.command("CLIENT", "ID")
            alarm.command("SUBSCRIBE", "__redis__:invalidate")
            self._link.command("CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST", "PREFIX", prefix, "NOLOOP")
        except ConnectionLost:
            alarm.close()
            return None
        return alarm

    def _patience(self) -> float:
        if self._alarm is not None:
            return min(_WITH_ALARM, self._abandoned / 3)
        step, self._step = self._step, min(self._step * 1.5, _LONGEST)
        return step

    def _let_gather(self) -> None:
        """Where many come in a row, take many at once: each taking costs as much for one."""
        gather = min(_GATHER, (self.expected - _FEW) * _GATHER_EACH)
        if gather > 0 and self._waker.wait((), gather)[0]:
            self._waker.ring()

    def _wait(self, seconds: float) -> bool:
        """Whether :meth:`wake` ended the wait."""
        assert self._link is not None
        sources: tuple[Readable, ...] = (self._link,) if self._alarm is None else (self._link, self._alarm)
        rung, ready = self._waker.wait(sources, seconds)
        self._look = self._look or ready or not rung
        if ready and (self._alarm is None or not self._alarm.drain()):
            self._link.heard()
        return rung

    def _disconnect(self) -> None:
        for link in (self._alarm, self._link):
            if link is not None:
                link.close()
        self._alarm = self._link = None
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.release()
