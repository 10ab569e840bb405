"""The result store of ``flowc submit --wait``: better known to be out of reach before anything is sent, and soon."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .exits import Exit, Stop

if TYPE_CHECKING:
    from ..runtime.app import App

#: Seconds that it may take to answer.
PATIENCE = 5.0


def check_results(app: App) -> None:
    """Make sure that results are kept.

    Raises:
        Stop: they are not.
    """
    from ..runtime.results.disabled import DisabledBackend

    if isinstance(app.backend, DisabledBackend):
        hint = "Give --backend URL or set result_backend, to where the workers keep them."
        raise Stop("there is nothing to wait for: results are not kept, since result_backend is not set", hint=hint)


def check_store(app: App) -> None:
    """Make sure that the result store answers. It is tried a few times, not as often as the settings say: nothing is lost yet.

    Raises:
        BackendError: it cannot be reached, or refuses.
        Stop: it does not answer in time.
    """
    from ..runtime.results.factory import make_backend
    from ..runtime.results.settings import RetryIntervals

    backend = make_backend(app, retry=RetryIntervals(most=2, start=0.2, step=0.5))
    failed: list[Exception] = []

    def ask() -> None:
        try:
            backend.get("")
        except Exception as exc:  # raised below, whatever it is
            failed.append(exc)
        finally:
            backend.close()

    thread = threading.Thread(target=ask, name="flowc-result-store", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if thread.is_alive():
        raise Stop(f"the result store {backend.url} does not answer, so nothing was sent", Exit.BROKER)
    if failed:
        raise failed[0]
