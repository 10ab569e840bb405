"""A process that calls: ``producer.py QUEUE FIRST COUNT``. It writes each key down before it is sent and when it was accepted."""

from __future__ import annotations

import sys

from application import app, note, work  # type: ignore[import-not-found]


def main(queue: str, first: str, count: str) -> None:
    """Call ``r.work`` so often."""
    for number in range(int(first), int(first) + int(count)):
        note("sending", number)
        id_ = work.apply_async((number, 0.002), queue=queue).id
        note("sent", f"{number}:{id_}")
    app.close()


main(*sys.argv[1:])
