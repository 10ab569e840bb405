"""The settings of the result backend, read once from the configuration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Results are kept for a day unless ``result_expires`` says otherwise, in seconds.
A_DAY = 86_400.0
#: Bytes of the largest document (``worker_max_message_size``).
LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RetryIntervals:
    """How often and after which pauses (seconds) an operation on a broken connection is tried again. ``most``: None for no end."""

    most: int | None = 20
    start: float = 0.0
    step: float = 1.0
    maximum: float = 1.0
    factor: float = 1.0

    def pauses(self) -> Iterator[float]:
        """The pause before each further try."""
        pause, tries = self.start, 0
        while self.most is None or tries < self.most:
            yield min(pause, self.maximum)
            pause = min(pause * self.factor + self.step, self.maximum)
            tries += 1


@dataclass(frozen=True, slots=True)
class Settings:
    """What a result backend is set to. Times are seconds; ``expires`` None: never; ``largest``: bytes.

    Source: "Task result backend settings" of Celery's documentation.
    """

    serializer: str = "json"
    compression: str | None = None
    accept: tuple[str, ...] = ("json",)
    largest: int = LARGEST
    expires: float | None = A_DAY
    chord_expires: float | None = A_DAY
    persistent: bool = False
    transport_options: Mapping[str, Any] = field(default_factory=dict)
    retry: RetryIntervals = RetryIntervals()


def read_settings(conf: object) -> Settings:
    """The settings of a configuration; what it lacks has Celery's default."""

    def setting(name: str, default: Any = None) -> Any:
        value = getattr(conf, name, None)
        return default if value is None else value

    expires = _seconds(getattr(conf, "result_expires", A_DAY))
    chord_expires = getattr(conf, "result_chord_expires", None)
    options = dict(setting("result_backend_transport_options", {}))
    accept = setting("result_accept_content") or setting("accept_content") or ("json",)
    return Settings(
        serializer=setting("result_serializer", "json"),
        compression=setting("result_compression"),
        accept=tuple(accept),
        largest=setting("worker_max_message_size", LARGEST),
        expires=expires,
        chord_expires=expires if chord_expires is None else _seconds(chord_expires),
        persistent=bool(setting("result_persistent", False)),
        transport_options=options,
        retry=_intervals(setting, options),
    )


def _seconds(value: Any) -> float | None:
    """A duration in seconds; None for one that never ends (None or 0)."""
    if isinstance(value, dt.timedelta):
        value = value.total_seconds()
    return float(value) if value else None


def _intervals(setting: Any, options: Mapping[str, Any]) -> RetryIntervals:
    if setting("result_backend_always_retry", False):
        most = setting("result_backend_max_retries")
        return RetryIntervals(
            most=None if most is None or most == float("inf") else int(most),
            start=setting("result_backend_base_sleep_between_retries_ms", 10) / 1000,
            step=0.0,
            maximum=setting("result_backend_max_sleep_between_retries_ms", 10_000) / 1000,
            factor=2.0,
        )
    policy = options.get("retry_policy") or {}
    most = policy.get("max_retries", 20)
    return RetryIntervals(
        most=None if most is None else int(most),
        start=float(policy.get("interval_start", 0.0)),
        step=float(policy.get("interval_step", 1.0)),
        maximum=float(policy.get("interval_max", 1.0)),
    )
