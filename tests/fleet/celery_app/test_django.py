"""A project of Django's, laid out as Celery's documentation lays it out: its tasks run here with its settings, its models and no broker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("django")

FILES = {
    "shop/__init__.py": "from .celery import app as celery_app\n\n__all__ = ('celery_app',)\n",
    "shop/celery.py": """
import os
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.task(bind=True, ignore_result=True)
def debug_task(self):
    return f"Request: {self.request!r}"
""",
    "shop/settings.py": """
from pathlib import Path

SECRET_KEY = "x"
USE_TZ = True
TIME_ZONE = "Europe/Paris"
INSTALLED_APPS = ["orders"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).parent / "db.sqlite3", "OPTIONS": {"timeout": 20}}}
CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
CELERY_RESULT_BACKEND = "redis://127.0.0.1:1/1"
CELERY_TASK_DEFAULT_QUEUE = "orders"
""",
    "orders/__init__.py": "",
    "orders/models.py": """
from django.db import models


class Order(models.Model):
    amount = models.IntegerField()
""",
    "orders/tasks.py": """
from celery import shared_task
from django.conf import settings
from django.db import connection, transaction

from .models import Order


@shared_task
def prepare() -> int:
    with connection.schema_editor() as editor:
        editor.create_model(Order)
    return 0


@shared_task(bind=True)
def order(self, amount: int) -> list:
    with transaction.atomic():
        made = Order.objects.create(amount=amount)
        charged.delay_on_commit(made.pk)
    return [made.amount, self.request.delivery_info["routing_key"]]


@shared_task
def charged(pk: int) -> None:
    Order.objects.filter(pk=pk).update(amount=-Order.objects.get(pk=pk).amount)


@shared_task(autoretry_for=(Order.DoesNotExist,), default_retry_delay=0, max_retries=1)
def missing() -> None:
    Order.objects.get(pk=10**6)


@shared_task
def count() -> list:
    return [sorted(Order.objects.values_list("amount", flat=True)), settings.TIME_ZONE]
""",
    "all.flow": """
from orders.tasks import prepare, order, count
prepare() => [order(n) for n in range(1, 7)] => count()
""",
    "missing.flow": "orders.tasks.prepare() => orders.tasks.missing()\n",
    "wrong.flow": 'orders.tasks.order("ten")\n',
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's folder."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def flowc(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """``flowc``, run in a project's folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWC_", "PYTHON", "PYTEST", "DJANGO"))}
    return subprocess.run([sys.executable, "-m", "flowc", *words], cwd=project, env=kept, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_run(project: Path, pool: str) -> None:
    """Settings, models and shared tasks of its apps, as ``-A shop`` finds them for Celery."""
    ran = flowc(project, "run", "all.flow", "--app", "shop", "--pool", pool, "-c", "2")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [[-6, -5, -4, -3, -2, -1], "Europe/Paris"]


def test_check_and_failure(project: Path) -> None:
    """Its declarations are checked, and its failures told."""
    (project / "pyproject.toml").write_text('[tool.flowc]\napp = "shop.celery:app"\n')
    wrong = flowc(project, "check", "wrong.flow", "--app", "shop.celery:app")
    assert (wrong.returncode, "amount" in wrong.stdout + wrong.stderr) == (1, True), wrong
    ran = flowc(project, "run", "missing.flow")
    assert ran.returncode == 4, ran.stderr
    assert "DoesNotExist: Order matching query does not exist." in ran.stderr
    assert 'orders/tasks.py", line' in ran.stderr
    assert "celery/app" not in ran.stderr
