"""The Celery application. Workers: ``celery -A shop.celery_app worker``."""

from __future__ import annotations

import os

from celery import Celery

app = Celery("shop", include=["shop.accounts", "shop.sales"])
app.conf.update(
    broker_url=os.environ.get("SHOP_BROKER", "redis://localhost:6379/0"),
    result_backend=os.environ.get("SHOP_RESULTS", "redis://localhost:6379/1"),
    broker_connection_retry_on_startup=True,
    task_routes={"shop.sales.*": {"queue": "reports"}},
)
