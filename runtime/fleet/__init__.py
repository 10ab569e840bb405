"""Flows on fleets of stock Celery workers: submitted as messages that carry themselves, or driven step by step from here."""
