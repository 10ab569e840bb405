"""Settings of calls: their form, their way and what they ask of the worker. Source: "Task settings", "Task execution settings" and
"Message Routing" of Celery's documentation."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import SettingsBase
from .kinds import (
    RETRY_POLICY,
    DeliveryMode,
    ExchangeType,
    Flag,
    MaybeName,
    MaybeSeconds,
    Name,
    Names,
    Priority,
    Queues,
    QueueType,
    RetryPolicy,
    Routes,
    Zone,
)


class FormSettings(SettingsBase):
    """In which form messages travel."""

    task_serializer: Name = Field(
        "json", description="How arguments travel: `json`, `yaml`, `msgpack`, `pickle`, or any registered with kombu."
    )
    task_compression: MaybeName = Field(
        None, description="What messages are compressed with: `gzip`, `bzip2`, `lzma`, `brotli`, `zstd` …; None: nothing."
    )
    accept_content: Names = Field(("json",), description="Serializers that are read, by name or content type; others are refused.")
    timezone: Zone = Field(
        None, description="The zone of times that name none (`flowc call --eta`); None: UTC, or with `enable_utc` false this machine's."
    )
    enable_utc: Flag = Field(True, description="Whether times are in UTC where `timezone` is not set.")


class RoutingSettings(SettingsBase):
    """Which queue a call goes to, and how."""

    task_default_queue: Name = Field("celery", description="The queue of calls that nothing else routes.")
    task_default_exchange: MaybeName = Field(
        None, description="The exchange of queues in `task_queues` that name none; None: the default queue's name."
    )
    task_default_exchange_type: ExchangeType = Field("direct", description="The type of the exchange of queues that name none.")
    task_default_routing_key: MaybeName = Field(None, description="The routing key of the default queue; None: its name.")
    task_default_priority: Priority = Field(None, description="The priority of calls that name none.")
    task_default_delivery_mode: DeliveryMode = Field(2, description="Whether messages outlive a restart of the broker.")
    task_queues: Queues = Field(None, description="The queues that there are; None: those that are named somewhere.")
    task_routes: Routes = Field(None, description="Which queue a task goes to, by its name, a glob, a regular expression or a function.")
    task_create_missing_queues: Flag = Field(True, description="Whether a queue that is named but not in `task_queues` is made.")
    task_create_missing_queue_type: QueueType = Field(
        "classic", description="What RabbitMQ's queues are that are made because they are named."
    )
    task_default_queue_type: QueueType = Field("classic", description="What the default queue is there, where `task_queues` has none.")
    task_queue_max_priority: Priority = Field(None, description="The highest priority of RabbitMQ's queues for which none is given.")
    task_inherit_parent_priority: Flag = Field(False, description="Whether calls made inside a task have its priority.")
    task_publish_retry: Flag = Field(True, description="Whether sending is tried again when the broker does not answer.")
    task_publish_retry_policy: RetryPolicy = Field(
        default_factory=lambda: dict[str, Any](RETRY_POLICY),
        description="How often and with which pauses (seconds); `max_retries` None: for ever.",
    )


class ExecutionSettings(SettingsBase):
    """How tasks run."""

    task_ignore_result: Flag = Field(False, description="Whether results are not kept.")
    task_store_errors_even_if_ignored: Flag = Field(False, description="Whether failures are kept of tasks whose results are not.")
    task_track_started: Flag = Field(False, description="Whether the state `STARTED` is kept when a task begins.")
    task_time_limit: MaybeSeconds = Field(None, description="Seconds after which a task is ended by force.")
    task_soft_time_limit: MaybeSeconds = Field(None, description="Seconds after which `SoftTimeLimitExceeded` is raised in a task.")
    task_acks_late: Flag = Field(False, description="Whether a message is acknowledged after its task has run, not before.")
    task_acks_on_failure_or_timeout: Flag = Field(True, description="With `task_acks_late`: whether it is also when the task failed.")
    task_reject_on_worker_lost: Flag = Field(False, description="With `task_acks_late`: whether a task whose process died runs again.")
    task_always_eager: Flag = Field(False, description="Whether `delay` and `apply_async` run the task here, and wait: for tests.")
    task_eager_propagates: Flag = Field(False, description="Whether tasks that run so raise what they fail with.")
    task_store_eager_result: Flag = Field(False, description="Whether results of tasks that run so are kept.")


class TaskSettings(FormSettings, RoutingSettings, ExecutionSettings):
    """All that concerns calls."""
