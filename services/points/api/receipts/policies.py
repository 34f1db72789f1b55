"""How points are earned: versions that staff add and nobody changes."""

from fastapi import APIRouter

from services.points.api.paging import AfterVersion, PageSize
from services.points.api.principals import POLICY, READ, check_may_read_rules
from services.points.api.receipts.policy_models import PolicyIn, PolicyOut
from services.points.domain.receipts.earning import Policy
from services.points.domain.receipts.withdrawals import Withdrawal
from services.points.queries.receipts.policies import list_policies
from services.points.usecases.receipts.set_earning_policy import set_earning_policy
from shared.auth import require_whole
from shared.http.depends import CurrentStaff, Now, Tx

router = APIRouter(prefix="/v1/earning-policies", tags=["Earning policies"])


@router.post("", summary="Add a version", status_code=201)
async def add_policy(body: PolicyIn, staff: CurrentStaff, session: Tx, now: Now) -> PolicyOut:
    """In force from `effective_from` until a later version starts. Role: points.policy."""
    require_whole(staff, POLICY)
    spec = body.model_dump(mode="json", exclude={"effective_from"})
    policy = await set_earning_policy(
        session, now, staff.program_id, body.effective_from, spec, staff.subject
    )
    return _out(policy)


@router.get("", summary="All versions")
async def read_policies(
    staff: CurrentStaff, session: Tx, after: AfterVersion = -1, limit: PageSize = 200
) -> list[PolicyOut]:
    """Oldest first, the built-in one (version 0) and those that were withdrawn included; pass the
    last one's version as `after` for more. Role: points.policy or points.read."""
    check_may_read_rules(staff, READ, POLICY)
    found = await list_policies(session, staff.program_id)
    return [_out(*one) for one in found if one[0].version > after][:limit]


def _out(policy: Policy, withdrawal: Withdrawal | None = None) -> PolicyOut:
    stated = {
        **policy.spec,
        "version": policy.version,
        "policy_id": policy.policy_id,
        "effective_from": policy.effective_from,
        "withdrawn": None if withdrawal is None else withdrawal._asdict(),
    }
    return PolicyOut.model_validate(stated)
