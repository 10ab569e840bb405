"""Settings of the connection to the broker. Source: "Broker Settings" of Celery's documentation."""

from __future__ import annotations

from pydantic import Field

from .base import SettingsBase
from .kinds import BrokerUrl, Flag, MaybeCount, MaybeSeconds, Options, Tls


class BrokerSettings(SettingsBase):
    """Where messages go, and what happens when it does not answer."""

    broker_url: BrokerUrl = Field("memory://", description="The broker. Several URLs are tried in turn.")
    broker_transport_options: Options = Field(
        default_factory=dict, description="Options of kombu's transport, such as `visibility_timeout`."
    )
    broker_use_ssl: Tls = Field(False, description="TLS to the broker: `true`, or options such as `ca_certs` and `certfile`.")
    broker_heartbeat: MaybeCount = Field(120, description="Seconds between AMQP heartbeats; 0 or None: none.")
    broker_pool_limit: MaybeCount = Field(
        10, description="Connections that are kept open for sending; 0 or None: each is closed after its use."
    )
    broker_connection_timeout: MaybeSeconds = Field(
        4.0, description="Seconds after which an attempt to connect is given up; None: the system's limit."
    )
    broker_connection_retry: Flag = Field(True, description="Whether a worker that loses its connection connects again.")
    broker_connection_retry_on_startup: Flag = Field(True, description="Whether a worker that cannot connect when it starts tries again.")
    broker_connection_max_retries: MaybeCount = Field(
        100, description="How often a worker tries to connect before it gives up; 0 or None: for ever."
    )
