"""Tills: registered by staff, known by the key with which they sign."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.membership.api.directory.directory import get_thing, put_one
from services.membership.api.directory.shops import ShopCode
from services.membership.api.once import once
from services.membership.api.pages import Cursor, Limit, after, next_cursor
from services.membership.api.principals import scope_of, settings_of
from services.membership.domain.directory.directory import TillWanted
from services.membership.domain.directory.directory_plan import DirectoryWanted
from services.membership.domain.directory.errors import ThingUnknown
from services.membership.queries.directory.directory import find_till, list_tills
from services.membership.usecases.directory.rotate_till_key import rotate_till_key
from shared.auth import Staff, derive_till_secret, require_role
from shared.http.depends import CurrentStaff, IdempotencyKey, Now, Tx
from shared.http.fields import Strict, TillId

router = APIRouter(prefix="/v1/shops/{code}/tills", tags=["tills"])
TillPath = Annotated[TillId, Path(examples=["T1"])]
_TILL: JsonDict = {
    "shop_id": "0199f3a2-c1d0-7b7e-8000-000000000003",
    "shop": "s367",
    "till_id": "T1",
    "key_version": 1,
    "previous_key_until": None,
    "is_active": True,
    "revision": 1,
}


class TillRequest(Strict):
    """A till to register, switch on or switch off."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_active": True}]})

    is_active: bool = True


class TillAnswer(BaseModel):
    """A till. It signs with `key_version`; the version before is good until its instant."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TILL]})

    shop_id: UUID
    shop: str
    till_id: str
    key_version: int
    previous_key_until: datetime | None
    is_active: bool
    revision: int


class TillPage(BaseModel):
    """Tills of a shop in order of id."""

    items: list[TillAnswer]
    next: str | None = Field(
        description="cursor of the next page; null on the last", examples=[None, "VDE"]
    )


class TillSecret(BaseModel):
    """What the till signs with, to be typed into it once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "program_id": "0199f3a2-c1d0-7b7e-8000-000000000001",
                    "shop_id": "0199f3a2-c1d0-7b7e-8000-000000000003",
                    "till_id": "T1",
                    "key_version": 1,
                    "secret": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                }
            ]
        }
    )

    program_id: UUID
    shop_id: UUID
    till_id: str
    key_version: int
    secret: str


async def _get(session: Tx, staff: Staff, code: str, till_id: str) -> dict[str, Any]:
    shop = await get_thing(session, "shop", staff, code)
    found = await find_till(session, staff.program_id, shop["shop_id"], till_id)
    if found is None:
        raise ThingUnknown("No such till.")
    return found


@router.put("/{till_id}", summary="Register or switch a till", response_model=TillAnswer)
async def put_till(
    code: ShopCode, till_id: TillPath, body: TillRequest, staff: CurrentStaff, session: Tx, now: Now
) -> Any:
    """Idempotent: the same content makes no new revision. Role: directory."""
    await get_thing(session, "shop", staff, code)
    wanted = TillWanted(code, till_id, body.is_active)
    await put_one(session, now, staff, DirectoryWanted(tills=(wanted,)))
    return await _get(session, staff, code, till_id)


@router.get("", summary="List a shop's tills", response_model=TillPage)
async def get_tills(
    code: ShopCode, staff: CurrentStaff, session: Tx, limit: Limit = 100, cursor: Cursor = None
) -> Any:
    """The shop's tills in order of id. Role: directory."""
    shop = await get_thing(session, "shop", staff, code)
    place = after(cursor)
    rows = await list_tills(session, staff.program_id, shop["shop_id"], place, limit)
    last = rows[-1]["till_id"] if len(rows) == limit else None
    return {"items": rows, "next": next_cursor(last)}


@router.get("/{till_id}", summary="Read a till", response_model=TillAnswer)
async def get_till(code: ShopCode, till_id: TillPath, staff: CurrentStaff, session: Tx) -> Any:
    """The till as it now is. Role: directory."""
    return await _get(session, staff, code, till_id)


@router.post("/{till_id}/rotate-key", summary="Give a till a new key", response_model=TillAnswer)
async def rotate_key(
    code: ShopCode,
    till_id: TillPath,
    staff: CurrentStaff,
    request: Request,
    session: Tx,
    now: Now,
    idempotency_key: IdempotencyKey,
) -> Any:
    """The next key version signs from now on; the one before stays good for a while (a setting).

    Read the new secret, type it into the till, and nothing is lost in between. Role: directory.
    """
    require_role(staff, "directory")
    overlap = timedelta(hours=settings_of(request).till_key_overlap_hours)
    scope = scope_of(staff)

    async def work() -> TillAnswer:
        await get_thing(session, "shop", staff, code)
        await rotate_till_key(session, now, staff.program_id, scope, code, till_id, overlap)
        return TillAnswer(**await _get(session, staff, code, till_id))

    named = (code, till_id)
    return await once(
        request, session, now, staff, ("rotate_till_key", idempotency_key), named, 200, work
    )


@router.get("/{till_id}/secret", summary="Read a till's secret", response_model=TillSecret)
async def get_secret(
    code: ShopCode, till_id: TillPath, staff: CurrentStaff, request: Request, session: Tx
) -> Any:
    """The secret of the current key version, derived on the spot. Role: admin."""
    require_role(staff, "admin")
    till = await _get(session, staff, code, till_id)
    named = (staff.program_id, till["shop_id"], till_id, till["key_version"])
    deployment_key = settings_of(request).deployment_key.get_secret_value()
    return TillSecret(
        program_id=staff.program_id,
        shop_id=till["shop_id"],
        till_id=till_id,
        key_version=till["key_version"],
        secret=derive_till_secret(deployment_key, *named),
    )
