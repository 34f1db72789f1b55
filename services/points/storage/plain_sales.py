"""What a batch of sales needs to know, read in one statement without locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.points.domain.ledger import Account
from services.points.storage.directory import Directory, PolicyShelf, read_directory
from services.points.storage.pos_batch import TillBatch
from shared.db import Statements

_GLANCE = "SELECT * FROM glance_at_sales($1, $2, $3, $4, $5, $6)"


@dataclass(frozen=True, slots=True)
class Glance:
    """The directory, the open accounts, the members by number; true for a moment only."""

    directory: Directory
    accounts: dict[UUID, Account]
    numbers: Mapping[str, UUID]
    is_any_known: bool


async def glance_at_sales(
    statements: Statements, program_id: UUID, shelf: PolicyShelf, batches: Sequence[TillBatch]
) -> Glance:
    """Look at what the batches name. `is_any_known` when one of the receipts has a row."""
    receipts = [receipt for batch in batches for receipt in batch.receipts]
    row = await statements.fetchrow(
        _GLANCE,
        program_id,
        list({batch.shop_id for batch in batches}),
        shelf.newest_of(program_id),
        list({r.member_id for r in receipts if r.member_id is not None}),
        list({r.member_number for r in receipts if r.member_number is not None}),
        [r.transaction_id for r in receipts],
    )
    policies = shelf.take(program_id, row["newest_policy"], row["policies"])
    return Glance(
        read_directory(row["directory"], policies),
        read_accounts(row),
        dict(zip(row["found_numbers"] or (), row["number_members"] or (), strict=True)),
        row["is_any_known"],
    )


def read_accounts(row: Any) -> dict[UUID, Account]:
    """Open accounts with their members' tiers, from parallel arrays."""
    accounts = {
        account_id: Account(
            account_id,
            account_id,
            "points",
            True,
            balance,
            version,
            (),
            tier_version,
            [],
            pending,
            held,
        )
        for account_id, balance, version, tier_version, pending, held in zip(
            row["account_ids"] or (),
            row["balances"] or (),
            row["versions"] or (),
            row["tier_versions"] or (),
            row["pendings"] or (),
            row["helds"] or (),
            strict=True,
        )
    }
    timelines: dict[UUID, list[tuple[datetime, str]]] = {}
    for member_id, since, tier in zip(
        row["tier_members"] or (), row["tier_sinces"] or (), row["tier_codes"] or (), strict=True
    ):
        timelines.setdefault(member_id, []).append((since, tier))
    for member_id, timeline in timelines.items():
        if member_id in accounts:
            accounts[member_id].timeline = timeline
    return accounts
