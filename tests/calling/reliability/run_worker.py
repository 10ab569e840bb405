"""Runs a worker, until ``flowc worker`` does."""

from __future__ import annotations

import argparse
import logging
import sys
import threading

from application import app  # type: ignore[import-not-found]

from flowc.runtime.worker.service import WorkerService

parser = argparse.ArgumentParser()
parser.add_argument("--app")
parser.add_argument("-Q")
parser.add_argument("--pool")
parser.add_argument("-c", type=int)
given = parser.parse_args()
logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
service = WorkerService(app, given.Q.split(","), concurrency=given.c, pool=given.pool)


def tell() -> None:
    service.ready.wait()
    print("ready", flush=True)


if given.pool == "processes":
    # the pool forks first: no thread before it
    prepare = service._prepare

    def prepared() -> None:
        prepare()
        threading.Thread(target=tell, daemon=True).start()

    service._prepare = prepared  # type: ignore[method-assign]
else:
    threading.Thread(target=tell, daemon=True).start()
service.run()
print(dict(service.counts), flush=True)
from flowc.cli.worker import _leave

sys.exit(_leave(service))
