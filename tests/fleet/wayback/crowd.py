"""A stock Celery client of a mixed fleet: ``python -m tests.fleet.wayback.crowd`` sends much at once and prints what came of it.

Its environment is that of ``client.py``.
"""

from __future__ import annotations

import json
import os
import sys

from celery import chain, chord, group

from tests.fleet.wayback.client import TIMEOUT, app, sig

CALLS, CHAINS, CHORDS = 100, 20, 10

if __name__ == "__main__":
    app.conf.task_send_sent_event = False
    calls = [app.send_task("proj.sleep", (0.01, n)) for n in range(CALLS)]
    chains = [chain(sig("add", n, 1), sig("add", 1), sig("add", 1)).apply_async() for n in range(CHAINS)]
    groups = [group(sig("add", n, m) for m in range(4)).apply_async() for n in range(CHORDS)]
    chords = []
    if os.environ.get("CLIENT_CHORDS"):
        chords = [chord([sig("sleep", 0.01, m) for m in range(8)], sig("tsum")).apply_async() for _ in range(CHORDS)]
        chords += [chain(group(sig("add", n, m) for m in range(4)), sig("tsum"), sig("add", 1)).apply_async() for n in range(CHORDS)]
    print(json.dumps([[result.get(timeout=3 * TIMEOUT) for result in results] for results in (calls, chains, groups, chords)]))
    sys.stdout.flush()
    os._exit(0)  # Celery's results complain while Python shuts down
