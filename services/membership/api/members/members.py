"""A member: record, tier, and the code on the phone's screen."""

from datetime import date, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.membership.api.principals import (
    keys_of,
    may_see_personal_data,
    require_self_or_desk,
    settings_of,
)
from services.membership.domain.members.errors import MemberUnknown
from services.membership.domain.members.identities import mask_identity
from services.membership.queries.members.members import MemberView, find_member
from services.membership.queries.tiers.tier_progress import TierProgress, find_tier_progress
from shared.auth import Member, Staff, make_member_code
from shared.http.depends import CurrentMember, MemberOrStaff, Now, Tx

router = APIRouter(prefix="/v1/members", tags=["members"])
_ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"


class IdentityAnswer(BaseModel):
    """One of a member's identities; masked unless the caller may see personal data."""

    identity_id: UUID
    type: str = Field(examples=["phone"])
    value: str = Field(examples=["+86138****8000"])
    verified_at: datetime | None


class Profile(BaseModel):
    """What the member's receipts add up to. Refunds lower the spend and are no visits."""

    visits: int
    spend_minor: int
    first_purchase_at: datetime | None
    last_purchase_at: datetime | None


class MemberAnswer(BaseModel):
    """A member. `name` and `birthday` are shown to the member and to roles that may see them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": _ID,
                    "member_number": "482913750264",
                    "enrolled_at": "2026-03-10T12:00:00Z",
                    "channel": "mini_program",
                    "locale": "zh-CN",
                    "home_mall_id": None,
                    "tier": "silver",
                    "tier_since": "2026-04-01T06:30:00Z",
                    "phone": "+86138****8000",
                    "name": "王小明",
                    "birthday": "1990-05-20",
                    "profile": {
                        "visits": 12,
                        "spend_minor": 245_000,
                        "first_purchase_at": "2026-03-10T12:30:00Z",
                        "last_purchase_at": "2026-06-01T10:00:00Z",
                    },
                    "identities": [],
                }
            ]
        }
    )

    member_id: UUID
    member_number: str
    enrolled_at: datetime
    channel: str
    locale: str
    home_mall_id: UUID | None
    tier: str
    tier_since: datetime
    phone: str | None
    name: str | None
    birthday: date | None
    profile: Profile
    identities: list[IdentityAnswer]


class TierStepAnswer(BaseModel):
    """From `since` until the next step the member held `tier`."""

    tier: str
    since: datetime
    cause: str = Field(examples=["spend"], description="enrolled|spend|validity_ended")


class NextTier(BaseModel):
    """The tier above, and what is missing to it now, in minor units."""

    code: str
    name: str
    threshold_minor: int
    gap_minor: int


class TierAnswer(BaseModel):
    """A member's tier; `credit_minor` is the spend in the window that ends now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": _ID,
                    "tier": "silver",
                    "since": "2026-04-01T06:30:00Z",
                    "valid_until": "2027-06-01T16:00:00Z",
                    "version": 1,
                    "window_days": 365,
                    "credit_minor": 245_000,
                    "next_tier": {
                        "code": "gold",
                        "name": "金卡 Gold",
                        "threshold_minor": 300_000,
                        "gap_minor": 55_000,
                    },
                    "timeline": [
                        {"tier": "member", "since": "2026-03-10T12:00:00Z", "cause": "enrolled"},
                        {"tier": "silver", "since": "2026-04-01T06:30:00Z", "cause": "spend"},
                    ],
                }
            ]
        }
    )

    member_id: UUID
    tier: str
    since: datetime
    valid_until: datetime | None = Field(description="null for the tier of everybody")
    version: int
    window_days: int
    credit_minor: int
    next_tier: NextTier | None
    timeline: list[TierStepAnswer]


