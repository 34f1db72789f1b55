"""Access tokens that are refused before they end, for staff."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, status
from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.config import JsonDict

from services.membership.api.principals import MEMBERS, scope_of, settings_of
from services.membership.domain.directory.errors import OutOfScope
from services.membership.usecases.access.revoke_tokens import Holder, revoke_tokens
from shared.auth import Staff, require_role
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Strict

router = APIRouter(prefix="/v1/token-revocations", tags=["tokens"])
ADMIN = "admin"
_REVOCATION: JsonDict = {"holder": "member", "id": "0199f3a2-c1d0-7b7e-8000-000000000001"}


class RevocationRequest(Strict):
    """Whose tokens. `client`: the `client_id`, with the tokens of members that it vouched for;
    `member`: the member id; `token`: the `jti` of one token; `subject`: the `sub` that an outside
    provider puts into its tokens."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REVOCATION]})

    holder: Holder
    id: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]


class RevocationAnswer(BaseModel):
    """Tokens issued until `revoked_at` are refused; none of them lives to `forgotten_at`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_REVOCATION,
                    "revoked_at": "2026-03-10T12:00:00Z",
                    "forgotten_at": "2026-03-10T12:15:00Z",
                }
            ]
        }
    )

    holder: Holder
    id: str
    revoked_at: datetime
    forgotten_at: datetime


@router.post("", status_code=status.HTTP_201_CREATED, summary="Revoke tokens")
async def post_revocation(
    body: RevocationRequest, staff: CurrentStaff, request: Request, session: Tx, now: Now
) -> RevocationAnswer:
    """Every service answers 401 `token_revoked` to these tokens within seconds.

    Tokens that are issued later are good: to keep somebody out, disable the client too. Doing it
    again only moves `revoked_at`. Role: `members` for a member's tokens, else `admin` of the whole
    programme.
    """
    _require_right(staff, body.holder)
    lifetime = settings_of(request).token_lifetime_max
    await revoke_tokens(session, now, staff.program_id, body.holder, body.id, lifetime)
    return RevocationAnswer(
        holder=body.holder, id=body.id, revoked_at=now, forgotten_at=now + lifetime
    )


def _require_right(staff: Staff, holder: Holder) -> None:
    if holder == "member":
        require_role(staff, MEMBERS)
        return
    require_role(staff, ADMIN)
    if not scope_of(staff).is_whole:
        raise OutOfScope("Clients belong to the whole programme.")
