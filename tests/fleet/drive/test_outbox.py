"""What leaves when the broker goes and comes: all of it, none of it twice, and no step longer than it wants to."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import pytest
from kombu.exceptions import OperationalError

from flowc.runtime.broker.interface import Destination, Envelope, RetryPolicy
from flowc.runtime.fleet.outbox import FIRST_PAUSE, LONGEST_PAUSE, Outbox, Outgoing


class Broker:
    """Takes so many messages, then fails; refuses those that it is told to."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.takes: int | None = None
        self.refuses: set[str] = set()
        self.calls = 0

    def publish(self, envelope: Envelope, retry: RetryPolicy, **_: object) -> None:
        raise NotImplementedError

    def publish_many(self, envelopes: Sequence[Envelope], retry: RetryPolicy, **_: object) -> None:
        assert isinstance(envelopes, deque)
        self.calls += 1
        while envelopes:
            if self.takes == 0:
                raise OperationalError("away")
            if envelopes[0].headers["id"] in self.refuses:
                raise KeyError("no such exchange")
            self.takes = None if self.takes is None else self.takes - 1
            self.got.append(envelopes.popleft().headers["id"])


def outgoing(id_: str, most: int | None = -1) -> Outgoing:
    retry = None if most == -1 else RetryPolicy(max_retries=most)
    return Outgoing(id_, Envelope({"id": id_}, {}, b"", "", "", Destination("", "q", "q")), retry)


@pytest.fixture
def broker() -> Broker:
    return Broker()


def test_what_is_ready_together_leaves_together(broker: Broker) -> None:
    outbox = Outbox(broker)
    assert outbox.wait(0.0) is None
    outbox.add([outgoing(str(n)) for n in range(300)])
    assert outbox.wait(0.0) == 0.0
    assert outbox.send(0.0).out == [str(n) for n in range(300)]
    assert broker.calls == 1
    assert len(outbox) == 0


def test_what_the_broker_has_is_not_sent_again(broker: Broker) -> None:
    outbox, broker.takes = Outbox(broker), 2
    outbox.add([outgoing(id_) for id_ in "abcd"])
    sent = outbox.send(10.0)
    assert (sent.out, sent.failed, str(sent.away)) == (["a", "b"], [], "away")
    assert outbox.wait(10.0) == pytest.approx(FIRST_PAUSE)
    assert outbox.send(10.0 + FIRST_PAUSE / 2).out == []  # not yet
    broker.takes = None
    outbox.add([outgoing("e")])
    assert outbox.send(10.0 + FIRST_PAUSE).out == ["c", "d", "e"]
    assert broker.got == ["a", "b", "c", "d", "e"]


def test_it_goes_on_for_as_long_as_the_broker_is_away(broker: Broker) -> None:
    outbox, broker.takes, now = Outbox(broker), 0, 0.0
    outbox.add([outgoing("a")])
    for _ in range(50):
        assert outbox.send(now).away is not None
        pause = outbox.wait(now)
        assert pause is not None
        assert 0 < pause <= LONGEST_PAUSE
        now += pause
    assert pause == LONGEST_PAUSE
    broker.takes = None
    assert outbox.send(now).out == ["a"]
    assert outbox.wait(now) is None


def test_a_step_that_wants_fewer_tries_gets_fewer(broker: Broker) -> None:
    outbox, broker.takes, now = Outbox(broker), 0, 0.0
    outbox.add([outgoing("never", 0), outgoing("twice", 2), outgoing("always", None), outgoing("unsaid")])
    failed = []
    for _ in range(4):
        failed.append([id_ for id_, _ in outbox.send(now).failed])
        now += 10
    assert failed == [["never"], [], ["twice"], []]
    broker.takes = None
    assert outbox.send(now).out == ["always", "unsaid"]


def test_one_that_is_refused_does_not_hold_up_the_others(broker: Broker) -> None:
    outbox, broker.refuses = Outbox(broker), {"b", "d"}
    outbox.add([outgoing(id_) for id_ in "abcde"])
    sent = outbox.send(0.0)
    assert sent.out == ["a", "c", "e"]
    assert [(id_, type(why)) for id_, why in sent.failed] == [("b", KeyError), ("d", KeyError)]
    assert len(outbox) == 0


def test_the_broker_may_go_while_they_are_tried_one_by_one(broker: Broker) -> None:
    outbox, broker.refuses, broker.takes = Outbox(broker), {"b"}, 2
    outbox.add([outgoing(id_) for id_ in "abcd"])
    sent = outbox.send(0.0)
    assert (sent.out, [id_ for id_, _ in sent.failed], str(sent.away)) == (["a", "c"], ["b"], "away")
    assert outbox.clear() == ["d"]
    assert outbox.wait(0.0) is None
