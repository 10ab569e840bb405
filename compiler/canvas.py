"""Plan → canvas: which steps the messages of others can carry, as links, groups and chords of stock Celery workers."""

from __future__ import annotations

from .plan import Canvas, Plan


def carry(plan: Plan) -> Canvas:
    """What stock workers can do of a plan by themselves."""
    raise NotImplementedError
