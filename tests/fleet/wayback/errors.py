"""An exception of a project's own, which its clients and its workers know."""

from __future__ import annotations


class OutOfStock(Exception):
    """It has two arguments, and is not made by its message alone."""

    def __init__(self, article: str, missing: int) -> None:
        super().__init__(article, missing)
        self.article = article
        self.missing = missing
