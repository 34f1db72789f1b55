"""From who is calling to what they may touch here."""

from datetime import datetime
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.directory.directory import Scope, check_till
from services.membership.domain.directory.directory import Till as RegisteredTill
from services.membership.domain.directory.errors import TillUnknown
from services.membership.domain.members.errors import MemberUnknown
from services.membership.domain.members.sealing import ProgramKeys
from services.membership.queries.directory.directory import find_till
from services.membership.settings import MembershipSettings
from shared.auth import Member, Service, Staff, Till, require_role
from shared.http.depends import runtime_of

FRONT_END = "front_end"
MEMBERS = "members"


def settings_of(request: Request) -> MembershipSettings:
    """Membership's settings."""
    settings = runtime_of(request).settings
    assert isinstance(settings, MembershipSettings)
    return settings


def keys_of(request: Request, program_id: UUID) -> ProgramKeys:
    """The keys of the programme's personal data."""
    return settings_of(request).program_keys(program_id)


def scope_of(staff: Staff) -> Scope:
    """The malls and shops that the token names."""
    return Scope(staff.mall_ids, staff.shop_ids)


def require_member_desk(who: Staff | Service) -> None:
    """Staff of a desk, or a front end that members trust."""
    require_role(who, MEMBERS if isinstance(who, Staff) else FRONT_END)


def require_self_or_desk(who: Member | Staff, member_id: UUID) -> None:
    """Members see themselves; others are as unknown to them as nobody."""
    if isinstance(who, Staff):
        require_role(who, MEMBERS)
    elif who.member_id != member_id:
        raise MemberUnknown("No such member.")


def may_see_personal_data(who: Member | Staff | Service) -> bool:
    """The role for phone numbers in the clear."""
    return isinstance(who, Staff) and bool({"members.pii", "admin"} & who.roles)


async def require_registered(session: AsyncSession, till: Till, now: datetime) -> RegisteredTill:
    """The till that signed, if this programme has it in use with that key."""
    row = await find_till(session, till.program_id, till.shop_id, till.till_id)
    if row is None:
        raise TillUnknown("No such till is registered.")
    row.pop("shop")
    registered = RegisteredTill(**row)
    check_till(registered, till.key_version, now)
    return registered
