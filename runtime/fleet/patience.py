"""How long is waited for a sign of a step before it is asked about, and before it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, all of them.

    A step is asked about when nothing was heard of it for ``probe_after`` (counted from when it may begin, where it has an ``eta``), then
    again after ``pause_first``, and after ever longer pauses up to ``pause_most``. It is given up as lost when no worker knows it and its
    message is nowhere to be found, for as long as this, as at least two questions have shown:

    - ``lost_after``: all workers that are there have answered, and one that was there after the step was sent has gone, or was started
      anew, or the broker was away since then. In this time what is on its way to the run arrives;
    - ``untold_after``: all have answered, none has gone, and the broker was there: the step ended without a word (``Ignore``), or has
      replaced itself with others (``self.replace``), whose last one will have its id;
    - ``unsure_after``: its worker, or one that may have it, is known to be leaving, and finishes its tasks without answering; or its
      message may stand in a queue that is busy and cannot be looked into; or its task has a rate limit, so that workers hold it without a
      word;
    - ``silent_after``: some worker is connected to the broker and does not answer (a solo pool at work, one without remote control), or
      none has ever answered;
    - ``down_after``: workers have answered before, and now there is none. While messages wait in the queue it is not given up even then:
      a fleet may be stopped for long.

    ``expired_after``: a step whose ``expires`` is over is asked about so soon, and counts as revoked when no worker knows it.
    ``answer``: how long workers may take to answer. ``linger``: a result is taken from the result backend when its link has not come for so
    long. ``look_first look_most``: pauses between two looks into a backend that does not tell by itself; those that do are looked into
    after ``look_backstop``. ``enable_again``: events are asked for again after that, should somebody else have switched them off.
    """

    probe_after: float = 30.0
    pause_first: float = 10.0
    pause_most: float = 120.0
    lost_after: float = 120.0
    untold_after: float = 900.0
    unsure_after: float = 1800.0
    silent_after: float = 21600.0
    down_after: float = 600.0
    expired_after: float = 5.0
    answer: float = 2.0
    linger: float = 1.0
    look_first: float = 0.1
    look_most: float = 2.0
    look_backstop: float = 10.0
    enable_again: float = 15.0

    @classmethod
    def losing_after(cls, seconds: float | None) -> Self:
        """What the user wants who says after how many seconds a step that nobody knows is lost; None: the defaults.

        It counts where everybody has answered, or nobody is left: ``lost_after``, ``untold_after`` and ``down_after``. Where somebody may
        have the step and cannot say so, no less than the defaults is waited for. Questions come so often that this makes a difference.

        Raises:
            UsageError: it is no time.
        """
        if seconds is None:
            return cls()
        if not seconds > 0:
            raise UsageError(f"lost_after is a number of seconds above 0, not {seconds}")
        own = cls()
        return cls(
            probe_after=min(own.probe_after, seconds),
            pause_first=min(own.pause_first, seconds),
            pause_most=min(own.pause_most, max(seconds, own.pause_first)),
            lost_after=seconds,
            untold_after=seconds,
            down_after=seconds,
            unsure_after=max(own.unsure_after, seconds),
            silent_after=max(own.silent_after, seconds),
        )