class CodeAnswer(BaseModel):
    """What the member's phone shows as a QR code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "AGM7HIWB2B5X5AAAAAAAAAAABJUZ5GY2VJ5Q3P6WQ4C3R2JZ7K4A",
                    "expires_at": "2026-03-10T12:01:00Z",
                }
            ]
        }
    )

    code: str
    expires_at: datetime


@router.get("/{member_id}", summary="Read a member")
async def get_member(
    member_id: UUID, who: MemberOrStaff, request: Request, session: Tx
) -> MemberAnswer:
    """The member themselves, or staff with role members; phones are masked.

    Role members.pii shows phones, name and birthday in the clear.
    """
    require_self_or_desk(who, member_id)
    view = await find_member(session, who.program_id, keys_of(request, who.program_id), member_id)
    if view is None:
        raise MemberUnknown("No such member.")
    return _answer(view, who)


def _answer(view: MemberView, who: Member | Staff) -> MemberAnswer:
    in_clear = may_see_personal_data(who)
    shows_name = in_clear or isinstance(who, Member)

    def shown(kind: str, value: str) -> str:
        return value if in_clear else mask_identity(kind, value)

    return MemberAnswer(
        member_id=view.member_id,
        member_number=view.member_number,
        enrolled_at=view.enrolled_at,
        channel=view.channel,
        locale=view.locale,
        home_mall_id=view.home_mall_id,
        tier=view.tier,
        tier_since=view.tier_since,
        phone=None if view.phone is None else shown("phone", view.phone),
        name=view.name if shows_name else None,
        birthday=view.birthday if shows_name else None,
        profile=Profile(
            visits=view.visits,
            spend_minor=view.spend_minor,
            first_purchase_at=view.first_purchase_at,
            last_purchase_at=view.last_purchase_at,
        ),
        identities=[
            IdentityAnswer(
                identity_id=i.identity_id,
                type=i.type,
                value=shown(i.type, i.value),
                verified_at=i.verified_at,
            )
            for i in view.identities
        ],
    )


@router.get("/{member_id}/tier", summary="Read a member's tier")
async def get_tier(member_id: UUID, who: MemberOrStaff, session: Tx, now: Now) -> TierAnswer:
    """Tier, how it came about, and what is missing to the next. The member, or role members.

    The purchase that lifts a member still counts at the lower tier; the new one holds after it.
    """
    require_self_or_desk(who, member_id)
    progress = await find_tier_progress(session, now, who.program_id, member_id)
    if progress is None:
        raise MemberUnknown("No such member.")
    return _tier(progress)


def _tier(progress: TierProgress) -> TierAnswer:
    above, gap_minor = progress.next_tier, progress.gap_minor
    return TierAnswer(
        member_id=progress.member_id,
        tier=progress.tier,
        since=progress.since,
        valid_until=progress.valid_until,
        version=progress.version,
        window_days=progress.window_days,
        credit_minor=progress.credit_minor,
        next_tier=None
        if above is None or gap_minor is None
        else NextTier(
            code=above.code,
            name=above.name,
            threshold_minor=above.threshold_minor,
            gap_minor=gap_minor,
        ),
        timeline=[
            TierStepAnswer(tier=i.tier, since=i.since, cause=i.cause) for i in progress.timeline
        ],
    )


@router.post("/{member_id}/code", summary="Get a code to show at a till")
async def make_code(member_id: UUID, who: CurrentMember, request: Request, now: Now) -> CodeAnswer:
    """A signed code, good for a minute: a till or desk reads from it who stands there."""
    if who.member_id != member_id:
        raise MemberUnknown("No such member.")
    settings = settings_of(request)
    # The code holds whole seconds, so its end is told in whole seconds.
    ends_at = (now + timedelta(seconds=settings.member_code_seconds)).replace(microsecond=0)
    code = make_member_code(
        settings.deployment_key.get_secret_value(),
        who.program_id,
        member_id,
        int(ends_at.timestamp()),
    )
    return CodeAnswer(code=code, expires_at=ends_at)
