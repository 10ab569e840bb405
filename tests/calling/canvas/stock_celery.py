"""Run as a module: a Celery application on the broker in PEER_URL, for `celery -A … worker`, and as a program a client of one.

The client sends the canvases of a seed (``python -m tests.calling.canvas.stock_celery SEED COUNT``) and prints what they come to.
"""

from __future__ import annotations

import json
import os
import sys

import celery

from tests.calling.canvas import trees

app = celery.Celery("proj", broker=os.environ.get("PEER_URL"), backend=os.environ.get("PEER_URL"))
app.conf.broker_connection_retry_on_startup = True
note = app.task(name="proj.note")(trees.note)
only = app.task(name="proj.only")(trees.only)

if __name__ == "__main__":
    canvases = [
        trees.written(tree, celery, note, only, operators=number % 2 > 0)
        for number, tree in enumerate(trees.sampled(*map(int, sys.argv[1:])))
    ]
    results = [canvas.apply_async(("<",)) for canvas in canvases]
    print(json.dumps([trees.letters(result.get(timeout=60)) for result in results]))
    sys.stdout.flush()
    os._exit(0)  # Celery's results complain while Python shuts down
