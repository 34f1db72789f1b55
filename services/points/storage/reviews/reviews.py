"""Rules of review, and what is known of receipts' neighbours."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.reviews.review import (
    NO_REVIEW,
    ReviewRules,
    Subject,
    Traces,
    Wanted,
    read_review,
)
from shared.db import Collision, driver


def review_of(text: str | None) -> ReviewRules:
    """Rules from `review_text`."""
    if text is None:
        return NO_REVIEW
    version, spec = json.loads(text)
    return read_review(version, spec)


def wanted_text(wanted: Wanted) -> str:
    """As `review_traces` reads it."""
    return json.dumps(
        {
            "twins": [str(id_) for id_ in wanted.twins],
            "tills": wanted.tills,
            "cashiers": wanted.cashiers,
            "members": wanted.members,
            "cards": wanted.cards,
            "since": None if wanted.since is None else wanted.since.isoformat(),
            "until": None if wanted.until is None else wanted.until.isoformat(),
        }
    )


def read_traces(text: str) -> Traces:
    """What `review_traces` found."""
    found, traces = json.loads(text), Traces()
    for shop_id, member_id, cashier_id in found["cards"] or ():
        traces.cards.setdefault((UUID(shop_id), UUID(member_id)), set()).add(cashier_id)
    for transaction_id, total_minor in found["totals"] or ():
        traces.totals[UUID(transaction_id)] = total_minor
    for per, name, instant in found["instants"] or ():
        subject: Subject = (per, name)
        traces.instants.setdefault(subject, []).append(datetime.fromisoformat(instant))
    return traces


async def load_traces(
    session: AsyncSession,
    program_id: UUID,
    shop_ids: Iterable[UUID],
    member_ids: Iterable[UUID],
    wanted: Wanted,
) -> Traces:
    """What is known right now of the neighbours of receipts of these shops and members."""
    connection = await driver(session)
    text = await connection.fetchval(
        "SELECT review_traces($1, $2, $3, $4::text::json)",
        program_id,
        sorted(shop_ids),
        sorted(member_ids),
        wanted_text(wanted),
    )
    return read_traces(text)


async def load_review(session: AsyncSession, program_id: UUID) -> ReviewRules:
    """The rules in force."""
    connection = await driver(session)
    return review_of(await connection.fetchval("SELECT review_text($1)", program_id))


async def insert_review_rules(
    session: AsyncSession,
    program_id: UUID,
    version: int,
    spec: dict[str, Any],
    made_by: str,
    now: datetime,
) -> None:
    """Keep the next version. Raises `Collision` when somebody sets rules at the same time."""
    connection = await driver(session)
    try:
        await connection.execute(
            "INSERT INTO review_rules (program_id, version, spec, recorded_at, recorded_by) "
            "VALUES ($1, $2, $3::text::json, $4, $5)",
            program_id,
            version,
            json.dumps(spec),
            now,
            made_by,
        )
    except asyncpg.UniqueViolationError as error:
        raise Collision("Somebody else is setting these rules right now.") from error
