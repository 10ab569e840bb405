"""Tasks called from Python, without a flow: the calls of Celery's guide, on a worker inside this process.

python examples/calling/calling.py

On two processes, without a server, both commands in the same folder:

FLOWC_BROKER_URL=sqlite:///letters.db FLOWC_RESULT_BACKEND=sqlite:///letters.db flowc worker --app examples.calling.tasks
FLOWC_BROKER_URL=sqlite:///letters.db FLOWC_RESULT_BACKEND=sqlite:///letters.db flowc call letters.address ada --wait
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # the program may be started from anywhere

from examples.calling.tasks import address, app, archive, complain, count, send
from flowc import chord, group


def show(message: dict[str, Any]) -> None:
    if message["status"] == "PROGRESS":
        print(f"archived {message['result']['done']} of {message['result']['of']}")


def main() -> None:
    with app.embedded_worker():
        # one call, and what it gives
        print(address.delay("ada").get(timeout=10))

        # one after the other: the address goes in front of the subject
        print((address.s("alan") | send.s("Hello")).delay().get(timeout=10))

        # side by side, then a last one over all of their results
        letters = group(address.s(name) | send.s("News") for name in ("ada", "alan", "grace"))
        print(chord(letters, count.s()).delay().get(timeout=10))

        # how far it is, while it runs
        archive.delay(2).get(timeout=10, on_message=show)

        # no such name: the errback is called in the worker, and the exception comes back
        missing = address.apply_async(("eve",), link_error=complain.s())
        print(repr(missing.get(timeout=10, propagate=False)), missing.state)


if __name__ == "__main__":
    main()
