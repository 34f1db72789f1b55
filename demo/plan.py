"""In which requests the year goes out: windows of time, within them waves, in a wave one batch a
shop.

A wave is sent only when all of the one before is answered, its batches at the same time. What a
member does stays in order: a later receipt of theirs is in a later wave, or behind the earlier one
in the same batch. So nothing depends on which shop is faster.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from demo.receipts import DemoReceipt
from demo.refunds import DemoRefund

DemoTransaction = DemoReceipt | DemoRefund
BATCH_ITEMS_MAX = 200


@dataclass(frozen=True, slots=True)
class Batch:
    """What a shop sends in one request, in time order."""

    shop: int
    transactions: tuple[DemoTransaction, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """All that happened before `ends_wall` and not in an earlier window."""

    ends_wall: datetime
    waves: tuple[tuple[Batch, ...], ...]


def wall_of(transaction: DemoTransaction) -> datetime:
    """When it happened, by the malls' clocks."""
    if isinstance(transaction, DemoReceipt):
        return transaction.bought_wall
    return transaction.refunded_wall


def windows(
    transactions: Iterable[DemoTransaction], starts_wall: datetime, length: timedelta
) -> Iterator[Window]:
    """Cut a stream in time order into windows of this length; empty ones are left out."""

    def place(transaction: DemoTransaction) -> int:
        return (wall_of(transaction) - starts_wall) // length

    for number, found in groupby(transactions, key=place):
        yield Window(starts_wall + (number + 1) * length, waves(found))


def waves(transactions: Iterable[DemoTransaction]) -> tuple[tuple[Batch, ...], ...]:
    """The waves of one window; in each, the batches in the order of their first receipt."""
    planned: list[dict[int, list[DemoTransaction]]] = []
    latest: dict[int, tuple[int, DemoTransaction]] = {}
    for transaction in transactions:
        number = _first_wave(latest.get(transaction.household), transaction)
        while number < len(planned) and _is_full(planned[number].get(transaction.shop, ())):
            number += 1
        if number == len(planned):
            planned.append({})
        planned[number].setdefault(transaction.shop, []).append(transaction)
        latest[transaction.household] = number, transaction
    return tuple(
        tuple(Batch(shop, tuple(found)) for shop, found in wave.items()) for wave in planned
    )


def _first_wave(before: tuple[int, DemoTransaction] | None, transaction: DemoTransaction) -> int:
    """The same wave as the member's receipt before, if it can follow it in the same batch.

    A batch is worked sales first, so a sale never follows a refund in one.
    """
    if before is None:
        return 0
    number, last = before
    follows = last.shop == transaction.shop and not (
        isinstance(last, DemoRefund) and isinstance(transaction, DemoReceipt)
    )
    return number if follows else number + 1


def _is_full(batch: Sequence[DemoTransaction]) -> bool:
    return len(batch) >= BATCH_ITEMS_MAX
