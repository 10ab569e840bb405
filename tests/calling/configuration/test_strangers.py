"""Names that are no settings: old ones, Celery's own, misspelt ones. Held to the tables of Celery itself, the peer."""

from __future__ import annotations

import pytest
from celery.app import defaults

from flowc.runtime.configuration.names import NAMES
from flowc.runtime.configuration.strangers import FOREIGN, is_foreign, modern_name, unknown


def test_every_setting_of_celery_is_ours_or_known_to_be_its_own() -> None:
    assert [key for key in defaults.DEFAULTS if (key in NAMES) == is_foreign(key)] == []
    assert [key for key in FOREIGN if key not in defaults.DEFAULTS] == []


def test_ours_alone() -> None:
    assert [key for key in NAMES if key not in defaults.DEFAULTS] == ["worker_max_message_size"]


def test_every_old_name_leads_to_todays() -> None:
    wrong = {old: modern_name(old, NAMES) for old, new in defaults._TO_NEW_KEY.items() if modern_name(old, NAMES) != new}
    assert wrong == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("BROKER_URL", "'BROKER_URL' is the old name of the setting 'broker_url': write broker_url"),
        ("CELERYD_CONCURRENCY", "write worker_concurrency"),
        ("CELERYD_PREFETCH_MULTIPLIER", "write worker_prefetch_multiplier"),
        ("CELERYD_TASK_TIME_LIMIT", "write task_time_limit"),
        ("CELERY_TASK_SERIALIZER", "write task_serializer"),
        ("CELERY_RESULT_BACKEND", "write result_backend"),
        ("CELERY_TASK_RESULT_EXPIRES", "write result_expires"),
        ("CELERY_ACCEPT_CONTENT", "write accept_content"),
        ("CELERY_ALWAYS_EAGER", "write task_always_eager"),
        ("CELERY_ROUTES", "write task_routes"),
        ("CELERYBEAT_SCHEDULE", "'CELERYBEAT_SCHEDULE' is a setting of Celery that flowc does not have: it starts no tasks by a schedule"),
        ("worker_autoscaler", "'worker_autoscaler' is a setting of Celery that flowc does not have: a worker has as many places"),
        ("worker_agent", "'worker_agent' is a setting of Celery that flowc does not have"),
        ("mongodb_backend_settings", "it keeps no results in MongoDB"),
        ("task_seriallizer", "did you mean 'task_serializer'?"),
        ("zzz", "there is no setting 'zzz'; docs/configuration.md lists them"),
        ("x" * 100_000, "there is no setting 'xxxx"),
    ],
)
def test_what_is_said(name: str, said: str) -> None:
    told = unknown(name, NAMES)
    assert said in told
    assert len(told) < 300
