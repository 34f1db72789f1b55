"""Redemptions: their policies, what they took, and what came back of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.spending.redeeming import Spent, TakenLot
from services.points.domain.spending.tariffs import RedemptionPolicy, Tariff
from services.points.storage.ledger.lots import LOT_COLUMNS, read_lot
from services.points.storage.receipts.pos_transactions import lock_pos_batch
from services.points.storage.spending.on_credit import list_owing
from shared.db import Collision, driver

Parts = Mapping[str, Any]


async def list_redemption_policies(
    session: AsyncSession, program_id: UUID
) -> list[RedemptionPolicy]:
    """All versions that were not withdrawn, oldest first."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT p.version, p.effective_from, p.spec FROM redemption_policy p
        WHERE p.program_id = $1 AND p.withdraws IS NULL
          AND NOT EXISTS (SELECT FROM redemption_policy w
                          WHERE w.program_id = $1 AND w.withdraws = p.version)
        ORDER BY p.version
        """,
        program_id,
    )
    return [
        read_redemption_policy(row["version"], row["effective_from"], row["spec"]) for row in rows
    ]


def read_redemption_policy(version: int, effective_from: datetime, spec: Parts) -> RedemptionPolicy:
    """A policy from its stored form."""
    return RedemptionPolicy(
        version,
        effective_from,
        _tariff(spec),
        {tier: _tariff(own) for tier, own in spec["tiers"].items()},
        _ids(spec["mall_ids"]),
        _ids(spec["shop_ids"]),
        spec["return_grace_days"],
    )


def _tariff(spec: Parts) -> Tariff:
    return Tariff(*(spec[name] for name in Tariff._fields))


def _ids(named: Sequence[str] | None) -> frozenset[UUID] | None:
    return None if named is None else frozenset(UUID(one) for one in named)


async def insert_redemption_policy(
    session: AsyncSession,
    program_id: UUID,
    policy: RedemptionPolicy,
    spec: Parts,
    now: datetime,
    recorded_by: str,
) -> None:
    """Add a version. Raises `Collision` when somebody is adding the same one right now."""
    connection = await driver(session)
    try:
        await connection.execute(
            "INSERT INTO redemption_policy (program_id, version, effective_from, spec, "
            "recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6)",
            program_id,
            policy.version,
            policy.effective_from,
            json.dumps(spec),
            now,
            recorded_by,
        )
    except asyncpg.UniqueViolationError as error:
        raise Collision("Another policy is being added right now.") from error


class PaidReceipt(NamedTuple):
    """What is known of a receipt that points shall pay."""

    is_recorded: bool
    paid_minor: int


async def lock_paid_receipt(session: AsyncSession, program_id: UUID, transaction_id: UUID) -> None:
    """Nobody else pays, records or refunds this receipt until the transaction ends.

    Accounts are locked before. A receipt that was not recorded yet gets its row now, as when a
    refund names it first: that is where its sale, its refunds and who pays it meet.
    """
    await lock_pos_batch(session, program_id, (), (), {transaction_id})


async def look_at_paid_receipt(
    session: AsyncSession, program_id: UUID, transaction_id: UUID
) -> PaidReceipt:
    """Whether it was recorded, and how much points have paid of it and not taken back.

    A payment that was undone in part counts for what is left of it, rounded up to a minor unit.
    """
    connection = await driver(session)
    row = await connection.fetchrow(
        """
        SELECT EXISTS (SELECT FROM pos_transaction t WHERE t.program_id = $1
                       AND t.transaction_id = $2 AND t.status <> 'awaited') AS is_recorded,
               (SELECT coalesce(sum(r.amount_minor
                                    - div(r.amount_minor::numeric * r.returned, r.points)),
                                0)::bigint
                FROM redemption r
                WHERE r.program_id = $1 AND r.transaction_id = $2) AS paid_minor
        """,
        program_id,
        transaction_id,
    )
    return PaidReceipt(row["is_recorded"], row["paid_minor"])


async def find_tier(
    session: AsyncSession, program_id: UUID, member_id: UUID, now: datetime
) -> str | None:
    """The tier that the member holds now."""
    connection = await driver(session)
    tier: str | None = await connection.fetchval(
        "SELECT tier FROM member_tier WHERE program_id = $1 AND member_id = $2 AND since <= $3 "
        "ORDER BY since DESC LIMIT 1",
        program_id,
        member_id,
        now,
    )
    return tier


async def find_accounts_that_paid(
    session: AsyncSession, program_id: UUID, receipt_ids: Sequence[UUID]
) -> set[UUID]:
    """Whose points paid a part of these receipts, read without a lock: what to lock first."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT DISTINCT account_id FROM redemption "
        "WHERE program_id = $1 AND transaction_id = ANY ($2::uuid[])",
        program_id,
        receipt_ids,
    )
    return {row["account_id"] for row in rows}


