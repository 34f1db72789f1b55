"""What callers of points may see and do."""

from uuid import UUID

from services.points.domain.errors import MemberUnknown
from shared.auth import Member, Staff, require_role

READ = "points.read"
ADJUST = "points.adjust"
POLICY = "points.policy"
DESK = "desk"


def check_may_read(who: Member | Staff, member_id: UUID) -> None:
    """A member reads their own things; staff need the role. Others' things are not there."""
    if isinstance(who, Staff):
        require_role(who, READ)
    elif who.member_id != member_id:
        raise MemberUnknown("No such member in this programme.")
