"""Settings of events and remote commands. Source: "Worker", "Events" and "Remote Control Commands" of Celery's documentation."""

from __future__ import annotations

from pydantic import Field

from .base import SettingsBase
from .kinds import Flag, MaybeSeconds, Name


class MonitoringSettings(SettingsBase):
    """What workers tell monitors such as Flower, and how they are told what to do."""

    worker_send_task_events: Flag = Field(False, description="Whether workers send an event for each thing that happens to a task.")
    task_send_sent_event: Flag = Field(False, description="Whether callers send an event `task-sent` for each call.")
    event_exchange: Name = Field("celeryev", description="The exchange that events go to.")
    event_queue_prefix: Name = Field("celeryev", description="The beginning of the names of queues that events are read from.")
    event_queue_ttl: MaybeSeconds = Field(
        5.0, description="Seconds after which an event that nobody has read is dropped from such a queue."
    )
    event_queue_expires: MaybeSeconds = Field(60.0, description="Seconds after which such a queue is deleted when nobody reads from it.")
    worker_enable_remote_control: Flag = Field(True, description="Whether workers listen to remote commands.")
    control_exchange: Name = Field("celery", description="The beginning of the names of exchanges for remote commands.")
    control_queue_ttl: MaybeSeconds = Field(300.0, description="Seconds after which a remote command that nobody has read is dropped.")
    control_queue_expires: MaybeSeconds = Field(10.0, description="Seconds after which an unused queue for remote commands is deleted.")
