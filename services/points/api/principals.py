"""What callers of points may see and do."""

from uuid import UUID

from services.points.domain.ledger.errors import MemberUnknown, WholeProgrammeOnly
from shared.auth import Member, Staff, require_role

READ = "points.read"
ADJUST = "points.adjust"
CHECK = "points.check"
CASES = "points.cases"
MERGE = "points.merge"
POLICY = "points.policy"
DESK = "desk"
ACTIVITIES = "points.activities"
FINANCE = "points.finance"
IMPORT = "points.import"


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


def require_finance(staff: Staff, role: str = FINANCE) -> None:
    """Who sees or moves the books as a whole: with the role, and for the whole programme."""
    require_role(staff, role)
    if staff.mall_ids is not None or staff.shop_ids is not None:
        raise WholeProgrammeOnly("This shows all malls of the programme; your rights do not.")
