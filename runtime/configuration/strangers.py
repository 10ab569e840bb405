"""Names that are no settings: what a user probably meant by one."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

#: Characters of a name that are looked at and shown.
LONGEST = 100

#: Settings of Celery (5.x) that flowc has not, by their beginning, with the reason.
FOREIGN_FAMILIES = {
    "beat_": "it starts no tasks by a schedule",
    "security_": "it does not sign messages",
    "cache_": "it keeps no results in memcached",
    "arangodb_": "it keeps no results in ArangoDB",
    "azureblockblob_": "it keeps no results in Azure",
    "cassandra_": "it keeps no results in Cassandra",
    "cosmosdbsql_": "it keeps no results in Cosmos DB",
    "couchbase_": "it keeps no results in Couchbase",
    "elasticsearch_": "it keeps no results in Elasticsearch",
    "gcs_": "it keeps no results in Google Cloud Storage",
    "mongodb_": "it keeps no results in MongoDB",
    "s3_": "it keeps no results in S3",
}

_IN_THE_URL = "broker_url says it all"
_IN_THE_BACKEND = "result_backend says it: redis://host:port/db"
_ONE_URL = "broker_url is for sending and receiving"
_NO_LIMITER = "its workers do not limit rates"
_OWN_QUEUES = "queues for events and remote commands belong to one process each, and go with it"
_NO_LOGS = "the program that starts a worker says how it logs"

#: The others: why flowc has them not; None where there is nothing to say.
FOREIGN: dict[str, str | None] = {
    "broker_read_url": _ONE_URL,
    "broker_write_url": _ONE_URL,
    "broker_transport": _IN_THE_URL,
    "broker_host": _IN_THE_URL,
    "broker_port": _IN_THE_URL,
    "broker_user": _IN_THE_URL,
    "broker_password": _IN_THE_URL,
    "broker_vhost": _IN_THE_URL,
    "broker_channel_error_retry": None,
    "broker_failover_strategy": "the URLs of broker_url are tried in turn",
    "broker_heartbeat_checkrate": None,
    "broker_login_method": None,
    "broker_native_delayed_delivery_queue_type": None,
    "broker_pool_acquire_timeout": None,
    "control_queue_durable": _OWN_QUEUES,
    "control_queue_exclusive": _OWN_QUEUES,
    "database_create_tables_at_setup": "tables are made when they are first needed",
    "database_engine_callback": "database_engine_options says how the engine is made",
    "database_url": "result_backend says it: db+postgresql://user:password@host/name",
    "event_queue_durable": _OWN_QUEUES,
    "event_queue_exclusive": _OWN_QUEUES,
    "event_serializer": "events are JSON",
    "redis_db": _IN_THE_BACKEND,
    "redis_host": _IN_THE_BACKEND,
    "redis_port": _IN_THE_BACKEND,
    "redis_retry_on_timeout": "how often it tries again is said by result_backend_always_retry",
    "result_cache_max": "it keeps no cache of results",
    "result_chord_join_timeout": None,
    "result_chord_retry_interval": "chords are counted, not polled",
    "result_exchange": "replies go straight to the caller's queue",
    "result_exchange_type": "replies go straight to the caller's queue",
    "result_failure_expires": "result_expires counts for failures too",
    "task_acks_on_failure": "task_acks_on_failure_or_timeout says both",
    "task_acks_on_timeout": "task_acks_on_failure_or_timeout says both",
    "task_allow_error_cb_on_chord_header": None,
    "task_annotations": "give a task its options with @app.task(…)",
    "task_create_missing_queue_exchange_type": None,
    "task_default_rate_limit": _NO_LIMITER,
    "task_protocol": "it speaks protocol 2 and reads 1",
    "task_remote_tracebacks": None,
    "task_repr_maxlevels": None,
    "task_retry_on_worker_lost": None,
    "worker_agent": None,
    "worker_autoscaler": "a worker has as many places as worker_concurrency says",
    "worker_cancel_long_running_tasks_on_connection_loss": None,
    "worker_consumer": None,
    "worker_deduplicate_successful_tasks": None,
    "worker_detect_quorum_queues": None,
    "worker_direct": None,
    "worker_disable_prefetch": "set worker_prefetch_multiplier to 1",
    "worker_disable_rate_limits": _NO_LIMITER,
    "worker_enable_prefetch_count_reduction": None,
    "worker_enable_soft_shutdown_on_idle": None,
    "worker_eta_task_limit": None,
    "worker_hijack_root_logger": _NO_LOGS,
    "worker_log_color": _NO_LOGS,
    "worker_log_datefmt": _NO_LOGS,
    "worker_log_format": _NO_LOGS,
    "worker_lost_wait": None,
    "worker_max_memory_per_child": None,
    "worker_max_tasks_per_child": None,
    "worker_pool_putlocks": None,
    "worker_pool_restarts": None,
    "worker_pool_start_method": None,
    "worker_proc_alive_timeout": None,
    "worker_redirect_stdouts": None,
    "worker_redirect_stdouts_level": None,
    "worker_soft_shutdown_timeout": None,
    "worker_state_db": None,
    "worker_task_log_datefmt": _NO_LOGS,
    "worker_task_log_format": _NO_LOGS,
    "worker_timer": None,
    "worker_timer_precision": None,
}

#: Names of Celery 3 (in capitals there) that are more than another beginning of today's.
RENAMED = {
    "celery_eager_propagates_exceptions": "task_eager_propagates",
    "celery_max_cached_results": "result_cache_max",
    "celery_message_compression": "task_compression",
    "celery_redirect_stdouts": "worker_redirect_stdouts",
    "celery_redirect_stdouts_level": "worker_redirect_stdouts_level",
    "celery_result_db_short_lived_sessions": "database_short_lived_sessions",
    "celery_result_db_tablenames": "database_table_names",
    "celery_result_dburi": "database_url",
    "celery_result_engine_options": "database_engine_options",
    "celery_send_events": "worker_send_task_events",
    "celery_send_task_sent_event": "task_send_sent_event",
    "celery_task_result_expires": "result_expires",
    "celery_disable_rate_limits": "worker_disable_rate_limits",
    "celery_enable_remote_control": "worker_enable_remote_control",
    "celeryd_worker_lost_wait": "worker_lost_wait",
}

_OLD_BEGINNINGS = (
    ("celeryd_", ("worker_", "")),
    ("celerybeat_", ("beat_",)),
    ("celery_", ("", "task_", "worker_")),
    ("", ("",)),
)


def unknown(key: str, known: Collection[str]) -> str:
    """What to say of a name that is no setting: one sentence without a full stop, then what to do."""
    said = no_longer_or_not_here(key, known)
    if said is not None:
        return said
    near = nearest(key, known)
    return f"there is no setting {_cut(key)!r}" + (f"; did you mean {near!r}?" if near else "; docs/configuration.md lists them")


def no_longer_or_not_here(key: str, known: Collection[str]) -> str | None:
    """What to say of an old name of Celery's, or of a setting of Celery's that flowc has not; None for any other name."""
    new = modern_name(key, known)
    if new is None:
        return None
    if new in known:
        return f"{_cut(key)!r} is the old name of the setting {new!r}: write {new}"
    reason = _foreign_reason(new)
    return f"{_cut(key)!r} is a setting of Celery that flowc does not have" + (f": {reason}" if reason else "")


def nearest(key: str, known: Collection[str]) -> str | None:
    """The known name that a mistyped one most resembles."""
    near = get_close_matches(key.lower(), known, 1, 0.75) if len(key) <= LONGEST else []
    return near[0] if near else None


def _cut(key: str) -> str:
    return key if len(key) <= LONGEST else f"{key[: LONGEST - 1]}…"


def modern_name(key: str, known: Collection[str]) -> str | None:
    """Celery's name of today for a setting of Celery (any version), itself if it is one; None if Celery has none of that name."""
    lower = key.lower()
    if lower in RENAMED:
        return RENAMED[lower]
    for old, beginnings in _OLD_BEGINNINGS:
        if lower.startswith(old):
            rest = lower.removeprefix(old)
            for new in beginnings:
                if new + rest in known or is_foreign(new + rest):
                    return new + rest
    return None


def is_foreign(key: str) -> bool:
    """Whether it is a setting of Celery that flowc has not."""
    return key in FOREIGN or key.startswith(tuple(FOREIGN_FAMILIES))


def _foreign_reason(key: str) -> str | None:
    if key in FOREIGN:
        return FOREIGN[key]
    return next(reason for beginning, reason in FOREIGN_FAMILIES.items() if key.startswith(beginning))
