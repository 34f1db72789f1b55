"""Kinds of wallets, and the accounts of members in them."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.expiry import read_expiry
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.ledger.ledger import NewPosting
from services.points.domain.receipts.errors import ShopUnknown
from services.points.domain.wallets.errors import WalletUnknown
from services.points.domain.wallets.wallets import BUILT_IN, POINTS, Wallet, account_id_of
from services.points.storage.accounting.liability import find_program_zone
from services.points.storage.receipts.directory import find_mall_of
from services.points.storage.receipts.pos_transactions import lock_accounts, survivor_of
from shared.db import Collision, driver

_COLUMNS = """
wallet, name, expiry::text AS expiry, balance_max, gift_points_a_day_max, may_transfer, may_redeem,
(SELECT array_agg((v.effective_from, v.expiry::text) ORDER BY v.version) FROM wallet_version v
 WHERE v.program_id = wallet_type.program_id AND v.wallet = wallet_type.wallet) AS expiries
"""


async def upsert_wallet(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    wallet: Wallet,
    expiry: dict[str, Any],
    recorded_by: str,
) -> bool:
    """The wallet is so from now on, as its next version. Returns whether it is new."""
    connection = await driver(session)
    is_new = bool(
        await connection.fetchval(
            """
            INSERT INTO wallet_type (program_id, wallet, name, expiry, balance_max, may_transfer,
                                     may_redeem, recorded_at, recorded_by, gift_points_a_day_max)
            VALUES ($1, $2, $3, $4::text::json, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (program_id, wallet) DO UPDATE
            SET name = excluded.name, expiry = excluded.expiry,
                balance_max = excluded.balance_max, may_transfer = excluded.may_transfer,
                may_redeem = excluded.may_redeem, recorded_at = excluded.recorded_at,
                recorded_by = excluded.recorded_by,
                gift_points_a_day_max = excluded.gift_points_a_day_max
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
            wallet.gift_points_a_day_max,
        )
    )
    await connection.execute(
        """
        INSERT INTO wallet_version (program_id, wallet, version, effective_from, name, expiry,
                                    balance_max, may_transfer, may_redeem, recorded_by,
                                    gift_points_a_day_max)
        SELECT program_id, wallet, 1 + (SELECT count(*) FROM wallet_version v
                   WHERE v.program_id = t.program_id AND v.wallet = t.wallet),
               recorded_at, name, expiry, balance_max, may_transfer, may_redeem, recorded_by,
               gift_points_a_day_max
        FROM wallet_type t
        WHERE program_id = $1 AND wallet = $2 AND NOT EXISTS (  -- The same again is no version.
            SELECT FROM (SELECT * FROM wallet_version v
                         WHERE v.program_id = t.program_id AND v.wallet = t.wallet
                         ORDER BY v.version DESC LIMIT 1) last
            WHERE (last.name, last.expiry::jsonb, last.may_transfer, last.may_redeem)
                = (t.name, t.expiry::jsonb, t.may_transfer, t.may_redeem)
              AND (last.balance_max, last.gift_points_a_day_max)
                  IS NOT DISTINCT FROM (t.balance_max, t.gift_points_a_day_max))
        """,
        program_id,
        wallet.code,
    )
    return is_new


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
        tuple((since, read_expiry(json.loads(spec))) for since, spec in row["expiries"] or ()),
        row["gift_points_a_day_max"],
    )


async def open_wallet_accounts(
    session: AsyncSession, program_id: UUID, wanted: Iterable[tuple[UUID, str]]
) -> dict[tuple[UUID, str], UUID]:
    """Account ids of (member, wallet), with rows for those of other wallets than points.

    Call it before the accounts are locked: rows are inserted in a statement of their own, in the
    order of the locks. A member who was merged into another has the other's wallets. Other wallets
    of members who are not open are left out: whoever locks their ids would make accounts of nobody.
    """
    keys = set(wanted)
    ids = {(member, wallet): member for member, wallet in keys if wallet == POINTS}
    others = keys - set(ids)
    if not others:
        return ids
    survivors = await _find_survivors(session, program_id, {member for member, _ in others})
    owners = {key: survivors[key[0]] for key in others if key[0] in survivors}
    await _insert_accounts(session, program_id, {(owners[key], key[1]) for key in owners})
    rows = await (await driver(session)).fetch(
        "SELECT account_id FROM account WHERE program_id = $1 AND account_id = ANY ($2::uuid[])",
        program_id,
        [account_id_of(owner, wallet) for (_, wallet), owner in owners.items()],
    )
    known = {row["account_id"] for row in rows}
    for (member, wallet), owner in owners.items():
        if account_id_of(owner, wallet) in known:
            ids[member, wallet] = account_id_of(owner, wallet)
    return ids