async def list_spent_on_receipts(
    session: AsyncSession, program_id: UUID, receipt_ids: Iterable[UUID]
) -> list[Spent]:
    """What paid these receipts, for the accounts' locks are held."""
    return await _list_spent(
        session, "r.transaction_id = ANY ($2::uuid[])", program_id, sorted(receipt_ids)
    )


async def find_spent(session: AsyncSession, program_id: UUID, redemption_id: UUID) -> Spent | None:
    """One redemption with what it took."""
    found = await list_spent(session, program_id, [redemption_id])
    return found[0] if found else None


async def list_spent(
    session: AsyncSession, program_id: UUID, redemption_ids: Sequence[UUID]
) -> list[Spent]:
    """Those of the redemptions that are stored, with what they took."""
    return await _list_spent(
        session, "r.redemption_id = ANY ($2::uuid[])", program_id, redemption_ids
    )


async def _list_spent(
    session: AsyncSession, condition: str, program_id: UUID, named: object
) -> list[Spent]:
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT r.redemption_id, r.points AS redeemed, r.returned, r.transaction_id,
               r.mall_id AS at_mall, r.shop_id AS at_shop, r.account_id AS spender,
               coalesce(r.amount_minor, 0) AS amount_minor,
               (d.reason ->> 'receipt_total_minor')::bigint AS claimed_minor,
               t.points AS taken, {LOT_COLUMNS}
        FROM redemption r
        JOIN posting d ON (d.program_id, d.account_id, d.version)
                        = (r.program_id, r.account_id, r.version)
        LEFT JOIN lot_take t ON (t.program_id, t.account_id, t.version)
                              = (r.program_id, r.account_id, r.version)
        LEFT JOIN lot l ON (l.program_id, l.account_id, l.version)
                         = (t.program_id, t.account_id, t.lot_version)
        LEFT JOIN posting p ON (p.program_id, p.account_id, p.version)
                             = (l.program_id, l.account_id, l.version)
        WHERE r.program_id = $1 AND {condition}
        ORDER BY r.redemption_id, t.lot_version
        """,
        program_id,
        named,
    )
    found: dict[UUID, tuple[Any, list[TakenLot]]] = {}
    for row in rows:
        _, taken = found.setdefault(row["redemption_id"], (row, []))
        if row["taken"] is not None:
            lot = read_lot(row)
            taken.append(TakenLot(lot.version, lot.terms, lot.source_id, row["taken"]))
    spent = [
        Spent(
            row["redemption_id"],
            row["spender"],
            row["redeemed"],
            row["returned"],
            row["transaction_id"],
            row["at_mall"],
            row["at_shop"],
            taken,
            row["amount_minor"],
            row["claimed_minor"],
        )
        for row, taken in found.values()
    ]
    on_credit = [one.redemption_id for one in spent if one.on_credit > one.returned]
    for redemption_id, owing in (await list_owing(session, program_id, on_credit)).items():
        next(one for one in spent if one.redemption_id == redemption_id).owing = owing
    return spent


async def set_returned(session: AsyncSession, program_id: UUID, spent: Sequence[Spent]) -> None:
    """What has come back of them so far. Their accounts are locked by the caller."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE redemption r SET returned = x.returned "
        "FROM unnest($2::uuid[], $3::bigint[]) AS x (redemption_id, returned) "
        "WHERE r.program_id = $1 AND r.redemption_id = x.redemption_id",
        program_id,
        [one.redemption_id for one in spent],
        [one.returned for one in spent],
    )
