"""A file that one process opens several times stays whole when others open and leave it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .sources import Source, bodies

VISITOR = """
import sys
from kombu import Connection
from flowc.runtime.broker.sqlite_transport import register
register()
with Connection(sys.argv[1]) as connection:
    connection.Producer().publish({"number": int(sys.argv[2])}, routing_key="work", serializer="json")
"""


def test_another_connection_does_not_take_the_locks_away(tmp_path: Path) -> None:
    """The last process to leave a database deletes its log: it must see that this one is still there."""
    source = Source(f"sqlite:///{tmp_path}/queues.db")
    with source.receiving("work") as receiver:
        for number in range(3):
            with source.connection() as other:
                other.default_channel.queue_declare("other")
            subprocess.run([sys.executable, "-c", VISITOR, source.url, str(number)], check=True)
            taken = receiver.receive(1, 30)
            assert bodies(taken) == [f'{{"number": {number}}}'.encode()]
            receiver.ack(taken)
