"""A program that uses its application in threads, and forks: ``forker.py QUEUE CALLS``. Parent and child go on, and wait for results."""

from __future__ import annotations

import os
import sys
import threading

from application import app, early, note  # type: ignore[import-not-found]


def call(who: str, queue: str, calls: int) -> None:
    """Call so often, in two threads; then wait for the results."""

    def some(name: str) -> None:
        for number in range(calls):
            key = f"{who}-{name}-{number}"
            result = early.apply_async((key,), queue=queue)
            note("sent", key)
            if number % 10 == 0:
                assert result.get(timeout=120) == key
                note("got", key)

    threads = [threading.Thread(target=some, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(queue: str, count: str) -> None:
    """Use it, fork in the middle of that, and use it in both."""
    calls = int(count)
    call("before", queue, 10)
    meanwhile = threading.Thread(target=call, args=("meanwhile", queue, calls))
    meanwhile.start()
    children = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                call(f"child{number}", queue, calls)
                if number == 0:
                    grandchild = os.fork()
                    if grandchild == 0:
                        call("grandchild", queue, calls)
                    elif os.waitpid(grandchild, 0)[1] != 0:
                        os._exit(1)
                app.close()
                status = 0
            finally:
                os._exit(status)
        children.append(pid)
    call("parent", queue, calls)
    meanwhile.join()
    for pid in children:
        if os.waitpid(pid, 0)[1] != 0:
            sys.exit(f"child {pid} has failed")
    call("after", queue, 10)
    app.close()


main(*sys.argv[1:])
