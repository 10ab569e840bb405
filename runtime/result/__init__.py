"""What a caller holds of its calls: :class:`AsyncResult` for one, :class:`GroupResult` and :class:`ResultSet` for many.

Sources: "Results" of Celery's "Calling Tasks" guide, and ``celery.result`` of its reference.
"""

from __future__ import annotations

from .eager import EagerResult
from .group import GroupResult
from .guard import allow_join_result
from .resultset import ResultSet
from .single import AsyncResult
from .tuples import result_from_tuple

__all__ = ["AsyncResult", "EagerResult", "GroupResult", "ResultSet", "allow_join_result", "result_from_tuple"]
