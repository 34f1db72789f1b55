"""Locking accounts and receipts: accounts first, by ascending id, then receipts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.storage.ledger.lots import load_open_lots
from shared.db import Collision, driver


async def lock_pos_batch(
    session: AsyncSession,
    program_id: UUID,
    account_ids: Iterable[UUID],
    receipt_ids: Iterable[UUID],
    originals: Iterable[UUID],
) -> tuple[dict[UUID, Account], list[UUID]]:
    """Lock accounts and receipts. Returns the accounts, and which of the receipts have a row.

    Accounts that are missing are made, `awaited`; so are placeholders of `originals`.
    """
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT * FROM lock_pos_batch($1, $2, $3, $4)",
        program_id,
        _ascending(account_ids),
        _ascending(receipt_ids),
        _ascending(originals),
    )
    accounts = {}
    for columns in zip(*(row[name] or () for name in _ACCOUNT_ARRAYS), strict=True):
        account = _account(columns)
        accounts[account.account_id] = account
    give_timelines(accounts, row)
    return accounts, list(row["known_receipts"] or ())


_ACCOUNT_ARRAYS = (
    "account_ids",
    "members",
    "wallets",
    "statuses",
    "balances",
    "versions",
    "tier_versions",
    "pendings",
    "helds",
    "frozen_cases",
    "merged_intos",
)


def _account(columns: Sequence[Any]) -> Account:
    account_id, member_id, wallet, status, balance, version, tier_version, *rest = columns
    is_open = status == "open"
    return Account(
        account_id, member_id, wallet, is_open, balance, version, (), tier_version, [], *rest
    )


def give_timelines(accounts: Mapping[UUID, Account], row: Any) -> None:
    """Give the accounts the tiers that their members held, from `tier_` arrays, oldest first."""
    timelines: dict[UUID, list[tuple[datetime, str]]] = {}
    for member_id, since, tier in zip(
        row["tier_members"] or (), row["tier_sinces"] or (), row["tier_codes"] or (), strict=True
    ):
        timelines.setdefault(member_id, []).append((since, tier))
    for member_id, timeline in timelines.items():
        if member_id in accounts:
            accounts[member_id].timeline = timeline


def _ascending(ids: Iterable[UUID]) -> list[UUID]:
    """The order in which PostgreSQL compares them; by number, which is quicker to compare."""
    return sorted(ids, key=lambda id_: id_.int)


async def lock_accounts(
    session: AsyncSession, program_id: UUID, account_ids: Iterable[UUID]
) -> dict[UUID, Account]:
    """Lock the accounts by ascending id, making those that are missing."""
    accounts, _ = await lock_pos_batch(session, program_id, account_ids, (), ())
    return accounts


def survivor_of(accounts: Mapping[UUID, Account], account_id: UUID | None) -> Account | None:
    """The locked account, or the one that it was merged into: where its points go now.

    Raises `Collision` when it was merged while its lock was waited for.
    """
    account = accounts.get(account_id) if account_id is not None else None
    while account is not None and account.merged_into is not None:
        if account.merged_into not in accounts:
            raise Collision("The account was merged meanwhile.")
        account = accounts[account.merged_into]
    return account


async def load_lots(
    session: AsyncSession, program_id: UUID, accounts: Mapping[UUID, Account]
) -> None:
    """Give locked accounts their open lots, and which holds end when: a debit needs both."""
    for account in accounts.values():
        account.lots = []
    for account_id, lot in await load_open_lots(session, program_id, sorted(accounts)):
        accounts[account_id].lots.append(lot)
    holding = sorted(account_id for account_id, account in accounts.items() if account.held)
    if not holding:
        return
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT account_id, array_agg((expires_at, points - captured)) AS ending FROM hold "
        "WHERE program_id = $1 AND account_id = ANY ($2::uuid[]) AND status = 'open' "
        "AND kind = 'payment' GROUP BY account_id",
        program_id,
        holding,
    )
    for row in rows:
        accounts[row["account_id"]].ending_holds = [tuple(pair) for pair in row["ending"]]
