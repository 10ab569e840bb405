"""What the server may send before more is acknowledged, and what is unacknowledged.

A worker that holds calls with an ETA unacknowledged asks for more than was ever sent: then the limit grows by what it asks, and
falls again when they are done. RabbitMQ counts for all consumers of the channel together where that is possible (``global``: 3.3
to 3.x, no quorum queue): one limit can then be changed at any time. Else it counts for each consumer, and a new limit is one for
new consumers, whose count begins at nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

#: The protocol has two bytes for a limit.
_HIGHEST = 0xFFFF


class AmqpWindow:
    """The tags that are out, in their order, and the limit.

    Args:
        prefetch: how many may be out, if nobody asks for more; 0 for no limit.
        shared: whether the server counts for all consumers together.
        first: what the tags of this connection are greater than.
    """

    def __init__(self, prefetch: int, shared: bool, first: int) -> None:
        self._prefetch = prefetch
        self.shared = shared
        self.limit = prefetch
        #: What names of consumers begin with whose messages are counted.
        self.consumers = "flowc1."
        self.highest = first
        self._round = 1
        self._counted = 0
        self._out: dict[int, bool] = {}

    def arrived(self, tag: int, consumer: str) -> None:
        """A message came; tags only go up."""
        counted = self.shared or consumer.startswith(self.consumers)
        self._out[tag] = counted
        self._counted += counted
        self.highest = tag

    def take(self, tag: int) -> bool:
        """It is out no more; False if it was not before."""
        counted = self._out.pop(tag, None)
        if counted is None:
            return False
        self._counted -= counted
        return True

    def acknowledge(self, tags: Iterable[int]) -> tuple[int, list[int]]:
        """They are out no more.

        Returns:
            up to which tag all are done (0 if there is none), and the others of those given that were out.
        """
        done = {tag for tag in tags if tag in self._out}
        upto = 0
        for tag in self._out:
            if tag not in done:
                break
            upto = tag
        for tag in done:
            self.take(tag)
        return upto, sorted(tag for tag in done if tag > upto)

    def adjust(self, most: int, waiting: int) -> bool:
        """Let the limit follow what is out.

        Args:
            most: how many messages are asked for.
            waiting: how many came that nobody has asked for yet.

        Returns:
            whether it is another one now.
        """
        if not self._prefetch or most <= 0:
            return False
        held = self._counted
        if not waiting and held + most > self.limit:
            self.limit = max(most, self._prefetch) + (held if self.shared else 0)
        elif self.limit > self._prefetch and 2 * (held + self._prefetch) < self.limit:
            self.limit = max(self._prefetch, held if self.shared else 0)
        else:
            return False
        self.renew()
        return True

    def renew(self) -> None:
        """There are new consumers: where the server counts for each, they begin at nothing."""
        if not self.shared:
            self._round += 1
            self.consumers = f"flowc{self._round}."
            self._out = dict.fromkeys(self._out, False)
            self._counted = 0

    def frame(self) -> int:
        """The limit as it is sent: more than the protocol can say is none."""
        return self.limit if self.limit <= _HIGHEST else 0
