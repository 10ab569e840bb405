"""What happens when somebody signs up."""

from __future__ import annotations

from typing import Literal

from celery import Task, shared_task
from celery.utils.log import get_task_logger

log = get_task_logger(__name__)


@shared_task(name="shop.accounts.create")
def create(name: str, plan: Literal["free", "pro"] = "free") -> dict[str, str]:
    """Make an account and give its record."""
    return {"name": name, "plan": plan, "mail": f"{name}@example.org"}


@shared_task(name="shop.accounts.storage", bind=True, max_retries=3)
def storage(self: Task, account: dict[str, str]) -> str:
    """Set up the account's storage. The first try finds the disk busy."""
    if self.request.retries == 0:
        raise self.retry(countdown=0.2, exc=OSError("the disk is busy"))
    return f"bucket-{account['name']}"


@shared_task(name="shop.accounts.welcome")
def welcome(account: dict[str, str]) -> str:
    """Write the welcome mail."""
    return f"mail to {account['mail']}"


@shared_task(name="shop.accounts.ready")
def ready(parts: list[str]) -> str:
    """Mark the account as ready: everything is set up."""
    return ", ".join(parts)


@shared_task(name="shop.accounts.page")
def page(request: object, exc: object, traceback: object, team: str = "accounts") -> None:
    """Call somebody: a step failed."""
    log.warning("paging %s: %s", team, exc)
