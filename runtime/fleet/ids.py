"""The ids of the messages of a run."""

from __future__ import annotations

#: Bytes that the id of a message may have: AMQP's short texts end at 255, and a run adds to it.
LONGEST_ID = 230


def message_id(run_id: str, name: str) -> str:
    """The id of a step, group or whatever else of a run has none of its own: ``RUN.NAME``; a long name ends in its digest.

    Args:
        run_id: the id of the run.
        name: the id within the run.
    """
    id_ = f"{run_id}.{name}"
    if len(id_) > LONGEST_ID or len(id_.encode()) > LONGEST_ID:
        from hashlib import sha256

        digest = sha256(name.encode()).hexdigest()[:16]
        room = LONGEST_ID - len(digest) - 1
        return f"{id_.encode()[:room].decode('utf-8', 'ignore')}~{digest}"
    return id_
