"""Rows as the arrays that `unnest` makes them of again."""

from collections.abc import Sequence
from typing import Any


def columns_of(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """The rows, one or more, by column, the first of which has values.

    A column without any is empty: `unnest` makes shorter arrays as long as the longest with NULL,
    and what is not sent is not encoded.
    """
    return [
        [] if column[0] is None and not any(value is not None for value in column) else list(column)
        for column in zip(*rows, strict=True)
    ]
