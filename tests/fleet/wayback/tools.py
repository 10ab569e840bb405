"""Celery's command line, several times in one process, since each start of it costs more than what it does.

``python -m tests.fleet.wayback.tools`` reads a JSON list of argument lists and writes one of [exit code, standard output].
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys

from celery.bin.celery import celery


def run(words: list[str]) -> tuple[int, str]:
    """``celery …``: exit code and standard output."""
    out = io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out):
        try:
            celery(args=words, auto_envvar_prefix="CELERY")
        except SystemExit as ended:
            code = int(ended.code or 0)
    return code, out.getvalue()


if __name__ == "__main__":
    print(json.dumps([run(words) for words in json.load(sys.stdin)]))
    sys.stdout.flush()
    os._exit(0)  # Celery's connections complain while Python shuts down
