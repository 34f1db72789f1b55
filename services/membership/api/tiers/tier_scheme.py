"""Which tiers there are, and from which spend."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.membership.api.directory.directory import DIRECTORY
from services.membership.api.principals import scope_of
from services.membership.domain.directory.errors import OutOfScope, ThingUnknown
from services.membership.domain.tiers.tiers import Tier, TierScheme
from services.membership.storage.tiers.tier_schemes import list_schemes
from services.membership.usecases.tiers.put_tier_scheme import put_tier_scheme
from shared.auth import require_role
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code, Name, Strict

router = APIRouter(prefix="/v1/tier-scheme", tags=["tiers"])
_SCHEME: JsonDict = {
    "window_days": 365,
    "validity_days": 365,
    "tiers": [
        {"code": "member", "name": "会员 Member", "rank": 0, "threshold_minor": 0},
        {"code": "silver", "name": "银卡 Silver", "rank": 1, "threshold_minor": 150_000},
        {"code": "gold", "name": "金卡 Gold", "rank": 2, "threshold_minor": 300_000},
        {"code": "diamond", "name": "钻石 Diamond", "rank": 3, "threshold_minor": 600_000},
    ],
}


class TierItem(Strict):
    """A tier, held from this spend in the window on."""

    code: Code
    name: Name
    rank: int = Field(ge=0, le=19)
    threshold_minor: int = Field(ge=0, le=10**12)


class TierSchemeRequest(Strict):
    """The programme's tiers, lowest first: ranks 0, 1, 2, … and rising thresholds from 0."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SCHEME]})

    window_days: int = Field(ge=1, le=3_660, description="spend of this many days counts")
    validity_days: int = Field(
        365, ge=1, le=3_660, description="a tier is held this long after it was last earned"
    )
    tiers: Annotated[list[TierItem], Field(min_length=1, max_length=20)]


class TierSchemeAnswer(BaseModel):
    """The newest tiers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1, **_SCHEME}]})

    version: int
    window_days: int
    validity_days: int
    tiers: list[TierItem]


@router.put("", summary="Say which tiers there are")
async def put_scheme(
    body: TierSchemeRequest, staff: CurrentStaff, session: Tx, now: Now
) -> TierSchemeAnswer:
    """Idempotent: the same content makes no new version. Role: directory, without a scope.

    The first version rules the past too; a later one judges what is bought from now on. A tier may
    be added, renamed or given another threshold, but never taken away.
    """
    require_role(staff, DIRECTORY)
    if not scope_of(staff).is_whole:
        raise OutOfScope("Tiers belong to the whole programme.")
    tiers = [Tier(t.code, t.name, t.rank, t.threshold_minor) for t in body.tiers]
    scheme = await put_tier_scheme(
        session, now, staff.program_id, body.window_days, body.validity_days, tiers
    )
    return _answer(scheme)


@router.get("", summary="Read the tiers")
async def get_scheme(staff: CurrentStaff, session: Tx) -> TierSchemeAnswer:
    """The newest tiers. Role: directory."""
    require_role(staff, DIRECTORY)
    schemes = await list_schemes(session, staff.program_id)
    if not schemes:
        raise ThingUnknown("The programme has no tiers yet.")
    return _answer(schemes[-1])


def _answer(scheme: TierScheme) -> TierSchemeAnswer:
    return TierSchemeAnswer(
        version=scheme.version,
        window_days=scheme.window_days,
        validity_days=scheme.validity_days,
        tiers=[
            TierItem(code=t.code, name=t.name, rank=t.rank, threshold_minor=t.threshold_minor)
            for t in scheme.tiers
        ],
    )
