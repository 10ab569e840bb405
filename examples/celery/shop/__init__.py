"""A web shop's Celery project, as it was before anybody heard of flowc: nothing in it imports flowc."""
