"""What callers of points may see and do."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.errors import MemberUnknown, OutOfScope
from services.points.storage.receipts.directory import find_mall_of
from shared.auth import Member, RoleMissing, Staff, require_role, require_whole

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
    """A member reads their own things; staff need the role, and see all of a member: members are
    of the whole programme. Others' things are not there."""
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
    require_whole(staff, role)


def check_may_read_rules(staff: Staff, *roles: str) -> None:
    """Raise `RoleMissing` without any of the roles; it names them all, and as `role` the first, so
    give the one that may least. Who states rules must see what stands, and who looks at what
    became of them by which rule it did."""
    if not {"admin", *roles} & staff.roles:
        named = " or ".join(map(repr, roles))
        raise RoleMissing(f"This needs the role {named}.", role=roles[0])


def check_place(staff: Staff, mall_id: UUID | None, shop_id: UUID | None = None) -> None:
    """Raise `OutOfScope` unless the caller's rights include the mall, or the shop of it."""
    if not staff.covers(mall_id, shop_id):
        raise OutOfScope("This lies outside of your malls and shops.")


async def require_shop(staff: Staff, role: str, session: AsyncSession, shop_id: UUID) -> None:
    """Raise unless the caller has the role, for the mall that the shop is in or for the shop."""
    require_role(staff, role)
    if not staff.is_whole:
        check_place(staff, await find_mall_of(session, staff.program_id, shop_id), shop_id)