async def _find_survivors(
    session: AsyncSession, program_id: UUID, members: Collection[UUID]
) -> dict[UUID, UUID]:
    """Members who are known, with who they were merged into, or themselves."""
    rows = await (await driver(session)).fetch(
        """
        WITH RECURSIVE onward AS (
            SELECT x.account_id AS member_id, x.account_id, x.merged_into FROM account x
            WHERE x.program_id = $1 AND x.account_id = ANY ($2::uuid[])
            UNION ALL
            SELECT o.member_id, x.account_id, x.merged_into
            FROM onward o JOIN account x ON x.program_id = $1 AND x.account_id = o.merged_into)
        SELECT member_id, account_id FROM onward WHERE merged_into IS NULL
        """,
        program_id,
        list(members),
    )
    return {row["member_id"]: row["account_id"] for row in rows}


async def _insert_accounts(
    session: AsyncSession,
    program_id: UUID,
    owned: Collection[tuple[UUID, str]],
) -> None:
    keys = sorted(owned, key=lambda key: account_id_of(*key).int)
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
        [account_id_of(*key) for key in keys],
        [member for member, _ in keys],
        [wallet for _, wallet in keys],
    )


@dataclass(frozen=True, slots=True)
class Target:
    """A member's wallet that something is done to: its account, and the member's own, locked; of
    who was merged into another, the other's. `named` is the own account of who was named."""

    wallet: Wallet
    account: Account
    member: Account
    named: Account
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
    member = survivor_of(accounts, member_id)
    assert member is not None
    if wallet == POINTS:
        return Target(kind, member, member, accounts[member_id], "UTC")
    account = accounts[ids[member_id, wallet]]
    if account.member_id != member.account_id:
        raise Collision("The account was merged meanwhile.")
    zone = await find_program_zone(session, program_id)
    return Target(kind, account, member, accounts[member_id], zone)


async def sum_grants_left(
    session: AsyncSession, program_id: UUID, grant_ids: Collection[UUID]
) -> dict[UUID, int]:
    """What was credited for each grant of a reward and not taken back yet."""
    rows = await (await driver(session)).fetch(
        """
        SELECT g.source_id AS grant_id, g.points + coalesce(sum(r.points), 0)::bigint AS left
        FROM posting g
        LEFT JOIN posting r ON r.program_id = g.program_id AND r.account_id = g.account_id
            AND r.source_kind = 'reward_reversal' AND r.reason ->> 'grant_id' = g.source_id::text
        WHERE g.program_id = $1 AND g.source_kind = 'reward' AND g.source_id = ANY ($2::uuid[])
        GROUP BY g.source_id, g.points
        """,
        program_id,
        list(grant_ids),
    )
    return {row["grant_id"]: row["left"] for row in rows}


async def find_mall(session: AsyncSession, program_id: UUID, shop_id: UUID) -> UUID:
    """The mall of the shop. Raises `ShopUnknown`."""
    mall_id = await find_mall_of(session, program_id, shop_id)
    if mall_id is None:
        raise ShopUnknown("No such shop in this programme.")
    return mall_id


async def insert_redemption(
    session: AsyncSession,
    program_id: UUID,
    redemption_id: UUID,
    posting: NewPosting,
    reference: str,
    now: datetime,
) -> None:
    """Note what a posting spent, so that it can come back."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO redemption (program_id, redemption_id, account_id, version, points, "
        "reference, mall_id, shop_id, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        program_id,
        redemption_id,
        posting.account_id,
        posting.version,
        -posting.points,
        reference,
        posting.cause.mall_id,
        posting.cause.shop_id,
        now,
    )
