"""An application whose calls are kept instead of sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc import App
from flowc.runtime.ids import new_id
from flowc.runtime.sending import Sending


class Recorder:
    """Stands in for an application's sender. ``sent``: the calls, in order."""

    def __init__(self, app: App) -> None:
        self.sent: list[Sending] = []
        app._made["sender"] = self

    def send(self, sending: Sending) -> str:
        return self.send_many([sending])[0]

    def send_many(self, sendings: Sequence[Sending]) -> list[str]:
        self.sent += sendings
        return [str(sending.options.get("task_id") or new_id()) for sending in sendings]

    def close(self) -> None:
        """Nothing is open."""

    @property
    def last(self) -> Any:
        return self.sent[-1]
