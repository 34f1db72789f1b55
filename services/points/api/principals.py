"""What callers of points may see and do."""

from uuid import UUID

from services.points.domain.errors import MemberUnknown
from shared.auth import Member, Staff, require_role

READ = "points.read"
ADJUST = "points.adjust"
CHECK = "points.check"
CASES = "points.cases"
MERGE = "points.merge"
POLICY = "points.policy"
DESK = "desk"


def check_may_read(who: Member | Staff, member_id: UUID) -> None:
    """A member reads their own things; staff need the role. Others' things are not there."""
    if isinstance(who, Staff):
        require_role(who, READ)
    elif who.member_id != member_id:
        raise MemberUnknown("No such member in this programme.")


def check_is_self(who: Member, member_id: UUID) -> None:
    """What only the member may do. Others' things are not there."""
    if who.member_id != member_id:
        raise MemberUnknown("No such member in this programme.")
