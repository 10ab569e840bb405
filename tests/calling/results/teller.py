"""A worker's side in a process of its own: tells states of tasks. Run as a program.

Arguments: broker, result store, reply queue (or "-"), how many states of progress each, what to return, ids. Prints how many states were
not taken.
"""

from __future__ import annotations

import sys

from flowc import App
from flowc.runtime.results.interface import Stored


def main() -> None:
    broker, store, reply_to, count, value, *tasks = sys.argv[1:]
    with App("teller", broker=broker, backend=store) as app:

        def tell(status: str, result: object) -> int:
            metas = [{"task_id": task, "status": status, "result": result, "traceback": None, "children": []} for task in tasks]
            return len(app.backend.store([Stored(meta, None if reply_to == "-" else reply_to, str(meta["task_id"])) for meta in metas]))

        refused = sum(tell("PROGRESS", number) for number in range(int(count)))
        print("told", flush=True)
        print(refused + tell("SUCCESS", value), flush=True)


if __name__ == "__main__":
    main()
