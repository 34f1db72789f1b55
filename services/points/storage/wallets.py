"""Kinds of wallets, and the accounts of members in them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.errors import MemberUnknown, WalletUnknown
from services.points.domain.expiry import read_expiry
from services.points.domain.ledger import Account
from services.points.domain.wallets import BUILT_IN, POINTS, Wallet, account_id_of
from services.points.storage.liability import find_program_zone
from services.points.storage.pos_transactions import lock_accounts
from shared.db import driver

_COLUMNS = "wallet, name, expiry::text AS expiry, balance_max, may_transfer, may_redeem"


async def upsert_wallet(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    wallet: Wallet,
    expiry: dict[str, Any],
    recorded_by: str,
) -> bool:
    """The wallet is now so. Returns whether it is new."""
    connection = await driver(session)
    return bool(
        await connection.fetchval(
            """
            INSERT INTO wallet_type (program_id, wallet, name, expiry, balance_max, may_transfer,
                                     may_redeem, recorded_at, recorded_by)
            VALUES ($1, $2, $3, $4::text::json, $5, $6, $7, $8, $9)
            ON CONFLICT (program_id, wallet) DO UPDATE
            SET name = excluded.name, expiry = excluded.expiry,
                balance_max = excluded.balance_max, may_transfer = excluded.may_transfer,
                may_redeem = excluded.may_redeem, recorded_at = excluded.recorded_at,
                recorded_by = excluded.recorded_by
            RETURNING xmax = 0
            """,
            program_id,
            wallet.code,
            wallet.name,
            json.dumps(expiry),
            wallet.balance_max,
            wallet.may_transfer,
            wallet.may_redeem,
            now,
            recorded_by,
        )
    )


async def list_wallets(session: AsyncSession, program_id: UUID) -> dict[str, Wallet]:
    """All wallets of the programme by their code, the built-in points first."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM wallet_type WHERE program_id = $1 ORDER BY wallet", program_id
    )
    return {POINTS: BUILT_IN, **{row["wallet"]: _wallet(row) for row in rows}}


async def get_wallet(session: AsyncSession, program_id: UUID, wallet: str) -> Wallet:
    """One wallet. Raises `WalletUnknown`."""
    if wallet == POINTS:
        return BUILT_IN
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM wallet_type WHERE program_id = $1 AND wallet = $2",
        program_id,
        wallet,
    )
    if row is None:
        raise WalletUnknown(f"There is no wallet {wallet!r} in this programme.", wallet=wallet)
    return _wallet(row)


def _wallet(row: Any) -> Wallet:
    expiry = read_expiry(json.loads(row["expiry"]))
    return Wallet(
        row["wallet"],
        row["name"],
        expiry,
        row["balance_max"],
        row["may_transfer"],
        row["may_redeem"],
    )


async def open_wallet_accounts(
    session: AsyncSession, program_id: UUID, wanted: Iterable[tuple[UUID, str]]
) -> dict[tuple[UUID, str], UUID]:
    """Account ids of (member, wallet), with rows for those of other wallets than points.

    Call it before the accounts are locked: rows are inserted in a statement of their own, in the
    order of the locks. Other wallets of members who are not open are left out: whoever locks
    their ids would make accounts of nobody.
    """
    ids = {(member, wallet): account_id_of(member, wallet) for member, wallet in wanted}
    others = sorted((ids[key].int, key) for key in ids if key[1] != POINTS)
    if not others:
        return ids
    await _insert_accounts(session, program_id, [key for _, key in others], ids)
    rows = await (await driver(session)).fetch(
        "SELECT account_id FROM account WHERE program_id = $1 AND account_id = ANY ($2::uuid[])",
        program_id,
        [ids[key] for _, key in others],
    )
    known = {row["account_id"] for row in rows}
    return {key: id_ for key, id_ in ids.items() if key[1] == POINTS or id_ in known}


async def _insert_accounts(
    session: AsyncSession,
    program_id: UUID,
    keys: Sequence[tuple[UUID, str]],
    ids: dict[tuple[UUID, str], UUID],
) -> None:
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO account (program_id, account_id, member_id, wallet, status)
        SELECT $1, w.account_id, w.member_id, w.wallet, 'open'
        FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS w (account_id, member_id, wallet)
        JOIN account m ON m.program_id = $1 AND m.account_id = w.member_id AND m.status = 'open'
        ORDER BY w.account_id
        ON CONFLICT DO NOTHING
        """,
        program_id,
        [ids[key] for key in keys],
        [member for member, _ in keys],
        [wallet for _, wallet in keys],
    )


@dataclass(frozen=True, slots=True)
class Target:
    """A member's wallet that something is done to: its account, and the member's own, locked."""

    wallet: Wallet
    account: Account
    member: Account
    time_zone: str


async def lock_target(
    session: AsyncSession, program_id: UUID, member_id: UUID, wallet: str
) -> Target:
    """Lock the member's account and that of the wallet, which is made if it is not there.

    Whether the member may do anything is for the caller to see. Raises `WalletUnknown`, and
    `MemberUnknown` for another wallet of nobody.
    """
    kind = await get_wallet(session, program_id, wallet)
    ids = await open_wallet_accounts(session, program_id, [(member_id, wallet)])
    accounts = await lock_accounts(session, program_id, {member_id, *ids.values()})
    if (member_id, wallet) not in ids:
        raise MemberUnknown("No such member in this programme.")
    zone = await find_program_zone(session, program_id) if wallet != POINTS else "UTC"
    return Target(kind, accounts[ids[member_id, wallet]], accounts[member_id], zone)
