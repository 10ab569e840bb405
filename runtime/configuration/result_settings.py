"""Settings of results. Source: "Task result backend settings" and "Redis backend settings" of Celery's documentation."""

from __future__ import annotations

from pydantic import Field

from .base import SettingsBase
from .kinds import (
    Expiry,
    Flag,
    MaybeAtLeastOne,
    MaybeCount,
    MaybeName,
    MaybeNames,
    MaybeOptions,
    MaybeSeconds,
    MaybeText,
    MaybeTls,
    Milliseconds,
    Name,
    Options,
)


class ResultSettings(SettingsBase):
    """Where results are kept, in which form, and how long."""

    result_backend: MaybeText = Field(None, description="Where results are kept; None: in this process if the broker is, else nowhere.")
    result_expires: Expiry = Field(86_400.0, description="Seconds (or a timedelta) after which a result is removed; 0 or None: never.")
    result_chord_expires: Expiry = Field(
        None, description="Seconds after which what is kept of an unfinished chord is removed; None: as `result_expires`."
    )
    result_extended: Flag = Field(False, description="Whether name, arguments, worker, retries and queue are kept with the result.")
    result_serializer: Name = Field("json", description="How results are written.")
    result_accept_content: MaybeNames = Field(None, description="Serializers of results that are read; None: those of `accept_content`.")
    result_compression: MaybeName = Field(None, description="What results are compressed with; None: nothing.")
    result_persistent: Flag = Field(False, description="With `rpc://`: whether results outlive a restart of the broker.")
    result_backend_transport_options: Options = Field(default_factory=dict, description="Options of the result store's connection.")
    result_backend_always_retry: Flag = Field(False, description="Whether the store is asked again after any error that may pass.")
    result_backend_max_retries: MaybeCount = Field(None, description="How often at most; None: for ever.")
    result_backend_base_sleep_between_retries_ms: Milliseconds = Field(
        10, description="Milliseconds before the first retry; it doubles each time."
    )
    result_backend_max_sleep_between_retries_ms: Milliseconds = Field(10_000, description="Milliseconds that a pause grows to.")
    database_engine_options: Options = Field(
        default_factory=lambda: {"pool_pre_ping": True, "pool_recycle": 3600},
        description="With `db+…`: options of SQLAlchemy's `create_engine`, such as `pool_size`.",
    )
    database_short_lived_sessions: Flag = Field(
        False, description="With `db+…`: whether each use of the database has a connection of its own."
    )
    database_table_names: MaybeOptions = Field(
        None, description="With `db+…`: the tables' names, `task` (`celery_taskmeta`) and `group` (`celery_tasksetmeta`)."
    )
    database_table_schemas: MaybeOptions = Field(None, description="With `db+…`: the schemas of the tables `task` and `group`.")
    redis_username: MaybeText = Field(None, description="The user, where the URL of a Redis store names none.")
    redis_password: MaybeText = Field(None, description="The password, where the URL of a Redis store has none.")
    redis_backend_use_ssl: MaybeTls = Field(None, description="TLS to a Redis store: options such as `ssl_cert_reqs`.")
    redis_max_connections: MaybeAtLeastOne = Field(None, description="Connections to a Redis store at most; None: no limit.")
    redis_socket_timeout: MaybeSeconds = Field(120.0, description="Seconds to wait for a Redis store's answer.")
    redis_socket_connect_timeout: MaybeSeconds = Field(None, description="Seconds to wait for a connection to it; None: as for answers.")
    redis_socket_keepalive: Flag = Field(False, description="Whether its idle connections are kept alive by TCP.")
