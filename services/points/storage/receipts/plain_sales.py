"""What a batch of sales needs to know, read in one statement without locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts.caps import periods_on, periods_to_read
from services.points.domain.receipts.earning import policy_at
from services.points.domain.receipts.receipts import Receipt
from services.points.domain.reviews.review import Traces, what_to_look_for
from services.points.storage.receipts.directory import (
    Directory,
    Rulebooks,
    read_directory,
    read_policies,
)
from services.points.storage.receipts.pos_batch import TillBatch
from services.points.storage.receipts.usages import keep_usages
from services.points.storage.reviews.reviews import read_traces, review_of, wanted_text
from shared.db import Statements

_GLANCE = "SELECT * FROM glance_at_sales($1, $2, $3, $4, $5, $6, $7, $8::text::json)"


@dataclass(frozen=True, slots=True)
class Glance:
    """The directory, the open accounts, the members by number; true for a moment only.

    `is_any_known`: one of the receipts has a row. `is_short`: newer rules ask for what nobody
    knew to look for. `traces` are there where receipts are reviewed.
    """

    directory: Directory
    accounts: dict[UUID, Account]
    numbers: Mapping[str, UUID]
    is_any_known: bool
    is_short: bool
    traces: Traces | None = None


async def glance_at_sales(
    statements: Statements, program_id: UUID, books: Rulebooks, batches: Sequence[TillBatch]
) -> Glance:
    """Look at what the batches name."""
    receipts = [receipt for batch in batches for receipt in batch.receipts]
    shop_ids = {batch.shop_id for batch in batches}
    known = books.of(program_id)
    periods = _periods(known, receipts)
    is_on = known.review.is_on
    wanted = what_to_look_for(known.review, program_id, receipts) if is_on else None
    row = await statements.fetchrow(
        _GLANCE,
        program_id,
        list(shop_ids),
        books.edition_of(program_id, shop_ids),
        list({r.member_id for r in receipts if r.member_id is not None}),
        list({r.member_number for r in receipts if r.member_number is not None}),
        [r.transaction_id for r in receipts],
        periods,
        None if wanted is None else wanted_text(wanted),
    )
    directory = known
    if row["policies"] is not None:
        policies, review = read_policies(row["policies"]), review_of(row["review"])
        read = read_directory(row["directory"], policies, review)
        directory = books.take(program_id, row["edition"], read)
    accounts = read_accounts(row)
    if periods:
        names = ("accounts", "caps", "periods", "points", "times", "lasts")
        columns = [row[f"usage_{name}"] or () for name in names]
        keep_usages(accounts, zip(*columns, strict=True))
    return Glance(
        directory,
        accounts,
        dict(zip(row["found_numbers"] or (), row["number_members"] or (), strict=True)),
        row["is_any_known"],
        _is_short(known, directory, receipts, periods),
        None if row["traces"] is None else read_traces(row["traces"]),
    )


def _is_short(
    known: Directory, found: Directory, receipts: Sequence[Receipt], periods: Sequence[str]
) -> bool:
    if found is known:
        return False
    has_new_review = found.review.is_on and found.review.version != known.review.version
    return has_new_review or not set(_periods(found, receipts)) <= set(periods)


def _periods(directory: Directory, receipts: Sequence[Receipt]) -> list[str]:
    """The periods of whose usages the limits ask, as far as the directory knows."""
    policies = directory.policies
    if not any(policy.limits for policy in policies):
        return []
    places = {(receipt.key.shop_id, receipt.purchased_at) for receipt in receipts}
    zones = {
        (shop.time_zone if (shop := directory.shops.get(shop_id)) is not None else None, at)
        for shop_id, at in places
    }
    elsewhere = [(policy_at(policies, at).limits, at) for zone, at in zones if zone is None]
    periods = set(periods_to_read(elsewhere))
    for zone, at in zones:
        if zone is not None:
            periods |= periods_on(policy_at(policies, at).limits, at, zone)
    return sorted(periods)


def read_accounts(row: Any) -> dict[UUID, Account]:
    """Open accounts from parallel arrays, in which each comes once for each tier of its member."""
    accounts: dict[UUID, Account] = {}
    columns = [row[name] or () for name in _ACCOUNT_ARRAYS]
    for account_id, balance, version, tier_version, pending, held, since, tier in zip(
        *columns, strict=True
    ):
        timeline = [] if tier is None else [(since, tier)]
        if (known := accounts.get(account_id)) is not None:
            known.timeline = [*known.timeline, *timeline]
            continue
        accounts[account_id] = Account(
            account_id,
            account_id,
            "points",
            True,
            balance,
            version,
            timeline,
            tier_version,
            [],
            pending,
            held,
        )
    return accounts


_ACCOUNT_ARRAYS = (
    "account_ids",
    "balances",
    "versions",
    "tier_versions",
    "pendings",
    "helds",
    "tier_sinces",
    "tier_codes",
)
