"""Settings of workers. Source: "Worker" of Celery's documentation; ``worker_max_message_size`` is flowc's own."""

from __future__ import annotations

from pydantic import Field

from .base import SettingsBase
from .kinds import MIB, AtLeastOne, Count, MaybeAtLeastOne, Names, Pool


class WorkerSettings(SettingsBase):
    """How many tasks a worker runs at once, in what, and what it takes."""

    worker_concurrency: MaybeAtLeastOne = Field(None, description="How many tasks run at once; None: the pool's own number.")
    worker_pool: Pool = Field("threads", description="What tasks run in.")
    worker_prefetch_multiplier: Count = Field(4, description="Messages fetched ahead for each task that can run; 0: no limit.")
    worker_max_message_size: AtLeastOne = Field(
        64 * MIB, description="Bytes of a message's body after decompression; larger ones are refused."
    )
    imports: Names = Field((), description="Modules that a worker imports when it starts.")
    include: Names = Field((), description="More of them; imported after `imports`.")
