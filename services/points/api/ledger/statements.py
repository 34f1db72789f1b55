"""Statements of an account in any wallet: postings, the why of each, what became of its lots."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.api.paging import next_before
from services.points.domain.ledger.errors import PostingUnknown
from services.points.domain.ledger.sentences import sentences_of
from services.points.domain.ledger.units import unit_of
from services.points.queries.ledger.accounts import find_posting
from services.points.queries.ledger.lot_changes import list_lot_changes
from shared.auth import Member, Staff

Version = Annotated[int, Path(ge=1, le=2**62, examples=[1])]
RECEIPT_ID = "5f0c1b9e-6d2a-5b7f-9d7e-3a1c4e5f6a7b"
MALL_ID = "0199f3a2-c1d0-7b7e-8000-000000000002"
SHOP_ID = "0199f3a2-c1d0-7b7e-8000-000000000003"
_CHANGE_ID = "0199f3a2-c1d0-7b7e-8000-0000000000d1"
_REASON: dict[str, Any] = {
    "rule": "earning_policy",
    "policy_version": 1,
    "tier": "gold",
    "multiplier_milli": 1500,
    "weight": 19900,
    "denominator": 100,
    "rounding": "floor",
}
_CHANGED: dict[str, Any] = {
    "rule": "set_by_staff",
    "reason_code": "goodwill",
    "note": "Was ill for a quarter",
    "made_by": "admin",
    "before": "2026-06-30T16:00:00+00:00",
    "after": "2026-09-30T16:00:00+00:00",
}


class PostingRow(BaseModel):
    """One movement of points."""

    version: int = Field(examples=[1])
    points: int = Field(examples=[298])
    balance_after: int = Field(examples=[298])
    kind: str = Field(examples=["earn"])
    purchased_at: datetime | None = Field(examples=["2026-03-10T11:30:00Z"])
    recorded_at: datetime = Field(examples=["2026-03-10T11:30:01Z"])


class StatementPage(BaseModel):
    """Newest first. Pass `next_before` as `before` for the older ones; null on the last page."""

    postings: list[PostingRow]
    next_before: int | None = Field(examples=[None, 151])


class LotTaken(BaseModel):
    """What a posting took from a lot."""

    lot_version: int = Field(examples=[1])
    points: int = Field(examples=[100])


class PostingExplained(PostingRow):
    """A posting with its source, its rule's version and inputs, and sentences for people."""

    counter_account: str = Field(examples=["issuance"])
    source_kind: str = Field(examples=["sale"])
    source_id: UUID = Field(examples=[RECEIPT_ID])
    reason: dict[str, Any] = Field(examples=[_REASON])
    sentences: dict[str, str] = Field(examples=[sentences_of(298, _REASON)])
    lot_remaining: int | None = Field(examples=[298])
    expires_at: datetime | None = Field(examples=[None, "2028-03-10T16:00:00Z"])
    mall_id: UUID | None = Field(examples=[MALL_ID])
    shop_id: UUID | None = Field(examples=[SHOP_ID])
    campaign_id: UUID | None = Field(examples=[None], description="of a campaign's reward")
    takes: list[LotTaken]
    lot_changes: int = Field(
        examples=[1], description="what happened to its lot since; see its lot-changes"
    )


class LotChangeRow(BaseModel):
    """Something that happened to the points of a lot without moving them. `before` and `after` are
    their ends where those were changed (`has_new_end`); null is never."""

    change_id: UUID = Field(examples=[_CHANGE_ID])
    kind: Literal["activated", "expiry_set", "frozen", "thawed"] = Field(examples=["expiry_set"])
    rule: str | None = Field(examples=["set_by_staff"], description="by what it came")
    has_new_end: bool = Field(examples=[True])
    before: datetime | None = Field(examples=["2026-06-30T16:00:00Z"])
    after: datetime | None = Field(examples=["2026-09-30T16:00:00Z"])
    recorded_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    reason: dict[str, Any] | None = Field(
        examples=[_CHANGED], description="by whom and why, in full; null for members"
    )


class LotChangePage(BaseModel):
    """Newest first. Pass `next_before` as `before` for the older ones; null on the last page."""

    changes: list[LotChangeRow]
    next_before: UUID | None = Field(examples=[None, _CHANGE_ID])


def statement_page(rows: Sequence[Mapping[str, Any]], limit: int) -> StatementPage:
    """A page of postings. Each account's first is its version 1: nothing comes before."""
    postings = [PostingRow(**row) for row in rows]
    before = next_before(postings, limit, lambda posting: posting.version)
    return StatementPage(postings=postings, next_before=None if before == 1 else before)


async def explain(
    session: AsyncSession, program_id: UUID, account_id: UUID, version: int
) -> PostingExplained:
    """The posting, its reason and its sentences. Raises `PostingUnknown`."""
    found = await find_posting(session, program_id, account_id, version)
    if found is None:
        raise PostingUnknown("No such posting for this member.")
    unit = unit_of(found["wallet"], found["wallet_name"])
    sentences = sentences_of(found["points"], found["reason"], unit)
    return PostingExplained(**found, sentences=sentences)


async def lot_changes_page(
    session: AsyncSession,
    who: Member | Staff,
    account_id: UUID,
    version: int,
    before: UUID | None,
    limit: int,
) -> LotChangePage:
    """What happened to the lot that the posting made. Raises `PostingUnknown`."""
    if await find_posting(session, who.program_id, account_id, version) is None:
        raise PostingUnknown("No such posting for this member.")
    rows = await list_lot_changes(session, who.program_id, account_id, version, before, limit)
    changes = [_change(row, is_staff=isinstance(who, Staff)) for row in rows]
    return LotChangePage(
        changes=changes, next_before=next_before(changes, limit, lambda change: change.change_id)
    )


def _change(row: Mapping[str, Any], *, is_staff: bool) -> LotChangeRow:
    reason = row["reason"]
    return LotChangeRow(
        change_id=row["change_id"],
        kind=row["kind"],
        rule=reason.get("rule"),
        has_new_end="after" in reason,
        before=reason.get("before"),
        after=reason.get("after"),
        recorded_at=row["recorded_at"],
        reason=reason if is_staff else None,
    )
