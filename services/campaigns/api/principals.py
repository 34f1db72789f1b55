"""From who is calling to what they may touch here."""

from uuid import UUID

from services.campaigns.domain.directory.errors import MallOutOfScope, MemberUnknown
from shared.auth import Member, RoleMissing, Staff

CAMPAIGNS = "campaigns"
DESK = "desk"


def require_reader(staff: Staff) -> None:
    """Marketing or a desk may read campaigns, gifts and grants. Raises `RoleMissing`."""
    if not {CAMPAIGNS, DESK, "admin"} & staff.roles:
        raise RoleMissing("This needs the role 'campaigns' or 'desk'.", role=CAMPAIGNS)


def require_mall(staff: Staff, mall_id: UUID) -> None:
    """The desk must be in a mall of the caller's. Raises `MallOutOfScope`."""
    if staff.mall_ids is not None and mall_id not in staff.mall_ids:
        raise MallOutOfScope("You do not work at a desk of this mall.")


def require_self_or_reader(who: Member | Staff, member_id: UUID) -> None:
    """Members see themselves; others are as unknown to them as nobody."""
    if isinstance(who, Staff):
        require_reader(who)
    elif who.member_id != member_id:
        raise MemberUnknown("No such member.")
