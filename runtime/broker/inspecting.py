"""What somebody who runs no task can learn from a broker: what workers answer to commands, and what waits in queues.

An :class:`Inspector` takes no message that is meant for workers, and gives none back that a worker holds: on Redis it consumes from
nothing, so that no visibility timeout of its own can matter.

Source: "Workers Guide", section "Inspecting workers"; the messages are those of kombu's process mailbox.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .receiver_waker import Waker

if TYPE_CHECKING:
    from .broker import Broker

#: Of the time that answers may take, the part after which no further answer is expected where nobody says how many there will be.
_QUIET = 0.25


class Command(NamedTuple):
    """A remote command with its arguments, such as ``query_task`` with ``{"ids": […]}``."""

    name: str
    arguments: Mapping[str, Any]


class Answers(NamedTuple):
    """What workers answered, by their host names. ``listeners``: how many workers heard the question; None where that is not known."""

    by_host: dict[str, Any]
    listeners: int | None = None


class Standing(NamedTuple):
    """A queue: how many messages wait in it, and how many consumers it has (None: not known). ``exists``: whether there is such a queue."""

    messages: int
    consumers: int | None = None
    exists: bool = True


class Inspector(ABC):
    """Asks. One thread at a time owns it; :meth:`interrupt` is for others. Everything but that and :meth:`close` raises ConnectionLost."""

    def __init__(self) -> None:
        self._interrupted = threading.Event()

    def ask(
        self,
        commands: Sequence[Command],
        timeout: float,
        *,
        expected: Collection[str] = (),
        destination: list[str] | None = None,
        enough: Callable[[Sequence[Mapping[str, Any]]], bool] = lambda _: False,
    ) -> list[Answers]:
        """What workers answer to each of the commands.

        Args:
            commands: all are sent before the first answer is waited for.
            timeout: seconds to wait at most; less when all who heard them have answered.
            expected: hosts that are waited for as long as that allows.
            destination: the hosts that are meant; None for all.
            enough: where nobody says how many heard the question: whether the answers so far are all, or all that matter. It is given
                those to each command, by host names.

        Raises:
            ConnectionLost: the broker went away.
        """
        deadline = time.monotonic() + timeout
        self.prepare()
        tickets = [str(uuid.uuid4()) for _ in commands]
        found: dict[str, dict[str, Any]] = {ticket: {} for ticket in tickets}
        heard: list[int | None] = []
        for command, ticket in zip(commands, tickets, strict=True):
            body = {
                "method": command.name, "arguments": dict(command.arguments), "destination": destination,
                "pattern": None, "matcher": None, "ticket": ticket, "reply_to": self.reply_to(),
            }  # fmt: skip
            heard.append(self.publish(json.dumps(body), {"clock": 0, "expires": time.time() + timeout}))
        wanted = set(expected if destination is None else destination)
        count = min((number for number in heard if number is not None), default=None)
        last = time.monotonic()
        while not self._interrupted.is_set() and (left := deadline - time.monotonic()) > 0:
            if self._enough(found, count, wanted, destination is not None, time.monotonic() - last > timeout * _QUIET, enough):
                break
            for ticket, answer in self.collect(min(left, 0.1)):
                if ticket in found and isinstance(answer, dict):
                    found[ticket].update(answer)
                    last = time.monotonic()
        return [Answers(found[ticket], number) for ticket, number in zip(tickets, heard, strict=True)]

    @staticmethod
    def _enough(
        found: Mapping[str, Mapping[str, Any]],
        count: int | None,
        wanted: set[str],
        named: bool,
        quiet: bool,
        enough: Callable[[Sequence[Mapping[str, Any]]], bool],
    ) -> bool:
        hosts = set[str]().union(*found.values())
        if not all(hosts <= answers.keys() for answers in found.values()):
            return False
        if named:
            return wanted <= hosts
        if count is not None:
            return len(hosts) >= count
        return bool(hosts) and wanted <= hosts and (quiet or enough(list(found.values())))

    def interrupt(self) -> None:
        """Let :meth:`ask` return with what there is, now and whenever it is called again. From any thread."""
        self._interrupted.set()

    # ------------------------------------------------------------------------------------------------------------- transports
    @abstractmethod
    def prepare(self) -> None:
        """Make sure that answers have a queue to come to."""

    @abstractmethod
    def reply_to(self) -> dict[str, str]:
        """Its ``exchange`` and ``routing_key``."""

    @abstractmethod
    def publish(self, body: str, headers: dict[str, Any]) -> int | None:
        """Send a command to all workers; how many heard it, where that is known."""

    @abstractmethod
    def collect(self, timeout: float) -> Iterable[tuple[str, Any]]:
        """The answers that come within so many seconds, with their tickets; returns with the first."""

    @abstractmethod
    def standing(self, queue: str) -> Standing:
        """How a queue stands."""

    def consumers(self, queue: str) -> int | None:
        """How many consume from a queue; None where the broker does not count them."""
        return None

    def waiting(self, queue: str, task_ids: Collection[str]) -> frozenset[str] | None:
        """Which of these messages wait in a queue; None where the broker does not let anybody look."""
        return None

    def held(self, task_ids: Collection[str]) -> frozenset[str]:
        """Which of these messages the broker keeps for workers that have not acknowledged them, as far as it lets anybody look."""
        return frozenset()

    @abstractmethod
    def close(self) -> None:
        """Disconnect, and leave nothing behind."""


class EventStream(ABC):
    """Events of workers as they come. One thread owns it; :meth:`wake` is for others."""

    def __init__(self) -> None:
        self._waker = Waker()

    def wake(self) -> None:
        """Let :meth:`receive` return soon. From any thread."""
        self._waker.ring()

    @abstractmethod
    def receive(self, timeout: float) -> list[tuple[bytes | str, str]]:
        """Bodies and their content types of what comes within so many seconds; returns with the first. Raises ConnectionLost."""

    def close(self) -> None:
        """Disconnect, and leave nothing behind."""
        for end in self.ends():
            with contextlib.suppress(Exception):
                end()
        self._waker.close()

    @abstractmethod
    def ends(self) -> list[Callable[[], object]]:
        """What is to be closed."""


def make_inspector(broker: Broker) -> Inspector:
    """An inspector, connected.

    Raises:
        ConnectionLost: the broker cannot be reached.
        ImproperlyConfigured: it refuses.
    """
    if broker.traits.name == "redis":
        from .inspector_redis import RedisInspector

        return RedisInspector(broker)
    from .inspector_kombu import KombuInspector

    return KombuInspector(broker)


def make_event_stream(broker: Broker, keys: Sequence[str]) -> EventStream:
    """The events whose routing keys match one of these patterns, such as ``task.#``.

    Raises:
        ConnectionLost: the broker cannot be reached.
        ImproperlyConfigured: it refuses.
    """
    if broker.traits.name == "redis":
        from .event_stream_redis import RedisEventStream

        return RedisEventStream(broker, keys)
    from .event_stream_kombu import KombuEventStream

    return KombuEventStream(broker, keys)
